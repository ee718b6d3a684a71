package simulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// How a conversation ends before its document does.
var (
	errHungUp  = errors.New("the handset hung up")
	errGoodbye = errors.New("the document hung up") // <Hangup>
)

// rejected is a call that the first document refused with <Reject>; it was never answered.
type rejected struct{ reason string }

func (r rejected) Error() string { return "rejected: " + r.reason }

// call is one call from a handset to the hotline, carried by the provider. One goroutine runs its documents; the
// handset's keys and its red button reach it over channels.
//
//	ringing -> in-progress -> completed
//	   \-> busy | no-answer (rejected) | failed (no usable answer to the first request)
type call struct {
	id       string
	from, to string
	line     *provider
	first    string         // the address of its first document
	rung     *rung          // nil: the handset began the call
	officer  func() Officer // asked at each Dial, so that the demo may change it
	record   func(id string, d time.Duration) string
	tell     func(Event) // to whoever watches this handset
	log      *slog.Logger
	now      func() time.Time

	keys  chan byte
	gone  chan struct{} // closed when the handset hangs up
	once  sync.Once
	page  string // the address of the document that runs
	since time.Time
	met   bool   // an officer has answered
	state string // CallStatus as the webhooks are told it
}

func newSID(kind string) string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // crypto/rand never fails
	return kind + hex.EncodeToString(b)
}

// press sends one key's tone; the line drops tones faster than anybody can press.
func (c *call) press(key byte) {
	select {
	case c.keys <- key:
	default:
	}
}

func (c *call) hangUp() { c.once.Do(func() { close(c.gone) }) }

// run carries the call to its end. Hanging up does not cut a webhook short: the provider waits for its answer, so that
// the ward sees the keys before it sees the end.
func (c *call) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, c.hangUp)
	defer stop()
	c.set("ringing", "")
	err := c.converse(ctx)
	var refused rejected
	var nobody unanswered
	switch {
	case errors.As(err, &nobody):
		c.set(nobody.status, "handset")
	case err == nil || errors.Is(err, errGoodbye):
		c.set("completed", "hotline")
	case errors.Is(err, errHungUp):
		c.set("completed", "handset")
	case errors.As(err, &refused):
		c.set(refused.status(), "hotline")
	default:
		c.log.Warn("call failed", "call", c.id, "err", err)
		state := "failed"
		if !c.since.IsZero() {
			state = "completed"
		}
		c.set(state, "error")
	}
}

// report tells the ward's status webhook how the call ended.
func (c *call) report(ctx context.Context) {
	form := url.Values{"Timestamp": {c.now().UTC().Format(time.RFC1123Z)}, "CallbackSource": {"call-progress-events"}, "SequenceNumber": {"0"}}
	if !c.since.IsZero() {
		form.Set("CallDuration", wholeSeconds(c.now().Sub(c.since)))
	}
	if c.line.dialect == stringee {
		form.Set("Talked", strconv.FormatBool(c.met))
	}
	to := c.line.base + "/status"
	if c.rung != nil {
		to = c.rung.status
	}
	if err := c.line.ask(ctx, http.MethodPost, to, c.form(form), nil); err != nil {
		c.log.Warn("status callback not taken", "call", c.id, "err", err)
	}
}

func (r rejected) status() string {
	if r.reason == "busy" {
		return "busy"
	}
	return "no-answer"
}

// converse runs documents until one ends without naming the next: then the provider hangs up.
func (c *call) converse(ctx context.Context) error {
	var human url.Values
	if c.rung != nil {
		if err := c.ring(); err != nil {
			return err
		}
		c.state = "in-progress"
		if c.rung.detects {
			human = url.Values{"AnsweredBy": {"human"}}
		}
	}
	doc, err := c.fetch(ctx, http.MethodPost, c.first, human)
	if err != nil {
		return err
	}
	if len(doc) > 0 && doc[0].name == "Reject" { // anywhere else the call is already answered
		return rejected{doc[0].attr("reason", "rejected")}
	}
	if len(doc) == 0 && c.line.dialect == stringee { // it has no verb to refuse with
		return rejected{"busy"}
	}
	c.since = c.now()
	c.set("in-progress", "")
	for {
		next, err := c.perform(ctx, doc)
		if err != nil || next == nil {
			return err
		}
		if doc, err = c.fetch(ctx, next.method, next.address, next.form); err != nil {
			return err
		}
	}
}

// request is where a verb sends the call on.
type request struct {
	method, address string
	form            url.Values
}

// fetch asks a webhook for the document that the call goes on with.
func (c *call) fetch(ctx context.Context, method, address string, extra url.Values) ([]verb, error) {
	var doc []verb
	err := c.line.ask(ctx, method, address, c.form(extra), func(r io.Reader) (err error) {
		doc, err = c.line.parse(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.page = address
	return doc, c.stillThere()
}

// stillThere is errHungUp once the handset has hung up.
func (c *call) stillThere() error {
	select {
	case <-c.gone:
		return errHungUp
	default:
		return nil
	}
}

// form is what every webhook is told, and extra.
func (c *call) form(extra url.Values) url.Values {
	f := url.Values{
		"CallSid": {c.id}, "AccountSid": {c.line.account}, "From": {c.from}, "To": {c.to}, "Caller": {c.from}, "Called": {c.to},
		"CallStatus": {c.state}, "ApiVersion": {"2010-04-01"}, "Direction": {"inbound"},
	}
	if c.rung != nil {
		f.Set("Direction", "outbound-api")
	}
	for k, vs := range extra {
		f[k] = vs
	}
	return f
}

// next is the request of a verb's action, relative to the document it stands in; without one it is that document again.
func (c *call) next(v verb, target string, extra url.Values) (*request, error) {
	page, err := url.Parse(c.page)
	if err != nil {
		return nil, fmt.Errorf("document address: %w", err)
	}
	to, err := page.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("<%s> names the address %q: %w", v.name, target, err)
	}
	method := http.MethodPost
	if v.attr("method", method) == http.MethodGet {
		method = http.MethodGet
	}
	return &request{method, to.String(), extra}, nil
}

// other is whom the handset talks with.
func (c *call) other() string {
	if c.rung != nil {
		return c.from
	}
	return c.to
}

// set moves the call to a state and shows it on the handset.
func (c *call) set(state, reason string) {
	c.state = state
	c.tell(Event{Name: "call", State: state, Call: c.id, To: c.other(), Reason: reason})
}

func wholeSeconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second/2) / time.Second))
}
