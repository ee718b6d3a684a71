package residents

import (
	"errors"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

func TestParsePhone(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Parsed
		err      error
	}{
		{"ten digits", "0901234567", Parsed{"+84901234567", Mobile, false}, nil},
		{"spaces", " 0376 767 016 ", Parsed{"+84376767016", Mobile, false}, nil},
		{"dots", "0764.056.889", Parsed{"+84764056889", Mobile, false}, nil},
		{"dashes, the long one too", "056-942–8210", Parsed{"+84569428210", Mobile, false}, nil},
		{"no-break spaces", "0376\u00a0767\u00a0016", Parsed{"+84376767016", Mobile, false}, nil},
		{"full-width digits", "０９０１２３４５６７", Parsed{"+84901234567", Mobile, false}, nil},
		{"a spreadsheet's text mark", "'0901234567", Parsed{"+84901234567", Mobile, false}, nil},
		{"plus and country code", "+84359029677", Parsed{"+84359029677", Mobile, false}, nil},
		{"country code without plus", "84827376374", Parsed{"+84827376374", Mobile, false}, nil},
		{"international prefix", "0084 359 029 677", Parsed{"+84359029677", Mobile, false}, nil},
		{"country code and trunk zero", "+84 (0) 901 234 567", Parsed{"+84901234567", Mobile, false}, nil},
		{"lost zero", "885083445", Parsed{"+84885083445", Mobile, false}, nil},
		{"lost zero before the VinaPhone prefix 84 is no country code", "841234567", Parsed{"+84841234567", Mobile, false}, nil},
		{"0900 is MobiFone's", "0900109025", Parsed{"+84900109025", Mobile, false}, nil},
		{"0892 is live though the library refuses it", "0892249125", Parsed{"+84892249125", Mobile, false}, nil},
		{"0552 is live though the library refuses it", "0552000111", Parsed{"+84552000111", Mobile, false}, nil},
		{"eleven digits of before 2018", "01239226196", Parsed{"+84839226196", Mobile, true}, nil},
		{"eleven digits with a lost zero", "1699226196", Parsed{"+84399226196", Mobile, true}, nil},
		{"eleven digits with country code", "+84 120 922 6196", Parsed{"+84709226196", Mobile, true}, nil},
		{"Đà Nẵng landline", "(0236) 2809171", Parsed{"+842362809171", Landline, false}, nil},
		{"landline with country code", "842363324714", Parsed{"+842363324714", Landline, false}, nil},
		{"landline with a lost zero", "2363938636", Parsed{"+842363938636", Landline, false}, nil},
		{"Hà Nội landline", "024 3825 3536", Parsed{"+842438253536", Landline, false}, nil},
		{"from abroad", "+1 202 555 0143", Parsed{"+12025550143", Foreign, false}, nil},
		{"nothing", "", Parsed{}, ErrPhoneMissing},
		{"only space", " \u00a0\t", Parsed{}, ErrPhoneMissing},
		{"words", "không có", Parsed{}, ErrPhoneInvalid},
		{"a formula", "=1+1", Parsed{}, ErrPhoneInvalid},
		{"a short number", "113", Parsed{}, ErrPhoneInvalid},
		{"too short", "0909 12 34", Parsed{}, ErrPhoneInvalid},
		{"too long", "01234567890123", Parsed{}, ErrPhoneInvalid},
		{"zeros", "0000000000", Parsed{}, ErrPhoneInvalid},
		{"a prefix nobody has", "0951234567", Parsed{}, ErrPhoneInvalid},
		{"eleven digits that were never given out", "01111234567", Parsed{}, ErrPhoneInvalid},
		{"an area code nobody has", "02011234567", Parsed{}, ErrPhoneInvalid},
		{"two numbers in a cell", "0901234567/0901234568", Parsed{}, ErrPhoneInvalid},
		{"a number turned into 9.1E+08", "9.1E+08", Parsed{}, ErrPhoneInvalid},
		{"only marks", "-.-", Parsed{}, ErrPhoneInvalid},
		{"a country that is not", "+999 123 456 789", Parsed{}, ErrPhoneInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParsePhone(c.in)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("ParsePhone(%q) = %+v, %v; want %+v, %v", c.in, got, err, c.want, c.err)
			}
		})
	}
}

func TestEveryPrefixOf2018LandsInTodaysTable(t *testing.T) {
	for old, now := range mobiles2018 {
		if _, ok := vietnamKind(now + "1234567"); !ok || len(old) != 3 {
			t.Errorf("0%s becomes 0%s, which the table of prefixes lacks", old, now)
		}
	}
}

func TestWhatOurTableTakesIsPossibleToTheLibrary(t *testing.T) {
	for _, prefix := range strings.Fields(mobilePrefixes + areaCodes + " 24 28") {
		for _, length := range []int{9, 10} {
			nsn := prefix + strings.Repeat("1", length-len(prefix))
			kind, ok := vietnamKind(nsn)
			if !ok {
				continue
			}
			n, err := phonenumbers.Parse("+84"+nsn, "")
			if err != nil || !phonenumbers.IsPossibleNumber(n) {
				t.Errorf("0%s (%s): %v", nsn, kind, err)
			}
		}
	}
}

func TestParsePhoneIsStableOnItsOwnOutput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(
			rapid.StringMatching(`[+0]?(84|0)?[1235789][0-9]{7,10}`),
			rapid.StringMatching(`\+[1-9][0-9]{6,14}`),
			rapid.String(),
		).Draw(t, "number")
		first, err := ParsePhone(s)
		if err != nil {
			return
		}
		for _, again := range []string{string(first.Phone), first.Phone.National(), strings.Join(strings.Split(first.Phone.National(), ""), " ")} {
			second, err := ParsePhone(again)
			if err != nil || second.Phone != first.Phone || second.Kind != first.Kind || second.Converted {
				t.Fatalf("%q -> %+v, then %q -> %+v, %v", s, first, again, second, err)
			}
		}
	})
}

func TestPhoneForms(t *testing.T) {
	for _, c := range []struct{ in, national, masked Phone }{
		{"+84901234567", "0901234567", "090•••4567"},
		{"+842363111222", "02363111222", "023•••1222"},
		{"+12025550143", "+12025550143", "+12•••0143"},
		{"", "", "•••"},
	} {
		if got := c.in.National(); got != string(c.national) {
			t.Errorf("%q.National() = %q", c.in, got)
		}
		if got := c.in.Masked(); got != string(c.masked) {
			t.Errorf("%q.Masked() = %q", c.in, got)
		}
	}
}
