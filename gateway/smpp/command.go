package smpp

import "fmt"

// CommandID says what a PDU is (SMPP §5.1.2.1). The top bit marks a response.
type CommandID uint32

// The operations of SMPP 3.4.
const (
	GenericNackID         CommandID = 0x80000000
	BindReceiverID        CommandID = 0x00000001
	BindReceiverRespID    CommandID = 0x80000001
	BindTransmitterID     CommandID = 0x00000002
	BindTransmitterRespID CommandID = 0x80000002
	QuerySMID             CommandID = 0x00000003
	QuerySMRespID         CommandID = 0x80000003
	SubmitSMID            CommandID = 0x00000004
	SubmitSMRespID        CommandID = 0x80000004
	DeliverSMID           CommandID = 0x00000005
	DeliverSMRespID       CommandID = 0x80000005
	UnbindID              CommandID = 0x00000006
	UnbindRespID          CommandID = 0x80000006
	ReplaceSMID           CommandID = 0x00000007
	ReplaceSMRespID       CommandID = 0x80000007
	CancelSMID            CommandID = 0x00000008
	CancelSMRespID        CommandID = 0x80000008
	BindTransceiverID     CommandID = 0x00000009
	BindTransceiverRespID CommandID = 0x80000009
	OutbindID             CommandID = 0x0000000B
	EnquireLinkID         CommandID = 0x00000015
	EnquireLinkRespID     CommandID = 0x80000015
	SubmitMultiID         CommandID = 0x00000021
	SubmitMultiRespID     CommandID = 0x80000021
	AlertNotificationID   CommandID = 0x00000102
	DataSMID              CommandID = 0x00000103
	DataSMRespID          CommandID = 0x80000103
)

const responseBit CommandID = 0x80000000

// Response is the command_id that answers id.
func (id CommandID) Response() CommandID { return id | responseBit }

// IsResponse tells a response, generic_nack among them, from a request.
func (id CommandID) IsResponse() bool { return id&responseBit != 0 }

func (id CommandID) String() string {
	switch id {
	case GenericNackID:
		return "generic_nack"
	case BindReceiverID:
		return "bind_receiver"
	case BindTransmitterID:
		return "bind_transmitter"
	case QuerySMID:
		return "query_sm"
	case SubmitSMID:
		return "submit_sm"
	case DeliverSMID:
		return "deliver_sm"
	case UnbindID:
		return "unbind"
	case ReplaceSMID:
		return "replace_sm"
	case CancelSMID:
		return "cancel_sm"
	case BindTransceiverID:
		return "bind_transceiver"
	case OutbindID:
		return "outbind"
	case EnquireLinkID:
		return "enquire_link"
	case SubmitMultiID:
		return "submit_multi"
	case AlertNotificationID:
		return "alert_notification"
	case DataSMID:
		return "data_sm"
	}
	if request := id &^ responseBit; id.IsResponse() && request.known() {
		return request.String() + "_resp"
	}
	return fmt.Sprintf("command 0x%08X", uint32(id))
}

// known tells whether id is an operation of SMPP 3.4, whether or not a session here serves it.
func (id CommandID) known() bool {
	switch id &^ responseBit {
	case BindReceiverID, BindTransmitterID, QuerySMID, SubmitSMID, DeliverSMID, UnbindID, ReplaceSMID, CancelSMID,
		BindTransceiverID, EnquireLinkID, SubmitMultiID, DataSMID:
		return true
	}
	return id == GenericNackID || id == OutbindID || id == AlertNotificationID
}

// asksSMSC tells the requests that only an ESME makes.
func (id CommandID) asksSMSC() bool {
	switch id {
	case BindReceiverID, BindTransmitterID, BindTransceiverID, QuerySMID, SubmitSMID, SubmitMultiID, ReplaceSMID, CancelSMID:
		return true
	}
	return false
}
