package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
	"canhgiac/schedules"
)

// errUnsent marks a part that was certainly never written to the link.
var errUnsent = errors.New("never written")

// unsent says whether a result means that nobody has the part.
func unsent(err error) bool { return errors.Is(err, errUnsent) || errors.Is(err, smpp.ErrNotSent) }

// outgoing is one message between its intent and its outcome.
type outgoing struct {
	id        MessageID
	phone     string
	sender    string // the sender's address; empty for the carrier's own
	queue     string // the carrier that the number belongs to: where another try waits
	openTo    standing
	refusedBy string // a carrier that did not know the number, before this one was asked
	text      string
	cut       []sms.Part // the text, cut once for its whole run; nil: cut at submitting
	urgency   urgency
	from      *lease // nil for a message of the outbox
	pos       int    // its place in the chunk
	resend    bool
	attempts  int // earlier tries that the carrier refused for now
	sendBy    time.Time
	hours     schedules.Hours // in which it may go out
	asked     time.Time       // when the gate last let it pass
	submitted time.Time
	leased    time.Time // when the outbox gave it; zero for a message of a chunk

	parts   []sms.Part
	kept    map[int]bool // parts that an earlier try brought through
	late    bool         // a copy for a result that came after the message was given up as unknown
	outcome *verdict     // set where the gate, not the carrier, decided

	mu      sync.Mutex // over the two below, until left is 0; then they are the ledger's
	results []smpp.SubmitResult
	left    int // parts without a result
}

// run is the message's; 0 for a single's.
func (m *outgoing) run() int64 { return int64(m.id) >> 32 }

// forget undoes the beginning of a submit of which nothing has left.
func (m *outgoing) forget() { m.parts, m.results, m.submitted = nil, nil, time.Time{} }

// answer notes the result of part i; last says that all parts have one.
func (m *outgoing) answer(i int, r smpp.SubmitResult) (last bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results[i] = r
	m.left--
	return m.left == 0
}

// amend replaces part i's time-out by the response that came after it; given says that the ledger has the message already.
func (m *outgoing) amend(i int, r smpp.SubmitResult) (given bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left == 0 {
		return true
	}
	m.results[i] = r
	return false
}

// amended is m for the ledger with part i's late response, nil where that settles nothing: parts are still in doubt, or
// the carrier refused what is on its way again already.
func (m *outgoing) amended(i int, r smpp.SubmitResult) *outgoing {
	m.results[i] = r
	late := &outgoing{id: m.id, phone: m.phone, resend: m.resend, sendBy: m.sendBy, submitted: m.submitted, parts: m.parts,
		kept: m.kept, late: true, results: m.results}
	if v := late.judge(); v.state == Unknown || v.state != Accepted && m.resend {
		return nil
	}
	return late
}

// bound says that no other carrier may have m any more: a part of it went through, or nobody knows whether one did.
func (m *outgoing) bound() bool {
	if len(m.kept) > 0 {
		return true
	}
	for _, r := range m.results {
		if r.Err == nil && r.Status == smpp.StatusOK || r.Err != nil && !unsent(r.Err) {
			return true
		}
	}
	return false
}

// verdict is what became of a try.
type verdict struct {
	state     State // Queued: to be tried again
	reason    string
	throttled bool // the carrier wants the link slower: the try does not count against the message
	unsent    bool
}

// judge reads the results of all parts. One part in doubt puts the whole message in doubt; one refused for good fails it.
func (m *outgoing) judge() verdict {
	if m.outcome != nil {
		return *m.outcome
	}
	v := verdict{state: Accepted}
	for _, r := range m.results {
		switch {
		case r.Err != nil && !unsent(r.Err):
			return m.doubt(r.Err)
		case r.Err != nil:
			if v.state == Accepted {
				v = verdict{state: Queued, reason: r.Err.Error(), unsent: true}
			}
		case r.Status == smpp.StatusOK:
		case r.Status.Temporary() && v.state != Failed && !m.late:
			v = verdict{state: Queued, reason: r.Status.String(), throttled: r.Status.Throttled()}
		default:
			v = verdict{state: Failed, reason: r.Status.String()}
		}
	}
	return v
}

func (m *outgoing) doubt(err error) verdict {
	reason := "link lost before the response"
	if errors.Is(err, smpp.ErrNoResponse) {
		reason = "no response in time"
	}
	return verdict{state: Unknown, reason: reason}
}

// reference numbers the parts of a message alike at every try, so that a phone drops a part it has already.
func (id MessageID) reference() uint16 { return uint16(id) ^ uint16(id>>16) ^ uint16(id>>32) }

// pdu is part i of m as the carrier gets it; the caller adds until when it may be delivered.
func (m *outgoing) pdu(i int, source smpp.Address) *smpp.SubmitSM {
	part := m.parts[i]
	p := &smpp.SubmitSM{
		Source:             source,
		Dest:               smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: strings.TrimPrefix(m.phone, "+")},
		DataCoding:         byte(part.Encoding),
		RegisteredDelivery: smpp.ReceiptAlways,
		ShortMessage:       part.Payload,
		Ref:                int64(m.id),
	}
	switch {
	case len(part.UDH) > 0:
		p.ESMClass = smpp.ESMClassUDHI
		p.ShortMessage = part.UserData()
	case part.Place.Total > 1:
		p.TLVs = smpp.TLVs{
			{Tag: smpp.TagSARRefNum, Value: binary.BigEndian.AppendUint16(nil, part.Place.Ref)},
			{Tag: smpp.TagSARTotal, Value: []byte{part.Place.Total}},
			{Tag: smpp.TagSARSeq, Value: []byte{part.Place.Seq}},
		}
	case part.Billed > 1: // sm_length stays 0 beside it (SMPP 3.4 §5.3.2.32)
		p.ShortMessage = nil
		p.TLVs = smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: part.Payload}}
	}
	if m.sender != "" {
		p.Source = smpp.Address{TON: smpp.TONShort, NPI: smpp.NPIUnknown, Addr: m.sender}
	}
	return p
}

// split cuts m's text. The text of a run is cut once for all its messages.
func (m *outgoing) split(by sms.Scheme) ([]sms.Part, error) {
	if len(m.cut) > 0 {
		return sms.Renumber(m.cut, m.id.reference()), nil
	}
	parts, err := by.Split(m.text, m.id.reference())
	if err != nil {
		return nil, fmt.Errorf("cut message %d: %w", m.id, err)
	}
	return parts, nil
}
