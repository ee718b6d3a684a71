package simulator

import (
	"encoding/binary"
	"strings"
	"time"

	"canhgiac/gateway/sms"
)

// USSD is how the network tells one dialog from another, and where it puts the code that was dialled.
type USSD struct {
	Session Session       `yaml:"session"` // what its_session_info holds
	Code    CodePlace     `yaml:"code"`    // where the code stands when a dialog begins
	Idle    time.Duration `yaml:"idle"`    // a dialog ends when its owner says nothing for so long; absent: 3m
}

// Session is what its_session_info (0x1383, 2 octets) holds, by the gateway's own names of its profiles; "" is standard.
type Session string

const (
	sessionStandard Session = "standard" // a session number, then a sequence number of 7 bits and the end in the last
	sessionDialog   Session = "dialog15" // a vendor's dialog id of 15 bits, then the end
	sessionBare     Session = "bare"     // there is none: a phone has one dialog at a time
)

// UnmarshalText reads standard, dialog15, bare.
func (s *Session) UnmarshalText(b []byte) error {
	return oneOf(s, b, sessionStandard, sessionDialog, sessionBare)
}

// CodePlace is where the code stands; "" is text.
type CodePlace string

const (
	codeInText CodePlace = "text" // as the words; destination_addr has its digits
	codeInDest CodePlace = "dest" // as destination_addr; there are no words
)

// UnmarshalText reads text, dest.
func (p *CodePlace) UnmarshalText(b []byte) error { return oneOf(p, b, codeInText, codeInDest) }

// isCode says that s is what one dials for USSD.
func isCode(s string) bool {
	return len(s) >= 3 && len(s) <= 32 && s[0] == '*' && s[len(s)-1] == '#' && strings.Trim(s, "0123456789*#") == ""
}

// info is its_session_info for d's next turn.
func (d *dialog) info(end bool) []byte {
	last := byte(0)
	if end {
		last = 1
	}
	switch d.profile.Session {
	case sessionBare:
		return nil
	case sessionDialog:
		return binary.BigEndian.AppendUint16(nil, d.id<<1|uint16(last))
	}
	return []byte{byte(d.id), d.seq<<1 | last}
}

// owns says that what the gateway sent belongs to d; last that it says it is the end.
func (d *dialog) owns(info []byte) (owns, last bool) {
	switch {
	case d.profile.Session == sessionBare:
		return true, false
	case len(info) != 2:
		return false, false
	case d.profile.Session == sessionDialog:
		return binary.BigEndian.Uint16(info)>>1 == d.id, info[1]&1 == 1
	}
	return info[0] == byte(d.id), info[1]&1 == 1
}

// screenCoding is the data_coding of SMS that a cell broadcast's coding scheme, which USSD has on the air (3GPP TS 23.038
// §5), stands for.
func screenCoding(coding byte) byte {
	switch {
	case coding == 0x0F: // default alphabet, language unspecified
		return byte(sms.GSM7)
	case coding == 0x48:
		return byte(sms.UCS2)
	}
	return coding
}
