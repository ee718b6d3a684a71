package smpp

import "time"

// Receipt is what an SMSC says became of a message. State is one of DELIVRD, UNDELIV, EXPIRED, REJECTD, DELETED, UNKNOWN
// (final) and ACCEPTD, ENROUTE (on its way).
type Receipt struct {
	ID    string    // as the SMSC wrote it: hex or decimal, zeros and case are the caller's to fold
	State string    //
	Err   string    // the carrier's own error code
	At    time.Time // when the message was done, UTC; zero when the receipt does not say
}

// ParseReceipt reads a receipt from d's TLVs and text; false says that d is a message from a phone.
func ParseReceipt(d *DeliverSM) (Receipt, bool) { return Receipt{}, false }

// Text is the receipt in the form of SMPP appendix B, for an SMSC to send.
func (r Receipt) Text() string { return "" }
