package smpp

import (
	"encoding/binary"

	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"
)

// Tag names an optional parameter (SMPP §5.3.2).
type Tag = pdutlv.Tag

// The tags that sessions, receipts and USSD look at; any other is carried as it came.
const (
	TagReceiptedMessageID = pdutlv.TagReceiptedMessageID
	TagMessageState       = pdutlv.TagMessageStateOption
	TagNetworkErrorCode   = pdutlv.TagNetworkErrorCode
	TagMessagePayload     = pdutlv.TagMessagePayload
	TagSARRefNum          = pdutlv.TagSarMsgRefNum
	TagSARTotal           = pdutlv.TagSarTotalSegments
	TagSARSeq             = pdutlv.TagSarSegmentSeqnum
	TagUSSDServiceOp      = pdutlv.TagUssdServiceOp
	TagITSSessionInfo     = pdutlv.TagItsSessionInfo
	TagMSAvailability     = pdutlv.TagMsAvailabilityStatus
	TagSCInterfaceVersion = Tag(0x0210)
)

// TLV is one optional parameter. Value is the octets as they stand on the wire, a C-string's NUL among them.
type TLV struct {
	Tag   Tag
	Value []byte
}

// TLVs are optional parameters in the order of the wire; a tag may come twice and unknown tags are kept.
type TLVs []TLV

// Get is the first value of tag.
func (t TLVs) Get(tag Tag) ([]byte, bool) {
	for i := range t {
		if t[i].Tag == tag {
			return t[i].Value, true
		}
	}
	return nil, false
}

// Text is the first value of tag as a string, without the NUL that ends it and whatever a peer left behind that.
func (t TLVs) Text(tag Tag) (string, bool) {
	v, ok := t.Get(tag)
	for i, c := range v {
		if c == 0 {
			return string(v[:i]), ok
		}
	}
	return string(v), ok
}

func (t TLVs) append(b []byte) ([]byte, error) {
	for i := range t {
		if len(t[i].Value) > 0xFFFF {
			return b, fieldError("TLV "+t[i].Tag.Hex(), "longer than 65535 octets")
		}
		b = binary.BigEndian.AppendUint16(b, uint16(t[i].Tag))
		b = binary.BigEndian.AppendUint16(b, uint16(len(t[i].Value)))
		b = append(b, t[i].Value...)
	}
	return b, nil
}
