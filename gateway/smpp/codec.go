package smpp

import (
	"encoding/binary"
	"errors"
	"fmt"
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
	if h.Status != StatusOK && saysNothing(p) {
		binary.BigEndian.PutUint32(b[start:], headerLen)
		return b, nil
	}
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

// saysNothing tells the refusals that go without their body: bind_resp and submit_sm_resp (SMPP §4.1.2, §4.4.2), unless
// there is something in it.
func saysNothing(p PDU) bool {
	switch p := p.(type) {
	case *BindResp:
		return p.SystemID == "" && len(p.TLVs) == 0
	case *SubmitSMResp:
		return p.MessageID == "" && len(p.TLVs) == 0
	}
	return false
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
