package prompts

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// said joins the words of lines in a voice; a gap is a comma.
func said(t interface{ Fatal(...any) }, w *Words, v Voice, lines []string) string {
	var words []string
	for _, name := range lines {
		i := slices.IndexFunc(w.Lines(), func(l Line) bool { return l.Name == name })
		if i < 0 {
			t.Fatal("no line " + name)
		}
		text := w.Lines()[i].In(v)
		if text == "" {
			text = ","
		}
		words = append(words, text)
	}
	return strings.ReplaceAll(strings.Join(words, " "), " ,", ",")
}

// TestValuesAreReadAsPeopleSayThem: the first is the central voice's, the second the northern one's where it differs.
func TestValuesAreReadAsPeopleSayThem(t *testing.T) {
	w := load(t)
	for _, c := range []struct {
		kind       Kind
		value      string
		trung, bac string
	}{
		{KindCount, "0", "không", ""},
		{KindCount, "1", "một", ""},
		{KindCount, "4", "bốn", ""},
		{KindCount, "5", "năm", ""},
		{KindCount, "10", "mười", ""},
		{KindCount, "11", "mười một", ""},
		{KindCount, "14", "mười bốn", ""},
		{KindCount, "15", "mười lăm", ""},
		{KindCount, "20", "hai mươi", ""},
		{KindCount, "21", "hai mươi mốt", ""},
		{KindCount, "24", "hai mươi bốn", "hai mươi tư"},
		{KindCount, "25", "hai mươi lăm", ""},
		{KindCount, "55", "năm mươi lăm", ""},
		{KindCount, "99", "chín mươi chín", ""},
		{KindCount, "100", "một trăm", ""},
		{KindCount, "101", "một trăm lẻ một", "một trăm linh một"},
		{KindCount, "104", "một trăm lẻ bốn", "một trăm linh bốn"},
		{KindCount, "105", "một trăm lẻ năm", "một trăm linh năm"},
		{KindCount, "110", "một trăm mười", ""},
		{KindCount, "115", "một trăm mười lăm", ""},
		{KindCount, "121", "một trăm hai mươi mốt", ""},
		{KindCount, "1000", "một ngàn", "một nghìn"},
		{KindCount, "1005", "một ngàn không trăm lẻ năm", "một nghìn không trăm linh năm"},
		{KindCount, "1050", "một ngàn không trăm năm mươi", "một nghìn không trăm năm mươi"},
		{KindCount, "2026", "hai ngàn không trăm hai mươi sáu", "hai nghìn không trăm hai mươi sáu"},
		{KindCount, "10000", "mười ngàn", "mười nghìn"},
		{KindCount, "100001", "một trăm ngàn không trăm lẻ một", "một trăm nghìn không trăm linh một"},
		{KindMoney, "0", "không đồng", ""},
		{KindMoney, "50000", "năm mươi ngàn đồng", "năm mươi nghìn đồng"},
		{KindMoney, "500000", "năm trăm ngàn đồng", "năm trăm nghìn đồng"},
		{KindMoney, "2500000", "hai triệu năm trăm ngàn đồng", "hai triệu năm trăm nghìn đồng"},
		{KindMoney, "2005000", "hai triệu không trăm lẻ năm ngàn đồng", "hai triệu không trăm linh năm nghìn đồng"},
		{KindMoney, "15000000", "mười lăm triệu đồng", ""},
		{KindMoney, "1000000000", "một tỷ đồng", ""},
		{KindMoney, "1250000000", "một tỷ hai trăm năm mươi triệu đồng", ""},
		{KindMoney, "1000500000", "một tỷ năm trăm ngàn đồng", "một tỷ năm trăm nghìn đồng"},
		{KindMoney, "3000000005", "ba tỷ không trăm lẻ năm đồng", "ba tỷ không trăm linh năm đồng"},
		{KindMoney, "1200000000000", "một ngàn hai trăm tỷ đồng", "một nghìn hai trăm tỷ đồng"},
		{KindDate, "2026-08-01", "ngày mồng một tháng tám năm hai ngàn không trăm hai mươi sáu", "ngày mùng một tháng tám năm hai nghìn không trăm hai mươi sáu"},
		{KindDate, "27/08", "ngày hai mươi bảy tháng tám", ""},
		{KindDate, "10/12", "ngày mồng mười tháng mười hai", "ngày mùng mười tháng mười hai"},
		{KindDate, "24/04", "ngày hai mươi bốn tháng tư", "ngày hai mươi tư tháng tư"},
		{KindDate, "29/02", "ngày hai mươi chín tháng hai", ""},
		{KindClock, "08:00", "tám giờ sáng", ""},
		{KindClock, "11:15", "mười một giờ mười lăm phút trưa", ""},
		{KindClock, "12:00", "mười hai giờ trưa", ""},
		{KindClock, "14:05", "hai giờ năm phút chiều", ""},
		{KindClock, "14:30", "hai giờ rưỡi chiều", ""},
		{KindClock, "19:45", "bảy giờ bốn mươi lăm phút tối", ""},
		{KindClock, "23:59", "mười một giờ năm mươi chín phút đêm", ""},
		{KindClock, "00:00", "mười hai giờ đêm", ""},
		{KindClock, "01:21", "một giờ hai mươi mốt phút sáng", ""},
		{KindCode, "2608-0417", "hai sáu không tám, không bốn một bảy", ""},
		{KindPhone, "0901234567", "không chín không, một hai ba, bốn năm sáu, bảy", ""},
		{KindPhone, "113", "một một ba", ""},
	} {
		lines, err := Say(c.kind, c.value)
		if err != nil {
			t.Errorf("%s %s: %v", c.kind, c.value, err)
			continue
		}
		if c.bac == "" {
			c.bac = c.trung
		}
		for v, want := range map[Voice]string{Central: c.trung, Northern: c.bac} {
			if got := said(t, w, v, lines); got != want {
				t.Errorf("%s %s in %s: %q, expected %q", c.kind, c.value, v, got, want)
			}
		}
	}
}

