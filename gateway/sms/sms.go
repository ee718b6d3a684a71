// Package sms turns text into the parts a phone network carries, and back: GSM-7 or UCS-2, không dấu, the count to pay.
//
// A short message has 140 octets of user data: 160 septets of GSM-7 or 70 units of UCS-2. Parts of a longer text give
// 7 of the octets to a header with a 16-bit reference (06 08 04 ref ref total seq), which is 8 septets exactly: 152
// septets or 66 units are left. The 8-bit reference would leave one more, 153 and 67, but only 256 texts could be on
// their way to a phone before two of them are joined into one. On SMPP a septet of data_coding 0 takes a whole octet; the
// SMSC packs them, so the counts are the network's and not those of short_message.
package sms

import (
	"encoding/binary"
	"errors"
	"unicode"
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

// capacity gives the units of a text of one part and of each part of a longer one.
func (e Encoding) capacity() (alone, each int) {
	if e == UCS2 {
		return 70, 66
	}
	return 160, 152
}

const maxParts = 255 // the header counts parts in one octet

// ErrTooLong is a text of more than 255 parts.
var ErrTooLong = errors.New("sms: text needs more than 255 parts")

// Size is what a text costs.
type Size struct {
	Encoding Encoding
	Units    int // septets for GSM7, UTF-16 code units for UCS2; headers not counted
	Parts    int // messages to pay for; 0 for an empty text
	PerPart  int // the units that one of these parts can hold
}

// Part is one short message's user data.
type Part struct {
	UDH      []byte // nil when the text fits one part
	Payload  []byte
	Encoding Encoding
}

// UserData is what goes into short_message: header and payload. With a header, esm_class must say so.
func (p Part) UserData() []byte {
	if len(p.UDH) == 0 {
		return p.Payload
	}
	return append(append(make([]byte, 0, len(p.UDH)+len(p.Payload)), p.UDH...), p.Payload...)
}

// Measure tells what text costs: Parts is the length of what Split gives.
func Measure(text string) Size {
	s := Size{Encoding: encodingOf(text)}
	alone, each := s.Encoding.capacity()
	s.PerPart = alone
	for c := range clusters(text, s.Encoding) {
		s.Units += c.units
	}
	switch {
	case s.Units == 0:
	case s.Units <= alone:
		s.Parts = 1
	default:
		s.PerPart = each
		s.Parts = len(cuts(text, s.Encoding, each))
	}
	return s
}

// Split cuts text into parts that share ref. A part never begins inside an escape pair, a surrogate pair or a combining
// sequence, except one that is longer than a whole part. An empty text has no parts.
func Split(text string, ref uint16) ([]Part, error) {
	size := Measure(text)
	switch {
	case size.Parts == 0:
		return nil, nil
	case size.Parts == 1:
		return []Part{{Payload: encode(text, size.Encoding), Encoding: size.Encoding}}, nil
	case size.Parts > maxParts:
		return nil, ErrTooLong
	}
	parts := make([]Part, size.Parts)
	from := 0
	for i, to := range cuts(text, size.Encoding, size.PerPart) {
		udh := binary.BigEndian.AppendUint16([]byte{6, ieConcat16, 4}, ref)
		parts[i] = Part{
			UDH:      append(udh, uint8(size.Parts), uint8(i+1)),
			Payload:  encode(text[from:to], size.Encoding),
			Encoding: size.Encoding,
		}
		from = to
	}
	return parts, nil
}

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

// cluster is what must stay together.
type cluster struct{ end, units int } // end: the offset in the text where it ends

// clusters walks over text: a character with the marks, joiners and modifiers that belong to it. One that fills more than
// a part on its own comes in pieces.
func clusters(text string, e Encoding) func(yield func(cluster) bool) {
	_, each := e.capacity()
	return func(yield func(cluster) bool) {
		c, joined := cluster{}, false
		for i, r := range text {
			n := e.units(r)
			if c.units > 0 && (!(joined || extends(r)) || c.units+n > each) {
				c.end = i
				if !yield(c) {
					return
				}
				c.units = 0
			}
			c.units += n
			joined = r == zeroWidthJoiner
		}
		if c.units > 0 {
			yield(cluster{end: len(text), units: c.units})
		}
	}
}

const zeroWidthJoiner = '\u200d'

// extends tells a character that changes the one before it: combining marks, variation selectors, skin tones, joiners.
func extends(r rune) bool {
	if r < 0x300 {
		return false
	}
	return unicode.Is(unicode.M, r) || r == zeroWidthJoiner || (r >= 0x1F3FB && r <= 0x1F3FF)
}

// cuts gives the offsets where parts of up to each units end.
func cuts(text string, e Encoding, each int) []int {
	var ends []int
	used, end := 0, 0
	for c := range clusters(text, e) {
		if used+c.units > each {
			ends = append(ends, end)
			used = 0
		}
		used += c.units
		end = c.end
	}
	return append(ends, end)
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
