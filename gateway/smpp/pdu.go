package smpp

// Header is what opens every frame (SMPP §3.2): the PDU's length is the frame's own business.
type Header struct {
	ID       CommandID
	Status   Status
	Sequence uint32
}

// PDU is the body of one operation. Status and sequence_number stand in its Header.
type PDU interface {
	// Command is the PDU's command_id.
	Command() CommandID
	appendBody(b []byte) ([]byte, error)
	decodeBody(r *fields)
}

// Address is a phone number, short code or sender name with its type of number and numbering plan (SMPP §5.2.5, §5.2.6).
type Address struct {
	TON, NPI uint8
	Addr     string
}

// The types of number and numbering plans that a ward meets.
const (
	TONUnknown       = 0
	TONInternational = 1
	TONNational      = 2
	TONShort         = 3 // "network specific": short codes
	TONAlphanumeric  = 5 // sender names
	NPIUnknown       = 0
	NPIISDN          = 1
)

// esm_class (SMPP §5.2.12).
const (
	ESMClassReceipt = 0x04 // deliver_sm: an SMSC delivery receipt
	ESMClassType    = 0x3C // the bits that hold the message type
	ESMClassUDHI    = 0x40 // the user data begins with a header
)

// registered_delivery (SMPP §5.2.17).
const (
	ReceiptNever   = 0
	ReceiptAlways  = 1
	ReceiptFailure = 2
)

// Bind asks for a session (SMPP §4.1). Mode is BindTransceiverID, BindTransmitterID or BindReceiverID.
type Bind struct {
	Mode             CommandID
	SystemID         string // at most 15 octets
	Password         string // at most 8 octets
	SystemType       string // at most 12 octets
	InterfaceVersion uint8  // 0x34
	AddrTON, AddrNPI uint8
	AddressRange     string // at most 40 octets
}

// BindResp answers a Bind; Mode is the request's.
type BindResp struct {
	Mode     CommandID
	SystemID string
	TLVs     TLVs
}

// Outbind is an SMSC's wish that the ESME bind (SMPP §4.1.7).
type Outbind struct{ SystemID, Password string }

// Unbind ends a session (SMPP §4.2).
type Unbind struct{}

// UnbindResp answers an Unbind.
type UnbindResp struct{}

// GenericNack answers what cannot be answered otherwise (SMPP §4.3).
type GenericNack struct{}

// EnquireLink asks whether the peer still lives (SMPP §4.11).
type EnquireLink struct{}

// EnquireLinkResp answers an EnquireLink.
type EnquireLinkResp struct{}

// SubmitSM gives the SMSC one short message (SMPP §4.4).
type SubmitSM struct {
	ServiceType        string
	Source, Dest       Address
	ESMClass           uint8
	ProtocolID         uint8
	Priority           uint8
	Schedule           string // empty for at once
	Validity           string // empty for the SMSC's own; see TimeText
	RegisteredDelivery uint8
	ReplaceIfPresent   uint8
	DataCoding         uint8
	DefaultMsgID       uint8
	ShortMessage       []byte // at most 254 octets; longer goes in TagMessagePayload
	TLVs               TLVs

	// Ref is the sender's bookkeeping. It never leaves the process.
	Ref int64

	few [3]TLV // room for the TLVs of most messages and receipts, so that decoding allocates no slice for them
}

// SubmitSMResp carries the SMSC's id of the message. Many SMSCs send no body when they refuse.
type SubmitSMResp struct {
	MessageID string
	TLVs      TLVs
}

// DeliverSM brings a message from a phone, or a receipt (SMPP §4.6). Its fields are submit_sm's, octet for octet.
type DeliverSM SubmitSM

// Text is the message's octets, wherever the SMSC put them: short_message or message_payload.
func (m *DeliverSM) Text() []byte {
	if len(m.ShortMessage) == 0 {
		if v, ok := m.TLVs.Get(TagMessagePayload); ok {
			return v
		}
	}
	return m.ShortMessage
}

// UDHI says that Text begins with a user data header.
func (m *DeliverSM) UDHI() bool { return m.ESMClass&ESMClassUDHI != 0 }

