package smpp

import (
	"fmt"

	"github.com/fiorix/go-smpp/smpp/pdu"
)

// Status is a command_status (SMPP §5.1.3). Carriers add their own from 0x400 on.
type Status uint32

// The statuses of SMPP 3.4.
const (
	StatusOK              Status = 0x00 // ESME_ROK
	StatusInvMsgLen       Status = 0x01 // ESME_RINVMSGLEN
	StatusInvCmdLen       Status = 0x02 // ESME_RINVCMDLEN
	StatusInvCmdID        Status = 0x03 // ESME_RINVCMDID
	StatusInvBindStatus   Status = 0x04 // ESME_RINVBNDSTS
	StatusAlreadyBound    Status = 0x05 // ESME_RALYBND
	StatusInvPriority     Status = 0x06 // ESME_RINVPRTFLG
	StatusInvRegDelivery  Status = 0x07 // ESME_RINVREGDLVFLG
	StatusSystemError     Status = 0x08 // ESME_RSYSERR
	StatusInvSource       Status = 0x0A // ESME_RINVSRCADR
	StatusInvDest         Status = 0x0B // ESME_RINVDSTADR
	StatusInvMessageID    Status = 0x0C // ESME_RINVMSGID
	StatusBindFailed      Status = 0x0D // ESME_RBINDFAIL
	StatusInvPassword     Status = 0x0E // ESME_RINVPASWD
	StatusInvSystemID     Status = 0x0F // ESME_RINVSYSID
	StatusCancelFailed    Status = 0x11 // ESME_RCANCELFAIL
	StatusReplaceFailed   Status = 0x13 // ESME_RREPLACEFAIL
	StatusQueueFull       Status = 0x14 // ESME_RMSGQFUL
	StatusInvServiceType  Status = 0x15 // ESME_RINVSERTYP
	StatusInvNumDests     Status = 0x33 // ESME_RINVNUMDESTS
	StatusInvDistList     Status = 0x34 // ESME_RINVDLNAME
	StatusInvDestFlag     Status = 0x40 // ESME_RINVDESTFLAG
	StatusInvSubmitRepl   Status = 0x42 // ESME_RINVSUBREP
	StatusInvESMClass     Status = 0x43 // ESME_RINVESMCLASS
	StatusCannotSubmitDL  Status = 0x44 // ESME_RCNTSUBDL
	StatusSubmitFailed    Status = 0x45 // ESME_RSUBMITFAIL
	StatusInvSourceTON    Status = 0x48 // ESME_RINVSRCTON
	StatusInvSourceNPI    Status = 0x49 // ESME_RINVSRCNPI
	StatusInvDestTON      Status = 0x50 // ESME_RINVDSTTON
	StatusInvDestNPI      Status = 0x51 // ESME_RINVDSTNPI
	StatusInvSystemType   Status = 0x53 // ESME_RINVSYSTYP
	StatusInvReplaceFlag  Status = 0x54 // ESME_RINVREPFLAG
	StatusInvNumMessages  Status = 0x55 // ESME_RINVNUMMSGS
	StatusThrottled       Status = 0x58 // ESME_RTHROTTLED
	StatusInvSchedule     Status = 0x61 // ESME_RINVSCHED
	StatusInvValidity     Status = 0x62 // ESME_RINVEXPIRY
	StatusInvDefaultMsg   Status = 0x63 // ESME_RINVDFTMSGID
	StatusTemporaryApp    Status = 0x64 // ESME_RX_T_APPN
	StatusPermanentApp    Status = 0x65 // ESME_RX_P_APPN
	StatusRejectApp       Status = 0x66 // ESME_RX_R_APPN
	StatusQueryFailed     Status = 0x67 // ESME_RQUERYFAIL
	StatusInvTLVStream    Status = 0xC0 // ESME_RINVOPTPARSTREAM
	StatusTLVNotAllowed   Status = 0xC1 // ESME_ROPTPARNOTALLWD
	StatusInvTLVLen       Status = 0xC2 // ESME_RINVPARLEN
	StatusMissingTLV      Status = 0xC3 // ESME_RMISSINGOPTPARAM
	StatusInvTLVValue     Status = 0xC4 // ESME_RINVOPTPARAMVAL
	StatusDeliveryFailure Status = 0xFE // ESME_RDELIVERYFAILURE
	StatusUnknownError    Status = 0xFF // ESME_RUNKNOWNERR
)

