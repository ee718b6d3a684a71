package simulator

import (
	"time"

	"canhgiac/gateway/smpp"
)

// Network is how the simulated carrier treats messages. The zero value is a carrier at its best: every message is taken
// at once and delivered, with one receipt. docs/simulator.yaml shows each key.
type Network struct {
	Binds     Binds     `yaml:"binds"`
	Responses Responses `yaml:"responses"`
	Refusals  []Refusal `yaml:"refusals"` // the first that fits; none: ESME_ROK
	Throttle  Throttle  `yaml:"throttle"`
	Outcomes  []Outcome `yaml:"outcomes"` // the first that fits; none: DELIVRD
	Receipts  Receipts  `yaml:"receipts"`
	USSD      USSD      `yaml:"ussd"`
}

// Binds are what lets an account in.
type Binds struct {
	Refuse Status        `yaml:"refuse"` // each bind, with this; absent: who knows the password is let in
	Most   int           `yaml:"most"`   // links of one account at one time; one more is answered ESME_RALYBND; 0: any number
	Linger time.Duration `yaml:"linger"` // how long a link that was lost still counts among them
}

// Responses are the submit_sm_resp. One that is lost was lost on its way: the message is taken all the same.
type Responses struct {
	After  Span    `yaml:"after"`  // from submit_sm; a spread puts them out of order
	Lost   Share   `yaml:"lost"`   // never sent
	Twice  Share   `yaml:"twice"`  // sent twice
	Behind Share   `yaml:"behind"` // sent after some that were asked for later
	ID     Writing `yaml:"id"`     // how they write message_id
}

// Refusal answers a share of the messages to some numbers with a status. Nothing is taken then.
type Refusal struct {
	To     Pattern `yaml:"to"`
	Share  Share   `yaml:"share"` // absent: 1
	Status Status  `yaml:"status"`
}

// Throttle refuses what one account submits above a rate.
type Throttle struct {
	Above    float64  `yaml:"above"`    // parts a second; 0: any
	Burst    int      `yaml:"burst"`    // parts at one moment; 0: a tenth of a second's
	Statuses []Status `yaml:"statuses"` // in turn; none: ESME_RTHROTTLED
}

// Outcome is how a share of the messages to some numbers end. Only DELIVRD reaches the handset.
type Outcome struct {
	To    Pattern `yaml:"to"`
	Share Share   `yaml:"share"` // absent: 1
	State State   `yaml:"state"`
	Err   string  `yaml:"err"` // the carrier's own error code
}

// Receipts are the deliver_sm that tell how messages ended.
type Receipts struct {
	After  Span    `yaml:"after"`   // from the response
	Late   Share   `yaml:"late"`    // take LateBy more
	LateBy Span    `yaml:"late_by"` // absent: 1m
	Lost   Share   `yaml:"lost"`    // never sent
	Twice  Share   `yaml:"twice"`   // sent twice
	First  Share   `yaml:"first"`   // sent, and acknowledged, before the response
	ID     Writing `yaml:"id"`      // how they write the id; no form: as the response did
	In     Place   `yaml:"in"`      // where it stands
	Parts  Parts   `yaml:"parts"`   // of a text of several parts, which have one
}

// Writing is how a message id is written.
type Writing struct {
	Form  Form `yaml:"form"`
	Width int  `yaml:"width"` // at least so many digits, by leading zeros
}

// lateBy is what Receipts.LateBy means where it is absent.
const lateBy = time.Minute

// statuses are those of Throttle.
func (t Throttle) status(nth int) smpp.Status {
	if len(t.Statuses) == 0 {
		return smpp.StatusThrottled
	}
	return smpp.Status(t.Statuses[nth%len(t.Statuses)])
}

// burst is how many parts one moment may bring.
func (t Throttle) burst() float64 {
	if t.Burst > 0 {
		return float64(t.Burst)
	}
	return max(1, t.Above/10)
}

// certain says that nothing is drawn: every message has the usual fate.
func (n *Network) certain() bool {
	r, s := &n.Responses, &n.Receipts
	return len(n.Refusals) == 0 && len(n.Outcomes) == 0 && r.After == Span{} && s.After == Span{} && s.Parts != firstPart &&
		r.Lost+r.Twice+r.Behind+s.Late+s.Lost+s.Twice+s.First == 0
}

// fate is what the network does with one message.
type fate struct {
	status smpp.Status
	state  State
	err    string

	answerAfter, receiptAfter time.Duration
	answers                   int // responses sent: 0, 1 or 2
	receipts                  int
	receiptFirst              bool
}

// usual is the fate of a message in a network at its best.
var usual = fate{status: smpp.StatusOK, state: delivered, err: "000", answers: 1, receipts: 1}

// prompt says that a message is answered, and ends, at once.
func (f *fate) prompt() bool {
	return f.status == smpp.StatusOK && f.answers == 1 && f.answerAfter == 0 && f.receiptAfter == 0 && !f.receiptFirst
}

// fate draws what becomes of the message that d stands for. seq is its part's place in its text, 0 or 1 for the first.
func (n *Network) fate(d draw, to number, seq uint8) fate {
	f := usual
	at := d.share()
	for _, r := range n.Refusals {
		if r.To.fits(to) {
			if at -= r.Share; at < 0 {
				f.status = smpp.Status(r.Status)
				break
			}
		}
	}
	at = d.share()
	for _, o := range n.Outcomes {
		if o.To.fits(to) {
			if at -= o.Share; at < 0 {
				f.state = o.State
				if f.err = o.Err; f.err == "" {
					f.err = o.State.usualError()
				}
				break
			}
		}
	}
	f.answerAfter = d.span(n.Responses.After)
	if d.chance(n.Responses.Behind) {
		f.answerAfter += time.Millisecond + d.span(Span{0, 50 * time.Millisecond})
	}
	switch {
	case d.chance(n.Responses.Lost):
		f.answers = 0
	case d.chance(n.Responses.Twice):
		f.answers = 2
	}
	f.receiptAfter = d.span(n.Receipts.After)
	if d.chance(n.Receipts.Late) {
		more := n.Receipts.LateBy
		if more == (Span{}) {
			more = Span{lateBy, lateBy}
		}
		f.receiptAfter += d.span(more)
	}
	switch {
	case d.chance(n.Receipts.Lost), n.Receipts.Parts == firstPart && seq > 1:
		f.receipts = 0
	case d.chance(n.Receipts.Twice):
		f.receipts = 2
	}
	f.receiptFirst = d.chance(n.Receipts.First)
	return f
}
