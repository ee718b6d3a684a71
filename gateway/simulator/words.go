package simulator

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"canhgiac/gateway/smpp"
)

// Share is a part of 1.
type Share float64

// UnmarshalText reads 0 to 1.
func (s *Share) UnmarshalText(b []byte) error {
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !(v >= 0 && v <= 1) {
		return errors.New("want a share from 0 to 1, such as 0.05")
	}
	*s = Share(v)
	return nil
}

// Span is a time, or one drawn evenly between two.
type Span struct{ Min, Max time.Duration }

// UnmarshalText reads "20ms" and "20ms..2s".
func (s *Span) UnmarshalText(b []byte) error {
	from, to, spread := strings.Cut(string(b), "..")
	if !spread {
		to = from
	}
	var err1, err2 error
	s.Min, err1 = time.ParseDuration(from)
	s.Max, err2 = time.ParseDuration(to)
	if err1 != nil || err2 != nil || s.Min < 0 || s.Max < s.Min {
		return errors.New("want a time such as 200ms, or a spread such as 20ms..2s")
	}
	return nil
}

// Mark is a moment of a run: so long after the first bind, or with that submit_sm.
type Mark struct {
	After    time.Duration
	Messages int64
}

// UnmarshalText reads "10s" and "20000 messages".
func (m *Mark) UnmarshalText(b []byte) error {
	if count, ok := strings.CutSuffix(string(b), " messages"); ok {
		n, err := strconv.ParseInt(count, 10, 64)
		if err == nil && n > 0 {
			m.Messages = n
			return nil
		}
	} else if d, err := time.ParseDuration(string(b)); err == nil && d >= 0 {
		m.After = d
		return nil
	}
	return errors.New(`want a time such as 10s, or a count such as "20000 messages"`)
}

// Pattern fits telephone numbers: one number, or those with a beginning and an end. The zero value fits all.
type Pattern struct {
	begin, end string
	any        bool // digits may stand between
}

// UnmarshalText reads "+84901234567", "+84...99", "+8490..." and "...99".
func (p *Pattern) UnmarshalText(b []byte) error {
	begin, end, spread := strings.Cut(strings.TrimPrefix(string(b), "+"), "...")
	if begin+end == "" || strings.Trim(begin+end, "0123456789") != "" {
		return errors.New("want a number in international form, with ... for any digits: +84901234567, +84...99")
	}
	*p = Pattern{begin, end, spread}
	return nil
}

func (p Pattern) fits(n number) bool {
	switch {
	case p.any:
		return len(n) >= len(p.begin)+len(p.end) && strings.HasPrefix(string(n), p.begin) && strings.HasSuffix(string(n), p.end)
	case p.begin == "":
		return true
	}
	return string(n) == p.begin
}

// Status is a command_status by its name.
type Status smpp.Status

// UnmarshalText reads the specification's name, or a carrier's own number such as 0x00000401.
func (s *Status) UnmarshalText(b []byte) error {
	text := string(b)
	if code, err := strconv.ParseUint(text, 0, 32); err == nil && code != 0 {
		*s = Status(code)
		return nil
	}
	for code := smpp.Status(1); code <= 0xFF; code++ {
		if code.String() == text {
			*s = Status(code)
			return nil
		}
	}
	return errors.New("want an error of SMPP 3.4 such as ESME_RINVDSTADR, or a carrier's own such as 0x00000401")
}

// State is a message_state in the words of receipts (SMPP appendix B).
type State string

const (
	enroute       State = "ENROUTE"
	delivered     State = "DELIVRD"
	deleted       State = "DELETED"
	undeliverable State = "UNDELIV"
)

// UnmarshalText reads those words.
func (s *State) UnmarshalText(b []byte) error {
	return oneOf(s, b, delivered, undeliverable, "EXPIRED", "REJECTD", deleted, "UNKNOWN", "ACCEPTD", enroute)
}

// usualError is the error code of a receipt that a script gives none.
func (s State) usualError() string {
	switch s {
	case delivered, enroute, "ACCEPTD":
		return "000"
	case undeliverable:
		return "027" // absent subscriber
	}
	return "099"
}

// Form is the writing of a message id: decimal in responses, and in receipts as the response had it, unless a script says
// otherwise.
type Form string

const (
	formDecimal Form = "decimal"
	formHex     Form = "hex"
	formUpper   Form = "HEX"
)

// UnmarshalText reads decimal, hex, HEX.
func (f *Form) UnmarshalText(b []byte) error { return oneOf(f, b, formDecimal, formHex, formUpper) }

// Place is where a receipt names the message it is about; "" is both.
type Place string

const (
	inBoth Place = "both"
	inTLV  Place = "tlv"
	inText Place = "text"
	inNone Place = "none"
)

// UnmarshalText reads both, tlv, text, none.
func (p *Place) UnmarshalText(b []byte) error { return oneOf(p, b, inBoth, inTLV, inText, inNone) }

// Parts says which parts of a longer text have receipts; "" is all.
type Parts string

const firstPart Parts = "first"

// UnmarshalText reads all, first.
func (p *Parts) UnmarshalText(b []byte) error { return oneOf(p, b, "all", firstPart) }

func oneOf[T ~string](into *T, b []byte, words ...T) error {
	if !slices.Contains(words, T(b)) {
		return fmt.Errorf("want one of %s", strings.Trim(fmt.Sprint(words), "[]"))
	}
	*into = T(b)
	return nil
}

// append writes id behind b.
func (w Writing) append(b []byte, id uint64) []byte {
	base := 10
	if w.Form == formHex || w.Form == formUpper {
		base = 16
	}
	var digits [20]byte
	d := strconv.AppendUint(digits[:0], id, base)
	for i := len(d); i < w.Width; i++ {
		b = append(b, '0')
	}
	at := len(b)
	b = append(b, d...)
	if w.Form == formUpper {
		for ; at < len(b); at++ {
			if b[at] >= 'a' {
				b[at] -= 'a' - 'A'
			}
		}
	}
	return b
}
