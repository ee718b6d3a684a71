package sms

import (
	"encoding/binary"
	"fmt"
)

// Scheme is how a carrier is given a text that one part does not hold. The zero value is UDH.
type Scheme string

// The schemes, by the words of the configuration.
const (
	UDH     Scheme = "udh"     // a header with an 8-bit reference, as phones write it: 153 septets or 67 units a part
	UDH16   Scheme = "udh16"   // a header with a 16-bit reference: 152 or 66, and 256 times as many texts under way
	SAR     Scheme = "sar"     // sar_msg_ref_num and its fellows (SMPP 3.4 §5.3.2.22): the SMSC writes the header
	Payload Scheme = "payload" // message_payload (§5.3.2.32): one submit_sm, which the SMSC cuts and bills as UDH
)

// Schemes are all of them.
func Schemes() []Scheme { return []Scheme{UDH, UDH16, SAR, Payload} }

// capacity gives the units of a text of one part and of each part of a longer one. SAR leaves room for either header,
// since the SMSC may write the 16-bit one.
func (s Scheme) capacity(e Encoding) (alone, each int) {
	long := s == UDH16 || s == SAR
	switch {
	case e == UCS2 && long:
		return 70, 66
	case e == UCS2:
		return 70, 67
	case long:
		return 160, 152
	}
	return 160, 153
}

// MaxParts is the most that a text may have: the header counts them in one octet.
const MaxParts = 255

// Measure tells what text costs: Parts is the length of what Split gives, or what the SMSC will make of a Payload.
func (s Scheme) Measure(text string) Size {
	size := Size{Encoding: encodingOf(text)}
	alone, each := s.capacity(size.Encoding)
	size.PerPart = alone
	for _, r := range text {
		size.Units += size.Encoding.units(r)
	}
	switch {
	case size.Units == 0:
	case size.Units <= alone:
		size.Parts = 1
	default:
		size.PerPart = each
		size.Parts = len(cuts(text, size.Encoding, each))
	}
	return size
}

// Split cuts text into parts that share ref, of which UDH uses the lower octet. A part never begins inside an escape pair,
// a surrogate pair or what is read as one character, except one that is longer than a whole part. An empty text has no
// parts; one of more than 255 is ErrTooLong.
func (s Scheme) Split(text string, ref uint16) ([]Part, error) {
	size := s.Measure(text)
	switch {
	case size.Parts == 0:
		return nil, nil
	case size.Parts > MaxParts:
		return nil, fmt.Errorf("%w: it has %d", ErrTooLong, size.Parts)
	case size.Parts == 1 || s == Payload:
		return []Part{{Payload: encode(text, size.Encoding), Encoding: size.Encoding, Billed: size.Parts}}, nil
	}
	parts := make([]Part, size.Parts)
	from := 0
	for i, to := range cuts(text, size.Encoding, size.PerPart) {
		place := Concat{Ref: ref, Total: uint8(size.Parts), Seq: uint8(i + 1)}
		if s == UDH || s == "" {
			place.Ref &= 0xFF
		}
		parts[i] = Part{UDH: s.header(place), Place: place, Payload: encode(text[from:to], size.Encoding), Encoding: size.Encoding, Billed: 1}
		from = to
	}
	return parts, nil
}

// header is the user data header of a part, its length first (3GPP TS 23.040 §9.2.3.24).
func (s Scheme) header(at Concat) []byte {
	switch s {
	case SAR:
		return nil
	case UDH16:
		udh := binary.BigEndian.AppendUint16([]byte{6, ieConcat16, 4}, at.Ref)
		return append(udh, at.Total, at.Seq)
	}
	return []byte{5, ieConcat8, 3, uint8(at.Ref), at.Total, at.Seq}
}

// Renumber gives parts another ref: cutting a text once serves all whom it goes to. The schemes keep their header's form.
func Renumber(parts []Part, ref uint16) []Part {
	if len(parts) < 2 {
		return parts
	}
	again := make([]Part, len(parts))
	for i, p := range parts {
		p.Place.Ref = ref
		switch len(p.UDH) {
		case 0:
		case 6:
			p.Place.Ref &= 0xFF
			p.UDH = UDH.header(p.Place)
		default:
			p.UDH = UDH16.header(p.Place)
		}
		again[i] = p
	}
	return again
}
