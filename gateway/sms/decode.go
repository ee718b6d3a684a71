package sms

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/fiorix/go-smpp/smpp/pdu/pdutext"
)

// What Decode finds wrong with an inbound message.
var (
	ErrUDH        = errors.New("sms: malformed user data header")
	ErrDataCoding = errors.New("sms: data_coding is not text")
)

// Concat places a part in its text. The zero value is a text of one part.
type Concat struct {
	Ref        uint16
	Total, Seq uint8 // Seq counts from 1
}

// Decode reads an inbound message's octets. Parts that a phone cut inside a character come out whole only when their
// payloads are joined first: use Open and then Text for those.
func Decode(dataCoding byte, udhi bool, shortMessage []byte) (text string, c Concat, err error) {
	payload, c, err := Open(udhi, shortMessage)
	if err != nil {
		return "", Concat{}, err
	}
	text, err = Text(dataCoding, payload)
	return text, c, err
}

// The information elements that place a part (3GPP TS 23.040 §9.2.3.24.1, §9.2.3.24.8).
const (
	ieConcat8  = 0x00
	ieConcat16 = 0x08
)

// Open takes the user data header off. It fails with ErrUDH on a length beyond the message and on an element that does not
// fit; an element that places the part nowhere is passed over.
func Open(udhi bool, shortMessage []byte) (payload []byte, c Concat, err error) {
	if !udhi {
		return shortMessage, Concat{}, nil
	}
	if len(shortMessage) == 0 || int(shortMessage[0]) >= len(shortMessage) {
		return nil, Concat{}, fmt.Errorf("%w: longer than the message", ErrUDH)
	}
	udh, payload := shortMessage[1:1+int(shortMessage[0])], shortMessage[1+int(shortMessage[0]):]
	for len(udh) > 0 {
		if len(udh) < 2 || int(udh[1]) > len(udh)-2 {
			return nil, Concat{}, fmt.Errorf("%w: an element ends beyond it", ErrUDH)
		}
		id, data := udh[0], udh[2:2+int(udh[1])]
		udh = udh[2+len(data):]
		var place Concat
		switch {
		case id == ieConcat8 && len(data) == 3:
			place = Concat{Ref: uint16(data[0]), Total: data[1], Seq: data[2]}
		case id == ieConcat16 && len(data) == 4:
			place = Concat{Ref: uint16(data[0])<<8 | uint16(data[1]), Total: data[2], Seq: data[3]}
		}
		if place.Seq > 0 && place.Seq <= place.Total { // else the receiver ignores the element (§9.2.3.24.1)
			c = place
		}
	}
	return payload, c, nil
}

// Piece is one part's octets, its header taken off.
type Piece struct {
	DataCoding byte
	Octets     []byte
}

// Join reads the pieces of one text, in their order. Octets are joined before they are read, since phones and SMSCs cut
// between the halves of a surrogate or escape pair.
func Join(pieces []Piece) (string, error) {
	var whole string
	for i := 0; i < len(pieces); {
		coding := pieces[i].DataCoding
		var octets []byte
		for ; i < len(pieces) && pieces[i].DataCoding == coding; i++ {
			octets = append(octets, pieces[i].Octets...)
		}
		text, err := Text(coding, octets)
		if err != nil {
			return "", err
		}
		whole += text
	}
	return whole, nil
}

// Text reads octets of one data_coding (SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4). It fails with ErrDataCoding on binary and on
// character sets that no phone in Vietnam sends. What cannot be read within a text becomes U+FFFD.
func Text(dataCoding byte, b []byte) (string, error) {
	switch {
	case dataCoding == 0:
		return decodeDefault(b), nil
	case dataCoding == 1 || dataCoding == 3: // IA5 is the lower half of Latin-1
		return string(pdutext.Latin1(b).Decode()), nil
	case dataCoding == 8:
		return decodeUCS2(b), nil
	case dataCoding&0xF0 == 0x10 || dataCoding&0xF0 == 0x50: // a message class, flash among them; 0x50: to be deleted once read
		switch dataCoding >> 2 & 3 {
		case 0:
			return decodeDefault(b), nil
		case 2:
			return decodeUCS2(b), nil
		}
	case dataCoding&0xF4 == 0xF0, dataCoding&0xE0 == 0xC0: // message class in the default alphabet; message waiting
		return decodeDefault(b), nil
	case dataCoding&0xF0 == 0xE0: // message waiting, UCS-2
		return decodeUCS2(b), nil
	}
	return "", fmt.Errorf("%w: 0x%02X", ErrDataCoding, dataCoding)
}

// decodeDefault reads "the SMSC's default alphabet", which is GSM-7, an octet for each septet. An octet above 127 shows
// that it is not. Then it is what such SMSCs send instead, the first that fits: UTF-8, Latin-1, or septets packed as on
// the air.
func decodeDefault(b []byte) string {
	high, control := octetsOf(b)
	switch {
	case high && utf8.Valid(b):
		return string(b)
	case high && !control:
		return string(pdutext.Latin1(b).Decode())
	case high:
		if text := alphabet.decode(unpack(b)); ordinary(text) {
			return text
		}
	}
	return alphabet.decode(b)
}

// octetsOf tells whether b has octets above 127, and whether it has those that stand in no text of Latin-1.
func octetsOf(b []byte) (high, control bool) {
	for _, c := range b {
		high = high || c >= 0x80
		control = control || c < ' ' && c != '\n' && c != '\r' && c != '\t' || c >= 0x7F && c < 0xA0
	}
	return high, control
}

// unpack takes septets out of octets (3GPP TS 23.038 §6.1.2.1), without the padding of the last.
func unpack(b []byte) []byte {
	septets := make([]byte, 0, len(b)*8/7)
	bits, n := uint(0), 0
	for _, c := range b {
		bits |= uint(c) << n
		for n += 8; n >= 7; n -= 7 {
			septets = append(septets, byte(bits&0x7F))
			bits >>= 7
		}
	}
	if last := len(septets) - 1; last >= 0 && len(septets)%8 == 0 && (septets[last] == 0 || septets[last] == '\r') {
		septets = septets[:last]
	}
	return septets
}

// ordinary tells a text from octets that were read the wrong way: those hold signs that nobody writes.
func ordinary(text string) bool {
	for _, r := range text {
		if r >= 0x7F || r < ' ' && r != '\n' || strings.ContainsRune("_$;<=>@", r) {
			return false
		}
	}
	return text != ""
}

func decodeUCS2(b []byte) string {
	units := make([]uint16, 0, len(b)/2+1)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, uint16(b[0])<<8|uint16(b[1]))
	}
	if len(b) == 1 {
		units = append(units, 0xFFFD) // half a character
	}
	return string(utf16.Decode(units))
}
