package smpp

import (
	"fmt"
	"slices"

	"github.com/fiorix/go-smpp/smpp/pdu"
)

// Status is a command_status (SMPP §5.1.3). Carriers add their own from 0x400 on.
type Status uint32

// The statuses of SMPP 3.4, all of them; those in between are reserved.
const (
	StatusOK              Status = 0x00
	StatusInvMsgLen       Status = 0x01
	StatusInvCmdLen       Status = 0x02
	StatusInvCmdID        Status = 0x03
	StatusInvBindStatus   Status = 0x04
	StatusAlreadyBound    Status = 0x05
	StatusInvPriority     Status = 0x06
	StatusInvRegDelivery  Status = 0x07
	StatusSystemError     Status = 0x08
	StatusInvSource       Status = 0x0A
	StatusInvDest         Status = 0x0B
	StatusInvMessageID    Status = 0x0C
	StatusBindFailed      Status = 0x0D
	StatusInvPassword     Status = 0x0E
	StatusInvSystemID     Status = 0x0F
	StatusCancelFailed    Status = 0x11
	StatusReplaceFailed   Status = 0x13
	StatusQueueFull       Status = 0x14
	StatusInvServiceType  Status = 0x15
	StatusInvNumDests     Status = 0x33
	StatusInvDistList     Status = 0x34
	StatusInvDestFlag     Status = 0x40
	StatusInvSubmitRepl   Status = 0x42
	StatusInvESMClass     Status = 0x43
	StatusCannotSubmitDL  Status = 0x44
	StatusSubmitFailed    Status = 0x45
	StatusInvSourceTON    Status = 0x48
	StatusInvSourceNPI    Status = 0x49
	StatusInvDestTON      Status = 0x50
	StatusInvDestNPI      Status = 0x51
	StatusInvSystemType   Status = 0x53
	StatusInvReplaceFlag  Status = 0x54
	StatusInvNumMessages  Status = 0x55
	StatusThrottled       Status = 0x58
	StatusInvSchedule     Status = 0x61
	StatusInvValidity     Status = 0x62
	StatusInvDefaultMsg   Status = 0x63
	StatusTemporaryApp    Status = 0x64
	StatusPermanentApp    Status = 0x65
	StatusRejectApp       Status = 0x66
	StatusQueryFailed     Status = 0x67
	StatusInvTLVStream    Status = 0xC0
	StatusTLVNotAllowed   Status = 0xC1
	StatusInvTLVLen       Status = 0xC2
	StatusMissingTLV      Status = 0xC3
	StatusInvTLVValue     Status = 0xC4
	StatusDeliveryFailure Status = 0xFE
	StatusUnknownError    Status = 0xFF
)

// Kind is what a status means for the message that was answered so.
type Kind uint8

// The kinds of answers. Permanent is what a status is that says nothing else, a carrier's own among them: sending the
// message again would only have it refused again.
const (
	Permanent         Kind = iota
	Accepted               // the SMSC has the message
	Temporary              // the same message may be accepted later
	Throttling             // as Temporary, and the carrier wants the whole link slower: the message itself is well
	UnknownSubscriber      // permanent, for this carrier does not know the number: another may
)

