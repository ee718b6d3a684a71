package smpp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unsafe"
)

// fields reads a body from front to back; the first thing amiss stands in err, and all reads after it give zeros.
type fields struct {
	octets  []byte
	text    string // octets again
	at      int
	refused bool // the header's status is an error: an SMSC may leave the body out (SMPP §4.4.2)
	strict  bool // sizes are held to the specification's
	err     *FieldError
}

// newFields: what an ESME asks for is held to the specification's sizes, as a real SMSC does, and refused by the field's
// own status. What an SMSC tells is not: a receipt or a resident's text is worth more than the rule, and so is an id.
func newFields(h Header, body []byte) fields {
	own := bytes.Clone(body)
	r := fields{octets: own, refused: h.Status != StatusOK, strict: h.ID.asksSMSC()}
	if len(own) > 0 {
		// The strings of a PDU share its one copy of the body, which nobody writes to again: one allocation for them all.
		r.text = unsafe.String(&own[0], len(own))
	}
	return r
}

// failed gives what was amiss, as an error; nil when nothing was.
func (r *fields) failed(id CommandID) error {
	if r.err == nil {
		return nil
	}
	r.err.Command = id
	return r.err
}

func (r *fields) fail(field, reason string, s Status) {
	if r.err == nil {
		r.err = &FieldError{Field: field, Reason: reason, Status: s}
	}
	r.at = len(r.octets)
}

func (r *fields) more() bool { return r.err == nil && r.at < len(r.octets) }

func (r *fields) octet(field string) uint8 {
	if !r.more() {
		r.fail(field, "is missing: the body ends before it", StatusInvCmdLen)
		return 0
	}
	r.at++
	return r.octets[r.at-1]
}

func (r *fields) uint32(field string) uint32 {
	if r.err != nil || len(r.octets)-r.at < 4 {
		r.fail(field, "is missing: the body ends before it", StatusInvCmdLen)
		return 0
	}
	r.at += 4
	return binary.BigEndian.Uint32(r.octets[r.at-4:])
}

// cstring reads up to the NUL; size is the field's, with the NUL.
func (r *fields) cstring(field string, size int) string {
	if !r.more() {
		r.fail(field, "is missing: the body ends before it", StatusInvCmdLen)
		return ""
	}
	i := strings.IndexByte(r.text[r.at:], 0)
	if i < 0 {
		r.fail(field, "has no NUL at its end", fieldStatus(field))
		return ""
	}
	if r.strict && i >= size {
		r.fail(field, longerThan(size-1), fieldStatus(field))
		return ""
	}
	s := r.text[r.at : r.at+i]
	r.at += i + 1
	return s
}

// timeText reads a time, which is 1 or 17 octets with the NUL and nothing in between (SMPP §7.1.1).
func (r *fields) timeText(field string) string {
	s := r.cstring(field, timeSize)
	if r.strict && s != "" && len(s) != timeSize-1 {
		r.fail(field, notATime, fieldStatus(field))
		return ""
	}
	return s
}

// lastCString reads the only string of a response. Refusals come without it, and some SMSCs forget its NUL; the id is
// worth more than the rule.
func (r *fields) lastCString() string {
	if !r.more() {
		return ""
	}
	rest := r.text[r.at:]
	if i := strings.IndexByte(rest, 0); i >= 0 {
		r.at += i + 1
		return rest[:i]
	}
	r.at = len(r.octets)
	return rest
}

func (r *fields) address(field string, size int) Address {
	return Address{TON: r.octet(field), NPI: r.octet(field), Addr: r.cstring(field, size)}
}

func (r *fields) message() []byte {
	n := int(r.octet("sm_length"))
	if n > len(r.octets)-r.at {
		r.fail("sm_length", "is longer than what is left of the body", StatusInvMsgLen)
	}
	if r.strict && n > maxText {
		r.fail("short_message", longerThan(maxText), StatusInvMsgLen)
	}
	if r.err != nil || n == 0 {
		return nil
	}
	m := r.octets[r.at : r.at+n : r.at+n]
	r.at += n
	return m
}

func (r *fields) tlvs(few TLVs) TLVs {
	t := few
	for r.more() {
		rest := r.octets[r.at:]
		if len(rest) < 4 {
			r.fail("TLV", "is cut off", StatusInvTLVStream)
			return nil
		}
		tag, n := Tag(binary.BigEndian.Uint16(rest)), int(binary.BigEndian.Uint16(rest[2:]))
		if n > len(rest)-4 {
			r.fail("TLV "+tag.Hex(), "is longer than what is left of the body", StatusInvTLVLen)
			return nil
		}
		if r.strict && !fits(tag, n) {
			r.err, r.at = tlvSizeError(tag, n), len(r.octets)
			return nil
		}
		t = append(t, TLV{Tag: tag, Value: rest[4 : 4+n : 4+n]})
		r.at += 4 + n
	}
	if len(t) == 0 {
		return nil
	}
	return t
}

// appendCString writes s and its NUL; size is the field's, with the NUL.
func appendCString(b []byte, err *error, field, s string, size int) []byte {
	if *err != nil {
		return b
	}
	if len(s) >= size {
		*err = fieldError(field, longerThan(size-1))
		return b
	}
	if strings.IndexByte(s, 0) >= 0 {
		*err = fieldError(field, "has a NUL inside")
		return b
	}
	return append(append(b, s...), 0)
}

func longerThan(octets int) string { return fmt.Sprintf("is longer than %d octets", octets) }

const notATime = "is neither empty nor 16 octets"

// appendTime writes a time; see timeText.
func appendTime(b []byte, err *error, field, s string) []byte {
	if *err == nil && s != "" && len(s) != timeSize-1 {
		*err = fieldError(field, notATime)
	}
	return appendCString(b, err, field, s, timeSize)
}

// appendText writes sm_length and short_message.
func appendText(b []byte, err *error, text []byte) []byte {
	if *err == nil && len(text) > maxText {
		*err = fieldError("short_message", longerThan(maxText))
	}
	return append(append(b, uint8(len(text))), text...)
}

func appendAddress(b []byte, err *error, field string, a Address, size int) []byte {
	return appendCString(append(b, a.TON, a.NPI), err, field, a.Addr, size)
}
