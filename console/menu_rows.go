package console

import (
	"net/url"
	"strconv"
	"strings"

	"canhgiac/ivr"
)

// menuRow is one choice of a question in its form.
type menuRow struct {
	ivr.Offer
	Problem string // a key of the catalogs: what is wrong with it, and what to do
}

// readRows reads the choices in the order of the form, one of them moved where its button was pressed.
func readRows(f url.Values, d *menuEditData) ([]menuRow, error) {
	was, key, says := f["was"], f["key"], f["says"]
	if len(was) == 0 || len(was) != len(key) || len(was) != len(says) {
		return nil, errBadForm
	}
	var rows []menuRow
	for i := range was {
		rows = append(rows, menuRow{Offer: ivr.Offer{Was: was[i], Key: key[i], Says: oneLine(says[i])}})
	}
	way, n, is := moveOf(d.Moved, "")
	if !is {
		d.Moved = ""
		return rows, nil
	}
	rows, to := moved(rows, way, n)
	d.MovedTo = to + 1
	d.Moved = way + "-" + strconv.Itoa(to)
	switch { // at the end of the way its button is gone: the other one takes the keyboard
	case to == 0:
		d.Moved = "down-0"
	case to == len(rows)-1:
		d.Moved = "up-" + strconv.Itoa(to)
	}
	return rows, nil
}

// wrongRows marks what no menu can be made of, and says whether there is any.
func wrongRows(rows []menuRow) (wrong bool) {
	had := map[string]int{}
	for i := range rows {
		row := &rows[i]
		if row.Fixed() {
			row.Key = row.Was
		}
		had[row.Key]++
	}
	for i := range rows {
		switch row := &rows[i]; {
		case row.Says == "":
			row.Problem = "menu.keys.unsaid"
		case !row.Fixed() && (len(row.Key) != 1 || !strings.Contains("123456789", row.Key)):
			row.Problem = "menu.keys.none"
		case had[row.Key] > 1:
			row.Problem = "menu.keys.same"
		}
		wrong = wrong || rows[i].Problem != ""
	}
	return wrong
}

// moveOf reads a button that moves a row: "up-2", or "down-dang_ky-0" of one list among several.
func moveOf(do, list string) (way string, n int, is bool) {
	way, rest, _ := strings.Cut(do, "-")
	if list != "" {
		if rest, is = strings.CutPrefix(rest, list+"-"); !is {
			return "", 0, false
		}
	}
	n, err := strconv.Atoi(rest)
	return way, n, err == nil && (way == "up" || way == "down")
}

// moved is a list with its row n one place further, and where that row is now.
func moved[T any](list []T, way string, n int) ([]T, int) {
	to := n + map[string]int{"up": -1, "down": 1}[way]
	if n < 0 || n >= len(list) || to < 0 || to >= len(list) {
		return list, max(0, min(n, len(list)-1))
	}
	list[n], list[to] = list[to], list[n]
	return list, to
}