func TestWhatIsNotOfItsKindIsNotRead(t *testing.T) {
	for k, values := range map[Kind][]string{
		KindPhone: {"", "+8490", "09a"}, KindCode: {"", "-", "26-x"}, KindMoney: {"", "-1", "1.000", "99999999999999999999"},
		KindCount: {"x"}, KindDate: {"", "31/02", "2026-13-01"}, KindClock: {"", "24:00", "8h"}, "loai": {"1"},
	} {
		for _, v := range values {
			if lines, err := Say(k, v); !errors.Is(err, ErrUnspeakable) || (v != "" && strings.Contains(err.Error(), v) && len(v) > 1) {
				t.Errorf("%s %q is read as %v, %v", k, v, lines, err)
			}
		}
	}
	for placeholder, want := range map[string]Kind{"tien": KindMoney, "tien_da_mat": KindMoney, "dem_nguoi": KindCount, "so": KindPhone, "loai": "", "hotline": ""} {
		if k, ok := KindOf(placeholder); k != want || ok != (want != "") {
			t.Errorf("{%s} is of kind %q", placeholder, k)
		}
	}
}

// heard is the other way round: what a listener makes of the words, by the names of the powers alone.
func heard(words []string) int64 {
	value := map[string]int64{"không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9}
	var billions, total, group, unit int64
	for _, word := range words {
		switch word {
		case "mười":
			group, unit = group+10, 0
		case "mươi":
			group, unit = group+10*unit, 0
		case "trăm":
			group, unit = group+100*unit, 0
		case "ngàn", "nghìn":
			total, group, unit = total+1000*(group+unit), 0, 0
		case "triệu":
			total, group, unit = total+1_000_000*(group+unit), 0, 0
		case "tỷ":
			billions, total, group, unit = total+group+unit, 0, 0, 0
		case "lẻ", "linh":
		default:
			unit = value[word]
		}
	}
	return billions*1_000_000_000 + total + group + unit
}

// TestEveryNumberIsHeardAsItIs, and no two are said alike.
func TestEveryNumberIsHeardAsItIs(t *testing.T) {
	w := load(t)
	lines := map[string]Line{}
	for _, l := range w.Lines() {
		lines[l.Name] = l
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.Int64Range(0, 9_999), rapid.Int64Range(0, 999_999_999_999_999), rapid.Custom(func(t *rapid.T) int64 {
			n := rapid.Int64Range(1, 999).Draw(t, "n")
			for range rapid.IntRange(0, 4).Draw(t, "zeros") {
				n *= 1000
			}
			return n
		})).Draw(t, "number")
		for _, v := range Voices() {
			var words []string
			for _, name := range Number(n) {
				l, ok := lines[name]
				if !ok {
					t.Fatalf("%d is read with %q, which is no line", n, name)
				}
				words = append(words, l.In(v))
			}
			if got := heard(words); got != n {
				t.Fatalf("%d is heard as %d: %v", n, got, words)
			}
			for i, word := range words[1:] {
				if word == "mốt" && words[i] != "mươi" || word == "lăm" && words[i] != "mươi" && words[i] != "mười" {
					t.Fatalf("%d: %v", n, words)
				}
			}
		}
	})
	for d := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2028; d = d.AddDate(0, 0, 1) {
		for _, name := range Date(d.Year(), d.Month(), d.Day()) {
			if _, ok := lines[name]; !ok {
				t.Fatalf("%s is read with %q, which is no line", d, name)
			}
		}
	}
	seen := map[string]int{}
	for m := range 24 * 60 {
		all := strings.Join(Clock(m/60, m%60), " ")
		if was, twice := seen[all]; twice {
			t.Fatalf("minute %d is read as minute %d", m, was)
		}
		seen[all] = m
		for _, name := range Clock(m/60, m%60) {
			if _, ok := lines[name]; !ok {
				t.Fatalf("minute %d is read with %q, which is no line", m, name)
			}
		}
	}
}
