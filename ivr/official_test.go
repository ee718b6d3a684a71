package ivr

import (
	"strings"
	"testing"
)

var bank = Official{Number: "1900545413", Kind: "ngan_hang", Name: "Ngân hàng A", Plain: "Ngan hang A", Source: "sau thẻ", Seen: "2026-11-23"}

// TestALookalikeOfAnOfficialNumberIsNone: another area, a digit before or behind, a plus and a code; only other ways of dialling
// the very number find its owner.
func TestALookalikeOfAnOfficialNumberIsNone(t *testing.T) {
	b := newBench(t)
	known, err := officials("02363111222", []Official{bank})
	if err != nil {
		t.Fatal(err)
	}
	b.officials = known
	for number, found := range map[string]string{
		"113": foundOfficial, "156": foundOfficial, "5656": foundOfficial, "1900545413": foundOfficial,
		"02363111222": foundOfficial, "842363111222": foundOfficial, "00842363111222": foundOfficial,
		"0113": foundNone, "1130": foundNone, "84113": foundNone, "0236113": foundNone, "02363113": foundNone, "0084113": foundNone,
		"02463111222": foundNone, "0236311122": foundNone, "023631112220": foundNone, "0942363111222": foundNone, "63111222": foundNone,
		"1800545413": foundNone, "01900545413": foundNone, "841900545413": foundNone, "19005454130": foundNone, "56560": foundNone, "05656": foundNone,
	} {
		tx, err := b.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.check(t.Context(), tx, "sms", "+8490100"+number, number)
		_ = tx.Rollback()
		if err != nil || c.found != found {
			t.Errorf("%s: %q of %q, %v; expected %q", number, c.found, c.official.Name, err, found)
		}
	}
}

func TestTwoOwnersOfOneNumberAreRefused(t *testing.T) {
	twin := bank
	twin.Number, twin.Name = "842363111222", "Ngân hàng B"
	if _, err := officials("02363111222", []Official{twin}); err == nil || !strings.Contains(err.Error(), "Công an phường") {
		t.Errorf("the hotline's number as a bank's: %v", err)
	}
}
