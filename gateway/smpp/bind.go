package smpp

import "fmt"

// BindError is an SMSC's refusal to bind.
type BindError struct{ Status Status }

func (e *BindError) Error() string {
	return fmt.Sprintf("smpp: bind refused: %s (%s)", e.Status, e.Status.Explain())
}

// Permanent says that the SMSC will refuse until somebody has changed something, here or there.
func (e *BindError) Permanent() bool {
	switch e.Status {
	case StatusInvPassword, StatusInvSystemID, StatusInvSystemType, StatusBindFailed, StatusInvCmdID:
		return true
	}
	return false
}

// Advice says what the operator of this side can do about it.
func (e *BindError) Advice() string {
	switch e.Status {
	case StatusInvPassword:
		return "check password"
	case StatusInvSystemID:
		return "check system_id"
	case StatusInvSystemType:
		return "check system_type"
	case StatusBindFailed:
		return "check system_id and password; ask the carrier whether it knows this server's address and how many binds it allows"
	case StatusInvCmdID:
		return "the carrier does not have this kind of bind: set bind to separate, or to transceiver"
	case StatusAlreadyBound:
		return "the carrier still holds an earlier bind, which ends by itself, or allows fewer binds"
	case StatusSystemError, StatusTemporaryApp, StatusThrottled, StatusQueueFull:
		return "nothing: the carrier has trouble of its own"
	}
	return "ask the carrier what this status means"
}
