package smpp

import (
	"encoding/binary"
	"fmt"

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
		if !fits(t[i].Tag, len(t[i].Value)) {
			return b, tlvSizeError(t[i].Tag, len(t[i].Value))
		}
		b = binary.BigEndian.AppendUint16(b, uint16(t[i].Tag))
		b = binary.BigEndian.AppendUint16(b, uint16(len(t[i].Value)))
		b = append(b, t[i].Value...)
	}
	return b, nil
}

func fits(tag Tag, octets int) bool {
	least, most := tlvSize(tag)
	return octets >= least && octets <= most
}

func tlvSizeError(tag Tag, octets int) *FieldError {
	return &FieldError{Field: "TLV " + tag.Hex(), Reason: fmt.Sprintf("cannot be of %d octets", octets), Status: StatusInvTLVLen}
}

// tlvSize is how many octets a value may have (SMPP §5.3.2), a C-string's NUL among them. Tags that SMPP 3.4 does not have
// are a vendor's own business.
func tlvSize(tag Tag) (least, most int) {
	switch tag {
	case pdutlv.TagAlertOnMessageDelivery:
		return 0, 0
	case pdutlv.TagDestAddrSubunit, pdutlv.TagDestNetworkType, pdutlv.TagDestBearerType, pdutlv.TagSourceAddrSubunit,
		pdutlv.TagSourceNetworkType, pdutlv.TagSourceBearerType, pdutlv.TagSourceTelematicsID, pdutlv.TagPayloadType,
		pdutlv.TagMsMsgWaitFacilities, pdutlv.TagPrivacyIndicator, pdutlv.TagUserResponseCode, pdutlv.TagLanguageIndicator,
		TagSARTotal, TagSARSeq, TagSCInterfaceVersion, pdutlv.TagCallbackNumPresInd, pdutlv.TagNumberOfMessages,
		pdutlv.TagDpfResult, pdutlv.TagSetDpf, TagMSAvailability, pdutlv.TagDeliveryFailureReason,
		pdutlv.TagMoreMessagesToSend, TagMessageState, TagUSSDServiceOp, pdutlv.TagDisplayTime, pdutlv.TagMsValidity,
		pdutlv.TagItsReplyType:
		return 1, 1
	case pdutlv.TagDestTelematicsID, pdutlv.TagUserMessageReference, pdutlv.TagSourcePort, pdutlv.TagDestinationPort,
		TagSARRefNum, pdutlv.TagSmsSignal, TagITSSessionInfo:
		return 2, 2
	case TagNetworkErrorCode:
		return 3, 3
	case pdutlv.TagQosTimeToLive:
		return 4, 4
	case pdutlv.TagCallbackNum:
		return 4, 19
	case pdutlv.TagSourceSubaddress, pdutlv.TagDestSubaddress:
		return 2, 23
	case TagReceiptedMessageID:
		return 1, 65
	case pdutlv.TagCallbackNumAtag:
		return 0, 65
	case pdutlv.TagAdditionalStatusInfoText:
		return 1, 256
	}
	return 0, 0xFFFF
}
