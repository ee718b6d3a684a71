package sms

import (
	"strings"
	"testing"
)

// The tables of GSM 03.38 §6.2.1 and §6.2.1.1, septet by septet; 0x1B is the escape.
const (
	basicTable = "@£$¥èéùìòÇ\nØø\rÅå" + "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ" + " !\"#¤%&'()*+,-./" + "0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNO" + "PQRSTUVWXYZÄÖÑÜ§" + "¿abcdefghijklmno" + "pqrstuvwxyzäöñüà"
	extensions = "\f\x0a^\x14{\x28}\x29\\\x2f[\x3c~\x3d]\x3e|\x40€\x65"
)

func TestTheAlphabetIsTheStandards(t *testing.T) {
	septet := byte(0)
	for _, r := range basicTable {
		if r != escape {
			if got := encode(string(r), GSM7); len(got) != 1 || got[0] != septet {
				t.Errorf("%q is encoded as % x, the table has %02x", r, got, septet)
			}
			if got := alphabet.decode([]byte{septet}); got != string(r) {
				t.Errorf("%02x is read as %q, the table has %q", septet, got, r)
			}
		}
		septet++
	}
	if septet != 128 {
		t.Fatalf("the table has %d septets", septet)
	}
	known := strings.Count(basicTable, "") - 2
	pairs := []rune(extensions)
	for i := 0; i < len(pairs); i += 2 {
		known++
		if got := encode(string(pairs[i]), GSM7); len(got) != 2 || got[0] != escape || got[1] != byte(pairs[i+1]) {
			t.Errorf("%q is encoded as % x, the table has 1b %02x", pairs[i], got, pairs[i+1])
		}
		if got := alphabet.decode([]byte{escape, byte(pairs[i+1])}); got != string(pairs[i]) {
			t.Errorf("1b %02x is read as %q, the table has %q", pairs[i+1], got, pairs[i])
		}
	}
	if len(alphabet.octets) != known {
		t.Errorf("the alphabet has %d characters, the tables have %d", len(alphabet.octets), known)
	}
}
