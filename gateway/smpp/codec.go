package smpp

import "fmt"

// FieldError says which field of a PDU cannot be written or read, and why.
type FieldError struct {
	Field, Reason string
	Status        Status // what a peer that sent it is answered
}

func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Reason) }

func fieldError(field, reason string) error {
	return &FieldError{Field: field, Reason: reason, Status: StatusInvMsgLen}
}

// fields reads a body from front to back; the first thing amiss stands in err and all reads after it give zeros.
type fields struct {
	b   []byte
	err error
}
