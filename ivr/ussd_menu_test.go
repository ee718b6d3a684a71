package ivr

import (
	"strings"
	"testing"

	"canhgiac/gateway/sms"
	"canhgiac/ivr/prompts"
)

// TestEveryScreenFits judges with the gateway's own count, at the widest: alone, and shown again behind a wrong key's words.
func TestEveryScreenFits(t *testing.T) {
	m := theMenu(t)
	shown := map[string]bool{m.USSD.Failure: true, m.USSD.WrongNumber: true}
	for _, name := range m.USSD.WrongKey {
		shown[name] = true
	}
	for name, n := range m.USSD.Nodes {
		shown[n.Screen] = true
		page := m.page(name)
		again, _ := repeated(m.wordsBefore(n), page.Widest())
		for _, text := range []string{page.Widest(), again} {
			if size := sms.Measure(text); size.Encoding != sms.GSM7 || size.Units > prompts.ScreenLimit || size.Units != len(text) {
				t.Errorf("%s: %+v: %s", name, size, text)
			}
		}
		if again != page.Widest() {
			for _, key := range page.Offered() {
				if !strings.Contains(again, "\n"+key+". ") && !strings.Contains(again, "\nBam "+key+": ") {
					t.Errorf("%s: shown again, it does not offer %s:\n%s", name, key, again)
				}
			}
		}
	}
	for _, name := range m.words.ScreenNames() {
		if !shown[name] {
			t.Errorf("nobody shows %s", name)
		}
	}
}
