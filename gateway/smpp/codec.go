package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// ErrUnknownCommand is a command_id that SMPP 3.4 does not have, or that no session here serves.
var ErrUnknownCommand = errors.New("smpp: unknown command_id")

// FieldError says which field of a PDU cannot be written or read, and why.
type FieldError struct {
	Command CommandID
	Field   string // the specification's name
	Reason  string
	Status  Status // what a peer that sent it is answered
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("smpp: %s: %s %s", e.Command, e.Field, e.Reason)
}

// fieldStatus is the status that names a field, for the fields that have one of their own.
func fieldStatus(field string) Status {
	switch field {
	case "source_addr":
		return StatusInvSource
	case "destination_addr":
		return StatusInvDest
	case "service_type":
		return StatusInvServiceType
	case "system_id":
		return StatusInvSystemID
	case "password":
		return StatusInvPassword
	case "system_type":
		return StatusInvSystemType
	case "message_id":
		return StatusInvMessageID
	case "schedule_delivery_time":
		return StatusInvSchedule
	case "validity_period":
		return StatusInvValidity
	case "number_of_dests":
		return StatusInvNumDests
	case "dl_name":
		return StatusInvDistList
	}
	return StatusInvMsgLen
}

func fieldError(field, reason string) error {
	return &FieldError{Field: field, Reason: reason, Status: fieldStatus(field)}
}

const headerLen = 16

// Append writes the whole frame of p behind b. It fails with a *FieldError when a field does not fit its place on the wire,
// and then gives b back as it was. A PDU that a field's zero value fills allocates nothing beyond b's growth.
func Append(b []byte, h Header, p PDU) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Command()))
	b = binary.BigEndian.AppendUint32(b, uint32(h.Status))
	b = binary.BigEndian.AppendUint32(b, h.Sequence)
	out, err := p.appendBody(b)
	if err != nil {
		var fe *FieldError
		if errors.As(err, &fe) {
			fe.Command = p.Command()
		}
		return b[:start], err
	}
	binary.BigEndian.PutUint32(out[start:], uint32(len(out)-start))
	return out, nil
}

// Decode reads the body of a frame whose header was h; it keeps nothing of body. It fails with a *FieldError, or with
// ErrUnknownCommand.
func Decode(h Header, body []byte) (PDU, error) {
	r := newFields(h, body)
	// The four that come with every message are called by their types, so that r stays off the heap: two allocations each.
	switch h.ID {
	case SubmitSMID:
		m := &SubmitSM{}
		m.decodeBody(&r)
		return m, r.failed(h.ID)
	case SubmitSMRespID:
		m := &SubmitSMResp{}
		m.decodeBody(&r)
		return m, r.failed(h.ID)
	case DeliverSMID:
		m := &DeliverSM{}
		m.decodeBody(&r)
		return m, r.failed(h.ID)
	case DeliverSMRespID:
		m := &DeliverSMResp{}
		m.decodeBody(&r)
		return m, r.failed(h.ID)
	}
	p := newPDU(h.ID)
	if p == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknownCommand, h.ID)
	}
	rare := r
	p.decodeBody(&rare)
	return p, rare.failed(h.ID)
}

func newPDU(id CommandID) PDU {
	switch id {
	case EnquireLinkID:
		return &EnquireLink{}
	case EnquireLinkRespID:
		return &EnquireLinkResp{}
	case GenericNackID:
		return &GenericNack{}
	case BindTransceiverID, BindTransmitterID, BindReceiverID:
		return &Bind{Mode: id}
	case BindTransceiverRespID, BindTransmitterRespID, BindReceiverRespID:
		return &BindResp{Mode: id &^ responseBit}
	case UnbindID:
		return &Unbind{}
	case UnbindRespID:
		return &UnbindResp{}
	case OutbindID:
		return &Outbind{}
	case DataSMID:
		return &DataSM{}
	case DataSMRespID:
		return &DataSMResp{}
	case QuerySMID:
		return &QuerySM{}
	case QuerySMRespID:
		return &QuerySMResp{}
	case CancelSMID:
		return &CancelSM{}
	case CancelSMRespID:
		return &CancelSMResp{}
	case ReplaceSMID:
		return &ReplaceSM{}
	case ReplaceSMRespID:
		return &ReplaceSMResp{}
	case SubmitMultiID:
		return &SubmitMulti{}
	case SubmitMultiRespID:
		return &SubmitMultiResp{}
	case AlertNotificationID:
		return &AlertNotification{}
	}
	return nil
}

// fields reads a body from front to back; the first thing amiss stands in err, and all reads after it give zeros.
type fields struct {
	octets  []byte
	text    string // octets again
	at      int
	refused bool // the header's status is an error: an SMSC may leave the body out (SMPP §4.4.2)
	err     *FieldError
}

func newFields(h Header, body []byte) fields {
	own := bytes.Clone(body)
	r := fields{octets: own, refused: h.Status != StatusOK}
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

// cstring reads up to the NUL. Lengths beyond the specification's are let through: real SMSCs send them.
func (r *fields) cstring(field string) string {
	if !r.more() {
		r.fail(field, "is missing: the body ends before it", StatusInvCmdLen)
		return ""
	}
	i := strings.IndexByte(r.text[r.at:], 0)
	if i < 0 {
		r.fail(field, "has no NUL at its end", fieldStatus(field))
		return ""
	}
	s := r.text[r.at : r.at+i]
	r.at += i + 1
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

func (r *fields) address(field string) Address {
	return Address{TON: r.octet(field), NPI: r.octet(field), Addr: r.cstring(field)}
}

func (r *fields) message() []byte {
	n := int(r.octet("sm_length"))
	if n > len(r.octets)-r.at {
		r.fail("sm_length", "is longer than what is left of the body", StatusInvMsgLen)
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
		*err = fieldError(field, fmt.Sprintf("is longer than %d octets", size-1))
		return b
	}
	if strings.IndexByte(s, 0) >= 0 {
		*err = fieldError(field, "has a NUL inside")
		return b
	}
	return append(append(b, s...), 0)
}

// appendText writes sm_length and short_message.
func appendText(b []byte, err *error, text []byte) []byte {
	if *err == nil && len(text) > maxText {
		*err = fieldError("short_message", fmt.Sprintf("is longer than %d octets", maxText))
	}
	return append(append(b, uint8(len(text))), text...)
}

func appendAddress(b []byte, err *error, field string, a Address, size int) []byte {
	return appendCString(append(b, a.TON, a.NPI), err, field, a.Addr, size)
}