// DeliverSMResp answers a DeliverSM. SMPP 3.4 leaves MessageID empty.
type DeliverSMResp struct {
	MessageID string
	TLVs      TLVs
}

// DataSM is deliver_sm and submit_sm in one short form (SMPP §4.7); its text stands in TagMessagePayload.
type DataSM struct {
	ServiceType        string
	Source, Dest       Address
	ESMClass           uint8
	RegisteredDelivery uint8
	DataCoding         uint8
	TLVs               TLVs
}

// DataSMResp answers a DataSM.
type DataSMResp struct {
	MessageID string
	TLVs      TLVs
}

// QuerySM asks what became of a message (SMPP §4.8).
type QuerySM struct {
	MessageID string
	Source    Address
}

// QuerySMResp answers a QuerySM.
type QuerySMResp struct {
	MessageID string
	FinalDate string
	State     uint8
	ErrorCode uint8
}

// CancelSM takes a message back (SMPP §4.9).
type CancelSM struct {
	ServiceType  string
	MessageID    string
	Source, Dest Address
}

// CancelSMResp answers a CancelSM.
type CancelSMResp struct{}

// ReplaceSM puts another text and other terms in place of a message's that has not been delivered (SMPP §4.10). It has no
// data_coding: the text is in the first message's.
type ReplaceSM struct {
	MessageID          string
	Source             Address // as the message's own
	Schedule           string
	Validity           string
	RegisteredDelivery uint8
	DefaultMsgID       uint8
	ShortMessage       []byte // at most 254 octets
}

// ReplaceSMResp answers a ReplaceSM.
type ReplaceSMResp struct{}

// AlertNotification says that a phone can be reached again (SMPP §4.12). Nothing answers it.
type AlertNotification struct {
	Source, ESME Address
	TLVs         TLVs
}

// Command gives the PDU's command_id.
func (m *Bind) Command() CommandID { return m.Mode }

// Command gives the PDU's command_id.
func (m *BindResp) Command() CommandID { return m.Mode.Response() }

// Command gives the PDU's command_id.
func (*Outbind) Command() CommandID { return OutbindID }

// Command gives the PDU's command_id.
func (*Unbind) Command() CommandID { return UnbindID }

// Command gives the PDU's command_id.
func (*UnbindResp) Command() CommandID { return UnbindRespID }

// Command gives the PDU's command_id.
func (*GenericNack) Command() CommandID { return GenericNackID }

// Command gives the PDU's command_id.
func (*EnquireLink) Command() CommandID { return EnquireLinkID }

// Command gives the PDU's command_id.
func (*EnquireLinkResp) Command() CommandID { return EnquireLinkRespID }

// Command gives the PDU's command_id.
func (*SubmitSM) Command() CommandID { return SubmitSMID }

// Command gives the PDU's command_id.
func (*SubmitSMResp) Command() CommandID { return SubmitSMRespID }

// Command gives the PDU's command_id.
func (*DeliverSM) Command() CommandID { return DeliverSMID }

// Command gives the PDU's command_id.
func (*DeliverSMResp) Command() CommandID { return DeliverSMRespID }

// Command gives the PDU's command_id.
func (*DataSM) Command() CommandID { return DataSMID }

// Command gives the PDU's command_id.
func (*DataSMResp) Command() CommandID { return DataSMRespID }

// Command gives the PDU's command_id.
func (*QuerySM) Command() CommandID { return QuerySMID }

// Command gives the PDU's command_id.
func (*QuerySMResp) Command() CommandID { return QuerySMRespID }

// Command gives the PDU's command_id.
func (*CancelSM) Command() CommandID { return CancelSMID }

// Command gives the PDU's command_id.
func (*CancelSMResp) Command() CommandID { return CancelSMRespID }

// Command gives the PDU's command_id.
func (*ReplaceSM) Command() CommandID { return ReplaceSMID }

// Command gives the PDU's command_id.
func (*ReplaceSMResp) Command() CommandID { return ReplaceSMRespID }

// Command gives the PDU's command_id.
func (*AlertNotification) Command() CommandID { return AlertNotificationID }
