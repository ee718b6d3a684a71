package sms

import (
	"errors"
	"fmt"
	"unicode/utf16"

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

// Open takes the user data header off. It fails with ErrUDH on a length beyond the message, an element that does not fit,
// or a part number that is 0 or above its total.
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
		switch {
		case id == ieConcat8 && len(data) == 3:
			c = Concat{Ref: uint16(data[0]), Total: data[1], Seq: data[2]}
		case id == ieConcat16 && len(data) == 4:
			c = Concat{Ref: uint16(data[0])<<8 | uint16(data[1]), Total: data[2], Seq: data[3]}
		case id == ieConcat8 || id == ieConcat16:
			return nil, Concat{}, fmt.Errorf("%w: element %d has %d octets", ErrUDH, id, len(data))
		default:
			continue
		}
		if c.Seq == 0 || c.Seq > c.Total {
			return nil, Concat{}, fmt.Errorf("%w: part %d of %d", ErrUDH, c.Seq, c.Total)
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

// Text reads octets of one data_coding (SMPP 3.4 §5.2.19). It fails with ErrDataCoding on binary and on character sets
// that no phone in Vietnam sends. What cannot be read within a text becomes U+FFFD.
func Text(dataCoding byte, b []byte) (string, error) {
	switch {
	case dataCoding == 0:
		return alphabet.decode(b), nil
	case dataCoding == 1 || dataCoding == 3: // IA5 is the lower half of Latin-1
		return string(pdutext.Latin1(b).Decode()), nil
	case dataCoding == 8:
		return decodeUCS2(b), nil
	case dataCoding >= 0x10 && dataCoding < 0x40: // GSM 03.38 general data coding: a message class, flash among them
		switch dataCoding >> 2 & 3 {
		case 0:
			return alphabet.decode(b), nil
		case 2:
			return decodeUCS2(b), nil
		}
	case dataCoding&0xF4 == 0xF0: // data coding and message class, default alphabet
		return alphabet.decode(b), nil
	}
	return "", fmt.Errorf("%w: 0x%02X", ErrDataCoding, dataCoding)
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