// statusNames has the specification's own names, which is what a carrier's support desk asks for.
var statusNames = map[Status]string{
	StatusOK: "ESME_ROK", StatusInvMsgLen: "ESME_RINVMSGLEN", StatusInvCmdLen: "ESME_RINVCMDLEN", StatusInvCmdID: "ESME_RINVCMDID",
	StatusInvBindStatus: "ESME_RINVBNDSTS", StatusAlreadyBound: "ESME_RALYBND", StatusInvPriority: "ESME_RINVPRTFLG",
	StatusInvRegDelivery: "ESME_RINVREGDLVFLG", StatusSystemError: "ESME_RSYSERR", StatusInvSource: "ESME_RINVSRCADR",
	StatusInvDest: "ESME_RINVDSTADR", StatusInvMessageID: "ESME_RINVMSGID", StatusBindFailed: "ESME_RBINDFAIL",
	StatusInvPassword: "ESME_RINVPASWD", StatusInvSystemID: "ESME_RINVSYSID", StatusCancelFailed: "ESME_RCANCELFAIL",
	StatusReplaceFailed: "ESME_RREPLACEFAIL", StatusQueueFull: "ESME_RMSGQFUL", StatusInvServiceType: "ESME_RINVSERTYP",
	StatusInvNumDests: "ESME_RINVNUMDESTS", StatusInvDistList: "ESME_RINVDLNAME", StatusInvDestFlag: "ESME_RINVDESTFLAG",
	StatusInvSubmitRepl: "ESME_RINVSUBREP", StatusInvESMClass: "ESME_RINVESMCLASS", StatusCannotSubmitDL: "ESME_RCNTSUBDL",
	StatusSubmitFailed: "ESME_RSUBMITFAIL", StatusInvSourceTON: "ESME_RINVSRCTON", StatusInvSourceNPI: "ESME_RINVSRCNPI",
	StatusInvDestTON: "ESME_RINVDSTTON", StatusInvDestNPI: "ESME_RINVDSTNPI", StatusInvSystemType: "ESME_RINVSYSTYP",
	StatusInvReplaceFlag: "ESME_RINVREPFLAG", StatusInvNumMessages: "ESME_RINVNUMMSGS", StatusThrottled: "ESME_RTHROTTLED",
	StatusInvSchedule: "ESME_RINVSCHED", StatusInvValidity: "ESME_RINVEXPIRY", StatusInvDefaultMsg: "ESME_RINVDFTMSGID",
	StatusTemporaryApp: "ESME_RX_T_APPN", StatusPermanentApp: "ESME_RX_P_APPN", StatusRejectApp: "ESME_RX_R_APPN",
	StatusQueryFailed: "ESME_RQUERYFAIL", StatusInvTLVStream: "ESME_RINVOPTPARSTREAM", StatusTLVNotAllowed: "ESME_ROPTPARNOTALLWD",
	StatusInvTLVLen: "ESME_RINVPARLEN", StatusMissingTLV: "ESME_RMISSINGOPTPARAM", StatusInvTLVValue: "ESME_RINVOPTPARAMVAL",
	StatusDeliveryFailure: "ESME_RDELIVERYFAILURE", StatusUnknownError: "ESME_RUNKNOWNERR",
}

// String is the specification's name, or the number of a carrier's own status.
func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return fmt.Sprintf("0x%08X", uint32(s))
}

// Explain says in a few English words what s means, for logs.
func (s Status) Explain() string { return pdu.Status(s).Error() }

// Throttled says that the carrier wants the whole link slower: the message itself is well.
func (s Status) Throttled() bool { return s == StatusThrottled || s == StatusQueueFull }

// Temporary says that the same message may be accepted later. Everything else, a carrier's own statuses among them, is
// final: sending it again would only be refused again.
func (s Status) Temporary() bool {
	return s.Throttled() || s == StatusSystemError || s == StatusTemporaryApp
}