// statuses has the specification's own names, which is what a carrier's support desk asks for, and the kinds.
var statuses = map[Status]struct {
	name string
	kind Kind
}{
	StatusOK:              {"ESME_ROK", Accepted},
	StatusInvMsgLen:       {"ESME_RINVMSGLEN", Permanent},
	StatusInvCmdLen:       {"ESME_RINVCMDLEN", Permanent},
	StatusInvCmdID:        {"ESME_RINVCMDID", Permanent},
	StatusInvBindStatus:   {"ESME_RINVBNDSTS", Temporary}, // the SMSC lost the bind, not the message
	StatusAlreadyBound:    {"ESME_RALYBND", Permanent},
	StatusInvPriority:     {"ESME_RINVPRTFLG", Permanent},
	StatusInvRegDelivery:  {"ESME_RINVREGDLVFLG", Permanent},
	StatusSystemError:     {"ESME_RSYSERR", Temporary}, // the SMSC is ill, not the message
	StatusInvSource:       {"ESME_RINVSRCADR", Permanent},
	StatusInvDest:         {"ESME_RINVDSTADR", UnknownSubscriber},
	StatusInvMessageID:    {"ESME_RINVMSGID", Permanent},
	StatusBindFailed:      {"ESME_RBINDFAIL", Permanent},
	StatusInvPassword:     {"ESME_RINVPASWD", Permanent},
	StatusInvSystemID:     {"ESME_RINVSYSID", Permanent},
	StatusCancelFailed:    {"ESME_RCANCELFAIL", Permanent},
	StatusReplaceFailed:   {"ESME_RREPLACEFAIL", Permanent},
	StatusQueueFull:       {"ESME_RMSGQFUL", Throttling},
	StatusInvServiceType:  {"ESME_RINVSERTYP", Permanent},
	StatusInvNumDests:     {"ESME_RINVNUMDESTS", Permanent},
	StatusInvDistList:     {"ESME_RINVDLNAME", Permanent},
	StatusInvDestFlag:     {"ESME_RINVDESTFLAG", Permanent},
	StatusInvSubmitRepl:   {"ESME_RINVSUBREP", Permanent},
	StatusInvESMClass:     {"ESME_RINVESMCLASS", Permanent},
	StatusCannotSubmitDL:  {"ESME_RCNTSUBDL", Permanent},
	StatusSubmitFailed:    {"ESME_RSUBMITFAIL", Permanent},
	StatusInvSourceTON:    {"ESME_RINVSRCTON", Permanent},
	StatusInvSourceNPI:    {"ESME_RINVSRCNPI", Permanent},
	StatusInvDestTON:      {"ESME_RINVDSTTON", Permanent},
	StatusInvDestNPI:      {"ESME_RINVDSTNPI", Permanent},
	StatusInvSystemType:   {"ESME_RINVSYSTYP", Permanent},
	StatusInvReplaceFlag:  {"ESME_RINVREPFLAG", Permanent},
	StatusInvNumMessages:  {"ESME_RINVNUMMSGS", Permanent},
	StatusThrottled:       {"ESME_RTHROTTLED", Throttling},
	StatusInvSchedule:     {"ESME_RINVSCHED", Permanent},
	StatusInvValidity:     {"ESME_RINVEXPIRY", Temporary}, // the next try goes without one
	StatusInvDefaultMsg:   {"ESME_RINVDFTMSGID", Permanent},
	StatusTemporaryApp:    {"ESME_RX_T_APPN", Temporary},
	StatusPermanentApp:    {"ESME_RX_P_APPN", Permanent},
	StatusRejectApp:       {"ESME_RX_R_APPN", Permanent},
	StatusQueryFailed:     {"ESME_RQUERYFAIL", Permanent},
	StatusInvTLVStream:    {"ESME_RINVOPTPARSTREAM", Permanent},
	StatusTLVNotAllowed:   {"ESME_ROPTPARNOTALLWD", Permanent},
	StatusInvTLVLen:       {"ESME_RINVPARLEN", Permanent},
	StatusMissingTLV:      {"ESME_RMISSINGOPTPARAM", Permanent},
	StatusInvTLVValue:     {"ESME_RINVOPTPARAMVAL", Permanent},
	StatusDeliveryFailure: {"ESME_RDELIVERYFAILURE", Permanent},
	StatusUnknownError:    {"ESME_RUNKNOWNERR", Permanent},
}

// StatusesOf are the statuses of a kind, in the order of their numbers.
func StatusesOf(kind Kind) []Status {
	var list []Status
	for s, known := range statuses {
		if known.kind == kind {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return list
}

// Kind tells permanent, temporary and throttling answers apart.
func (s Status) Kind() Kind { return statuses[s].kind }

// String is the specification's name, or the number of a carrier's own status.
func (s Status) String() string {
	if known, ok := statuses[s]; ok {
		return known.name
	}
	return fmt.Sprintf("0x%08X", uint32(s))
}

// Explain says in a few English words what s means, for logs.
func (s Status) Explain() string { return pdu.Status(s).Error() }

// Throttled says that the carrier wants the whole link slower: the message itself is well.
func (s Status) Throttled() bool { return s.Kind() == Throttling }

// Temporary says that the same message may be accepted later, as it may when the carrier only wants it slower.
func (s Status) Temporary() bool { return s.Kind() == Temporary || s.Throttled() }
