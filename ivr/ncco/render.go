package ncco

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// action is one of an NCCO's ("NCCO reference"); each sets the fields that it has. None hangs up: the call ends with the array.
type action struct {
	Action       string     `json:"action"`
	Text         string     `json:"text,omitempty"` // talk
	Language     string     `json:"language,omitempty"`
	StreamURL    []string   `json:"streamUrl,omitempty"` // stream
	BargeIn      bool       `json:"bargeIn,omitempty"`   // a key stops it; an input must follow
	Type         []string   `json:"type,omitempty"`      // input
	DTMF         *dtmf      `json:"dtmf,omitempty"`
	From         string     `json:"from,omitempty"` // connect
	Timeout      int        `json:"timeout,omitempty"`
	Endpoint     []endpoint `json:"endpoint,omitempty"`
	EventType    string     `json:"eventType,omitempty"`
	Format       string     `json:"format,omitempty"` // record
	EndOnSilence int        `json:"endOnSilence,omitempty"`
	EndOnKey     string     `json:"endOnKey,omitempty"`
	TimeOut      int        `json:"timeOut,omitempty"`
	BeepStart    bool       `json:"beepStart,omitempty"`
	Payload      any        `json:"payload,omitempty"` // notify
	EventURL     []string   `json:"eventUrl,omitempty"`
}

type dtmf struct {
	TimeOut      int  `json:"timeOut"`
	MaxDigits    int  `json:"maxDigits"`
	SubmitOnHash bool `json:"submitOnHash"`
}

type endpoint struct {
	Type   string `json:"type"`
	Number string `json:"number"`
}

// Vonage's limits: seconds that an input waits, digits that it takes, seconds of silence that end a recording.
const (
	longestWait    = 10 * time.Second
	mostDigits     = 20
	longestSilence = 10
)

func phone(number string) endpoint { return endpoint{"phone", strings.TrimPrefix(number, "+")} }

func whole(d time.Duration) int { return int(d / time.Second) }

// say plays lines as one sound, of the 16 bits that Vonage asks for, or has them spoken.
func (d dialect) say(a webhook.Addresses, bargeIn bool, lines ...string) []action {
	switch {
	case len(lines) == 0:
		return nil
	case d.account.Text:
		return []action{{Action: "talk", Text: a.Words(lines...), Language: "vi-VN", BargeIn: bargeIn}}
	}
	return []action{{Action: "stream", StreamURL: []string{a.Joined(lines...)}, BargeIn: bargeIn}}
}

// notify asks an address of ours for the document that the call goes on with.
func notify(address string) action {
	return action{Action: "notify", Payload: map[string]string{"line": "free"}, EventURL: []string{address}}
}

func (d dialect) connect(to ivr.Dial) action {
	return action{Action: "connect", From: d.account.Number, Timeout: whole(to.Ring), Endpoint: []endpoint{phone(to.Number)}}
}

// Render writes a reply as an array.
func (d dialect) Render(a webhook.Addresses, r ivr.Reply) []byte {
	all, lines := []action{}, []string(nil)
	add := func(actions ...action) {
		all = append(append(all, d.say(a, false, lines...)...), actions...)
		lines = nil
	}
	for _, act := range r.Actions {
		switch {
		case act.Gather != nil:
			add(d.gather(a, *act.Gather, a.Hook(webhook.Step, r.Step))...)
		case act.Dial != nil:
			to := d.connect(*act.Dial)
			to.EventType, to.EventURL = "synchronous", []string{a.Hook(webhook.Dialed, r.Step)}
			add(to, notify(a.Hook(webhook.Dialed, r.Step)))
		case act.Record != nil:
			add(action{Action: "record", Format: "wav", EndOnSilence: min(whole(act.Record.Silence), longestSilence), EndOnKey: "#",
				TimeOut: whole(act.Record.Max), BeepStart: true, EventURL: []string{a.Hook(webhook.Recorded, r.Step)}}, notify(a.Hook(webhook.Held, r.Step)))
		case act.Tape: // not with this provider: the configuration refuses it
		case act.Hangup, act.Reject != nil:
			add()
		default:
			lines = append(lines, act.Play)
		}
	}
	add()
	return write(all)
}

// gather: an input's one time counts from the end of the words and from each key. What the first key may take longer is
// silence behind the words.
func (d dialect) gather(a webhook.Addresses, g ivr.Gather, address string) []action {
	keys := dtmf{TimeOut: whole(min(g.First, longestWait)), MaxDigits: 1}
	if !g.One {
		keys = dtmf{TimeOut: whole(min(g.Between, longestWait)), MaxDigits: mostDigits, SubmitOnHash: true}
	}
	silence := a.Silence(g.First - time.Duration(keys.TimeOut)*time.Second)
	all := d.say(a, true, g.Play...)
	if d.account.Text && len(silence) > 0 { // a spoken pause would be a comma long
		all = append(all, action{Action: "stream", StreamURL: []string{a.Joined(silence...)}, BargeIn: true})
	} else if len(silence) > 0 {
		all = d.say(a, true, append(append([]string{}, g.Play...), silence...)...)
	}
	return append(all, action{Action: "input", Type: []string{"dtmf"}, DTMF: &keys, EventURL: []string{address}})
}

// Failure rings the officers one after the other.
func (d dialect) Failure(a webhook.Addresses, actions []ivr.Action) []byte {
	all := []action{}
	for _, act := range actions {
		switch {
		case act.Dial != nil:
			all = append(all, d.connect(*act.Dial))
		case act.Play != "":
			all = append(all, d.say(a, false, act.Play)...)
		}
	}
	return write(all)
}

// ComeBack is silence, then the address.
func (d dialect) ComeBack(a webhook.Addresses, address string, after time.Duration) []byte {
	return write([]action{{Action: "stream", StreamURL: []string{a.Joined(a.Silence(after)...)}}, notify(address)})
}

func write(actions []action) []byte {
	b, err := json.Marshal(actions)
	if err != nil {
		panic(fmt.Sprintf("ncco: %v", err)) // our own actions always encode
	}
	return b
}
