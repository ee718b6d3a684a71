package reports

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheCheckDigitCatchesOneWrongDigitAndOneSwap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seven := rapid.StringMatching(`[0-9]{7}`).Draw(t, "digits")
		code := []byte(seven + string('0'+check(seven)))
		if _, err := ParseCode(string(code)); err != nil {
			t.Fatalf("%s is refused", code)
		}
		for i := range code {
			for d := byte('0'); d <= '9'; d++ {
				wrong := bytes.Clone(code)
				wrong[i] = d
				if _, err := ParseCode(string(wrong)); d != code[i] && err == nil {
					t.Fatalf("%s passes for %s", wrong, code)
				}
			}
			if i > 0 && code[i] != code[i-1] {
				swapped := bytes.Clone(code)
				swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
				if _, err := ParseCode(string(swapped)); err == nil {
					t.Fatalf("%s passes for %s", swapped, code)
				}
			}
		}
	})
}

func TestParseCode(t *testing.T) {
	code, err := NewCode(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.ReplaceAll(code, "-", "")
	for is, in := range map[string]string{
		"as given": code, "without the hyphen": bare, "with spaces": " " + bare[:4] + " " + bare[4:] + " ", "in pairs": bare[:2] + "." + bare[2:4] + "." + bare[4:6] + "." + bare[6:],
	} {
		if got, err := ParseCode(in); err != nil || got != code {
			t.Errorf("%s: %q, %v", is, got, err)
		}
	}
	for is, in := range map[string]string{"nothing": "", "too short": bare[:7], "too long": bare + "0", "letters": "2608-O417", "other digits": "２６０８０４１７"} {
		if _, err := ParseCode(in); !errors.Is(err, ErrCode) {
			t.Errorf("%s: %v", is, err)
		}
	}
}

// twice gives the same seven digits two times, then others: the second report must draw again.
func TestACodeInUseIsDrawnAgain(t *testing.T) {
	d := newDesk(t)
	same := []byte{0x12, 0x34, 0x56}
	d.random = bytes.NewReader(append(append(append([]byte{}, same...), same...), 0x65, 0x43, 0x21))
	one := d.save(Draft{Origin: "call", Ref: "1"})
	two := d.save(Draft{Origin: "call", Ref: "2"})
	if one.Code == two.Code {
		t.Errorf("both are %s", one.Code)
	}
}

func TestTheTableOfMoves(t *testing.T) {
	known := map[State]bool{}
	for _, s := range States() {
		known[s] = true
	}
	for _, from := range States() {
		if len(from.Next()) == 0 {
			t.Errorf("%s is a dead end", from)
		}
		for _, to := range from.Next() {
			if !known[to] || to == New {
				t.Errorf("%s may become %s", from, to)
			}
		}
	}
	d := newDesk(t)
	r := d.save(Draft{Origin: "call", Ref: "1", Kind: 1})
	for _, s := range States() { // the database knows the same states
		d.tx(func(tx *sql.Tx) error {
			_, err := tx.Exec(`update reports set state = $1 where id = $2`, string(s), r.ID)
			return err
		})
	}
}
