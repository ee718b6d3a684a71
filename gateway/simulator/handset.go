package simulator

import (
	"errors"
	"sync"
	"time"
)

// Event is something that a handset shows or sounds. Name says which of the other fields it has:
//
//	sms       From, To, Text         an SMS arrived, or (From is the handset itself) was sent from it; Recent: it already stood there
//	call      State, To, Call        ringing, in-progress, completed, busy, no-answer, failed; Reason says who ended it
//	prompt    Kind, Text, URL        a sound begins; text without a URL is spoken by the provider
//	quiet                            a key stopped the sounds
//	gather    Digits, Finish         keys are asked for: so many (0 = any), ended by Finish
//	gathered  Text                   these keys were taken
//	record    Finish, Seconds        speak after the tone; recorded ends it
//	ussd      State, Text            dialled, asked (the screen wants an answer), answered, notice (it wants none), ended (the last screen),
//	                                 cancelled, timeout, failed
//	dial      State, To              the hotline connects an officer: ringing, answered, completed, busy, no-answer
type Event struct {
	Name    string    `json:"-"`
	At      time.Time `json:"at"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to,omitempty"`
	Text    string    `json:"text,omitempty"`
	Call    string    `json:"call,omitempty"`
	State   string    `json:"state,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Kind    string    `json:"kind,omitempty"`
	URL     string    `json:"url,omitempty"`
	Digits  int       `json:"digits,omitempty"`
	Finish  string    `json:"finish,omitempty"`
	Seconds float64   `json:"seconds,omitempty"`
	Recent  bool      `json:"recent,omitempty"`
}

var (
	errNumber = errors.New("not a telephone number")
	errBusy   = errors.New("the handset is in a call")
	errNoCall = errors.New("the handset is in no call")
)

// screenTexts is how many of its texts a handset shows when somebody begins to watch it.
const screenTexts = 30

// handsets are all the ward's telephones. Only those that are watched or in a call take memory of their own; texts stand in
// one ring for all, where the oldest gives way to the newest.
type handsets struct {
	now  func() time.Time
	keep int

	mu    sync.Mutex
	byNum map[number]*handset
	held  []held
	next  int // where the oldest stands once held is full
}

// held is a text in a handset's memory.
type held struct {
	number number
	event  Event
}

type handset struct {
	watchers map[chan Event]struct{}
	call     *call
	ussd     *Event  // the last of a dialog that is not over
	shown    []Event // of the call, so that a page opened during it shows where it stands
}

func newHandsets(keep int, now func() time.Time) *handsets {
	return &handsets{now: now, keep: keep, byNum: make(map[number]*handset)}
}

// of gives n's handset; the caller holds mu.
func (hs *handsets) of(n number) *handset {
	h, ok := hs.byNum[n]
	if !ok {
		h = &handset{watchers: make(map[chan Event]struct{})}
		hs.byNum[n] = h
	}
	return h
}

// tidy forgets n's handset when nothing holds it; the caller holds mu.
func (hs *handsets) tidy(n number) {
	if h := hs.byNum[n]; h != nil && len(h.watchers) == 0 && h.call == nil && h.ussd == nil {
		delete(hs.byNum, n)
	}
}

// text puts an SMS on n's screen.
func (hs *handsets) text(n number, e Event, at time.Time) {
	e.Name, e.At = "sms", at
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if len(hs.held) < hs.keep {
		hs.held = append(hs.held, held{n, e})
	} else {
		hs.held[hs.next] = held{n, e}
		hs.next = (hs.next + 1) % hs.keep
	}
	if h, ok := hs.byNum[n]; ok {
		h.show(e)
	}
}

// show hands e to those who watch. One who does not read is let go: its page connects again and is told everything anew.
func (h *handset) show(e Event) {
	for w := range h.watchers {
		select {
		case w <- e:
		default:
			delete(h.watchers, w)
			close(w)
		}
	}
}

// during shows an event of the call that n is in.
func (hs *handsets) during(n number, c *call, e Event) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.of(n)
	if h.call != c {
		return
	}
	e.At = hs.now()
	if e.Name == "gather" || e.Name == "call" {
		h.shown = h.shown[:0] // what came before it no longer stands on the screen
		if e.Name == "gather" {
			h.shown = append(h.shown, Event{Name: "call", At: c.since, State: c.state, Call: c.id, To: c.other()})
		}
	}
	h.shown = append(h.shown, e)
	h.show(e)
}

// dialog shows an event of n's USSD dialog.
func (hs *handsets) dialog(n number, e Event, at time.Time) {
	e.Name, e.At = "ussd", at
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.of(n)
	h.ussd = &e
	switch e.State {
	case "ended", "cancelled", "timeout", "failed":
		h.ussd = nil
	}
	h.show(e)
	hs.tidy(n)
}

// watch gives n's recent texts, where its call and its USSD dialog stand, and what happens from then on, until stop.
func (hs *handsets) watch(n number) (events <-chan Event, stop func()) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.of(n)
	recent := hs.textsOf(n)
	recent = recent[max(0, len(recent)-screenTexts):]
	var standing []Event
	if h.call != nil {
		standing = h.shown
	}
	if h.ussd != nil {
		standing = append(standing[:len(standing):len(standing)], *h.ussd)
	}
	w := make(chan Event, len(recent)+len(standing)+256)
	for _, e := range recent {
		e.Recent = true
		w <- e
	}
	for _, e := range standing {
		w <- e
	}
	h.watchers[w] = struct{}{}
	return w, func() {
		hs.mu.Lock()
		defer hs.mu.Unlock()
		delete(h.watchers, w)
		hs.tidy(n)
	}
}

// texts are what n's handset holds, oldest first.
func (hs *handsets) texts(n number) []Event {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.textsOf(n)
}

// textsOf looks through all that is held; the caller holds mu.
func (hs *handsets) textsOf(n number) []Event {
	var all []Event
	for i := range hs.held {
		if t := &hs.held[(hs.next+i)%len(hs.held)]; t.number == n {
			all = append(all, t.event)
		}
	}
	return all
}

// take makes c the call that n is in; a handset has one line.
func (hs *handsets) take(n number, c *call) error {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.of(n)
	if h.call != nil {
		return errBusy
	}
	h.call = c
	return nil
}

// release ends n's call.
func (hs *handsets) release(n number) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.of(n)
	h.call, h.shown = nil, nil
	hs.tidy(n)
}

// inCall gives the call that n is in.
func (hs *handsets) inCall(n number) (*call, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h := hs.byNum[n]; h != nil && h.call != nil {
		return h.call, nil
	}
	return nil, errNoCall
}
