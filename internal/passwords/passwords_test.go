package passwords

import (
	"errors"
	"strings"
	"testing"
)

func TestWhichPasswordsMayBeChosen(t *testing.T) {
	for _, c := range []struct {
		is, password string
		least        int
		want         error
	}{
		{"four words that have nothing to do with each other", "ghế xanh mưa đá", Alone, nil},
		{"the same without marks", "ghe xanh mua da", Alone, nil},
		{"random letters", "k3vqzt7hmw2xnd5y", Alone, nil},
		{"eight random characters beside a factor", "k3vqzt7h", Beside, nil},
		{"eight random characters alone", "k3vqzt7h", Alone, ErrShort},
		{"seven", "k3vqzt7", Beside, ErrShort},
		{"marks do not lengthen: typed as letter and mark it is still 14", "ghe\u0302\u0301 xanh mưa đ", Alone, ErrShort},
		{"sixty-four is allowed", strings.Repeat("gà ăn ", 10) + "nửa", Alone, nil},
		{"two hundred", "ruộng " + strings.Repeat("đồi nắng trâu ", 13) + "chiều về xa", Alone, nil},
		{"more", strings.Repeat("đồi nắng ", 23), Alone, ErrLong},
		{"another script", "ᚠᛇᚻᛒᛦᚦᚠᚱᚩᚠᚢᚱᚠᛁᚱᚪ", Alone, nil},
		{"emoji", "🐔🦆🐟🌾🚲☂️🥭🎣", Beside, nil},
		{"a line break", "ghế xanh\nmưa đá rơi", Alone, ErrForm},
		{"bytes that are no text", "ghe xanh mua \xff\xfe", Alone, ErrForm},
		{"from a breach", "Trustno1", Beside, ErrCommon},
		{"from a breach, dressed up", "Sun-Shine!", Beside, ErrCommon},
		{"from a breach, with a number behind", "Starwars2024", Beside, ErrCommon},
		{"a zigzag of keys", "1q2w3e4r5t6y7u8i", Alone, ErrSimple},
		{"a row", "123456789012345", Alone, ErrSimple},
		{"a row of keys", "qwertyuiopasdfghjkl", Alone, ErrSimple},
		{"a row backwards", "98765432109876543210", Alone, ErrSimple},
		{"one letter", strings.Repeat("a", 20), Alone, ErrSimple},
		{"one word many times", "meomeomeomeomeomeo", Alone, ErrSimple},
		{"two letters in turn", "abababababababa", Alone, ErrSimple},
		{"signs in their row", "!@#$%^&*()", Beside, ErrSimple},
		{"love, with a number behind", "Anh Yêu Em 2026!!", Alone, ErrCommon},
		{"love and luck", "anhyeuemmaimai6868", Alone, ErrWords},
		{"the office and a year", "CongAn@ThanhKhe2026", Alone, ErrWords},
		{"the town", "DaNang@2025", Beside, ErrWords},
		{"the product", "Cảnh giác 2026 cảnh giác", Alone, ErrWords},
		{"one's own name", "Lan.Nguyen1987!", Alone, ErrWords},
		{"one's full name", "Trần Thị Bích Ngọc 90", Alone, ErrWords},
		{"a name among other words", "Ngọc nuôi ba con vịt xiêm", Alone, nil},
	} {
		if err := Check(c.password, c.least, "lan.nguyen", "Trần Thị Bích Ngọc"); !errors.Is(err, c.want) {
			t.Errorf("%s: %q: %v, want %v", c.is, c.password, err, c.want)
		}
	}
}

func TestAPasswordIsTheSameFromEachKeyboard(t *testing.T) {
	if Normal("gh\u1ebf") != Normal("ghe\u0302\u0301") {
		t.Error("one letter and letter with marks differ")
	}
	if Normal("m²") == Normal("m2") {
		t.Error("different characters became one")
	}
}

func TestTheListIsThere(t *testing.T) {
	if len(common) < 17000 || len(officeWords) < 80 {
		t.Errorf("%d common, %d words", len(common), len(officeWords))
	}
	for w := range common {
		if len(w) < Beside {
			t.Errorf("%q is shorter than any password", w)
		}
	}
	for _, w := range officeWords {
		if fold(w) != w || len(w) < 3 {
			t.Errorf("%q is not in small letters without marks", w)
		}
	}
}
