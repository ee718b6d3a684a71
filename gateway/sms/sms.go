// Package sms turns text into the parts a phone network carries, and back: GSM-7 or UCS-2, không dấu, the count to pay.
package sms

import "errors"

// Encoding is how a text's characters are carried.
type Encoding uint8

// The two encodings, by their SMPP data_coding.
const (
	GSM7 Encoding = 0 // GSM 03.38 default alphabet, one septet an octet, as SMPP carries it
	UCS2 Encoding = 8 // UTF-16BE
)

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

// Concat places a part in its text. The zero value is a text of one part.
type Concat struct {
	Ref        uint16
	Total, Seq uint8 // Seq counts from 1
}

// Unaccent writes s without Vietnamese marks (không dấu).
func Unaccent(s string) string { return s }

// Normalise cleans s for sending: NFC, plain spaces and quotes, nothing invisible.
func Normalise(s string) string { return s }

// Measure tells what text costs; it equals what Split gives.
func Measure(text string) Size { return Size{} }

// Split cuts text into parts that share ref, never inside a character.
func Split(text string, ref uint16) ([]Part, error) { return nil, errors.ErrUnsupported }

// Decode reads an inbound message's octets.
func Decode(dataCoding byte, udhi bool, shortMessage []byte) (text string, c Concat, err error) {
	return "", Concat{}, errors.ErrUnsupported
}
