// Package sms turns text into the parts a phone network carries, and back: GSM-7 or UCS-2, không dấu, the count to pay.
//
// A short message has 140 octets of user data: 160 septets of GSM-7 or 70 units of UTF-16. Parts of a longer text give
// some of the octets to a header, by Scheme. On SMPP a septet of data_coding 0 takes a whole octet; the SMSC packs them,
// so the counts are the network's and not those of short_message.
package sms

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding is how a text's characters are carried.
type Encoding uint8

// The two encodings, by their SMPP data_coding.
const (
	GSM7 Encoding = 0 // GSM 03.38 default alphabet, one septet an octet, as SMPP carries it
	UCS2 Encoding = 8 // UTF-16BE
)

func (e Encoding) String() string {
	if e == UCS2 {
		return "ucs2"
	}
	return "gsm7"
}

// ErrTooLong is a text of more than 255 parts.
var ErrTooLong = errors.New("sms: the text has more than 255 parts")

// Size is what a text costs.
type Size struct {
	Encoding Encoding
	Units    int // septets for GSM7, UTF-16 code units for UCS2; headers not counted
	Parts    int // messages to pay for; 0 for an empty text
	PerPart  int // the units that one of these parts can hold
}

// Part is what one submit_sm carries of a text.
type Part struct {
	UDH      []byte // nil when the text fits one part, and where the SMSC writes the header
	Place    Concat // zero when this is the whole text
	Payload  []byte
	Encoding Encoding
	Billed   int // messages to pay for: 1, or more where the SMSC cuts
}

// UserData is what goes into short_message: header and payload. With a header, esm_class must say so.
func (p Part) UserData() []byte {
	if len(p.UDH) == 0 {
		return p.Payload
	}
	return append(append(make([]byte, 0, len(p.UDH)+len(p.Payload)), p.UDH...), p.Payload...)
}

// Measure is what text costs by the default scheme.
func Measure(text string) Size { return UDH.Measure(text) }

// Split cuts text by the default scheme.
func Split(text string, ref uint16) ([]Part, error) { return UDH.Split(text, ref) }

// encodingOf is GSM7 when every character is in its alphabet: UCS2 costs more than twice as much.
func encodingOf(text string) Encoding {
	for _, r := range text {
		if alphabet.septets(r) == 0 {
			return UCS2
		}
	}
	return GSM7
}

// units is what r takes in e.
func (e Encoding) units(r rune) int {
	if e == UCS2 {
		return max(utf16.RuneLen(r), 1)
	}
	return alphabet.septets(r)
}

func encode(text string, e Encoding) []byte {
	if e == GSM7 {
		return alphabet.encode(text)
	}
	b := make([]byte, 0, 2*utf8.RuneCountInString(text))
	for _, r := range text {
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			b = binary.BigEndian.AppendUint16(b, uint16(hi))
			r = lo
		}
		b = binary.BigEndian.AppendUint16(b, uint16(r))
	}
	return b
}
