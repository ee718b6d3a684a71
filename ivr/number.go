package ivr

import (
	"strconv"
	"strings"
	"time"

	"canhgiac/residents"
)

// earliness by which a silence may seem to come too soon: the clocks of two nodes differ, and so do the provider's.
const earliness = time.Second

// endKeyAlone turns a silence into # where it came too soon to be one.
//
// A line that ends a number at # goes on with the next verb when # comes before any digit, as it does after a silence,
// and tells neither (Twilio, <Gather> action). To have every key delivered instead (finishOnKey="") would let a caller
// who has pressed # hear nothing for the silence after a key, and join what is pressed meanwhile to the number. So the
// time tells: silence is not over before the words and the wait for the first digit are.
func (t *turn) endKeyAlone(d *number) error {
	asked, at, err := answered(t.ctx, t.tx, t.c.ID, t.c.Step-1)
	if err != nil {
		return err
	}
	silence := seconds(d.First)
	for _, a := range asked.Actions {
		if a.Gather != nil {
			for _, line := range a.Gather.Play {
				silence += t.h.o.Length(t.c.Voice, line)
			}
		}
	}
	if t.at.Sub(at) < silence-earliness {
		t.in.Kind, t.in.Keys = InputKeys, "#"
	}
	return nil
}

// digits reads a number: * erases what came before, # ends it, # alone says that there is none. Nothing left but * is
// the wish to hear the question again, and 0 alone is the officer's key, pressed by someone who is lost. Keys behind #
// were typed ahead. Whoever presses digits is no lost caller, whatever they are: none of it counts as a failure.
func (t *turn) digits(n *node, typed string) error {
	d := n.Number
	_, t.ahead, _ = strings.Cut(typed, "#")
	t.c.Fails = 0
	number, ended := lastNumber(typed)
	delete(t.c.Fields, "number_begun")
	switch {
	case number == "" && ended:
		t.c.Fields[d.Set] = ""
		return t.enter(d.Skip)
	case number == "":
		return t.ask(n)
	case number == "0":
		return t.enter(t.m.Call.Officer)
	case !keepable(number):
		t.ahead = ""
		t.said = append(t.said, t.m.Call.WrongKey)
		return t.ask(n)
	}
	t.c.Fields[d.Set], t.c.Fields["dem_chu_so"] = number, strconv.Itoa(len(number))
	if err := t.do(d.Do, "#"); err != nil {
		return err
	}
	if !whole(number) {
		return t.enter(d.Odd)
	}
	return t.enter(d.Goto)
}

// lastNumber is what stands behind the last * and before #, and whether # came.
func lastNumber(typed string) (number string, ended bool) {
	keys, _, ended := strings.Cut(typed, "#")
	return keys[strings.LastIndexByte(keys, '*')+1:], ended
}

// longestKept is the most digits of a number that a report keeps: some people put a code before what they saw.
const longestKept = 20

func keepable(number string) bool {
	return len(number) <= longestKept && strings.Trim(number, "0123456789") == ""
}

// whole says whether digits have the length of a number as it is dialled here. It judges no range: numbers are given out
// faster than tables are kept.
func whole(digits string) bool {
	n := len(digits)
	switch head := digits[:min(4, n)]; {
	case n >= 3 && n <= 5: // 113, 5656, 18001
		return true
	case head == "1800", head == "1900":
		return n == 8 || n == 10
	case strings.HasPrefix(digits, "00"): // from abroad: a country's code and its number (E.164)
		return n >= 10 && n <= 17
	case strings.HasPrefix(digits, "02"): // a landline: Hà Nội's and the provinces', the older ones one digit shorter
		return n == 10 || n == 11
	case strings.HasPrefix(digits, "01"): // a mobile of before 2018
		return n == 11
	case strings.HasPrefix(digits, "0"):
		return n == 10
	case strings.HasPrefix(digits, "84"):
		return n == 11 || n == 12
	}
	return false
}

// wholeAsWritten: a plus before it says that a number of any country is meant.
func wholeAsWritten(number string) bool {
	_, err := residents.ParsePhone(number)
	return err == nil && strings.HasPrefix(strings.TrimSpace(number), "+")
}
