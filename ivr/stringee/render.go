package stringee

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// The actions that we use, as "Stringee Call Control Object" names them. There is none that hangs up: the call ends with
// the array.
type (
	// sound: talk speaks text; stream fetches a file. (play takes the name of a file uploaded to Stringee, so it is no use to
	// us.) That stream's fileName is the file's address is not verified.
	sound struct {
		Action   string `json:"action"`
		Text     string `json:"text,omitempty"`
		Voice    string `json:"voice,omitempty"`
		FileName string `json:"fileName,omitempty"`
		BargeIn  bool   `json:"bargeIn"` // a key stops it, and what comes next does not wait for it
	}
	// input: its samples write timeout, its reference timeOut; we write both.
	input struct {
		Action       string `json:"action"`
		EventURL     string `json:"eventUrl"`
		TimeOut      int    `json:"timeOut"` // seconds
		Timeout      int    `json:"timeout"`
		SubmitOnHash bool   `json:"submitOnHash"`
		MaxDigits    int    `json:"maxDigits,omitempty"`
		CustomField  string `json:"customField,omitempty"`
	}
	connect struct {
		Action         string   `json:"action"`
		From           endpoint `json:"from"`
		To             endpoint `json:"to"`
		Timeout        int      `json:"timeout"` // seconds of ringing
		ContinueOnFail bool     `json:"continueOnFail"`
		OnFailEventURL string   `json:"onFailEventUrl,omitempty"`
		PeerToPeerCall bool     `json:"peerToPeerCall"`
	}
	endpoint struct {
		Type   string `json:"type"`
		Number string `json:"number"`
		Alias  string `json:"alias"`
	}
	// recordMessage: times in milliseconds; # ends it.
	recordMessage struct {
		Action         string `json:"action"`
		EventURL       string `json:"eventUrl"`
		BeepStart      bool   `json:"beepStart"`
		Timeout        int64  `json:"timeout"`
		Format         string `json:"format"`
		SilenceThresh  int    `json:"silenceThresh"` // 0 to 100
		SilenceTimeout int64  `json:"silenceTimeout"`
	}
)

// quiet is the loudness below which a line counts as silent, as in Stringee's own example.
const quiet = 12

// hold is how long the line waits for a message's event, whose answer goes on with the call.
const hold = 8 * time.Second

// outside is a telephone beyond Stringee. It takes digits alone: a plus is refused.
func outside(n string) endpoint {
	digits := strings.TrimPrefix(n, "+")
	return endpoint{Type: "external", Number: digits, Alias: digits}
}

// say speaks or plays lines, as one: of several that a key may stop, which run at a time is not written anywhere.
func (d dialect) say(a webhook.Addresses, bargeIn bool, lines ...string) []any {
	switch {
	case len(lines) == 0:
		return nil
	case d.account.Text:
		return []any{sound{Action: "talk", Text: a.Words(lines...), Voice: d.account.Voice, BargeIn: bargeIn}}
	}
	return []any{sound{Action: "stream", FileName: a.Joined(lines...), BargeIn: bargeIn}}
}

func asked(eventURL string, wait time.Duration) input {
	s := int(wait / time.Second)
	return input{Action: "input", EventURL: eventURL, TimeOut: s, Timeout: s}
}

// Render writes a reply as an array.
func (d dialect) Render(a webhook.Addresses, r ivr.Reply) []byte {
	all, lines := []any{}, []string(nil)
	add := func(actions ...any) {
		all = append(append(all, d.say(a, false, lines...)...), actions...)
		lines = nil
	}
	for _, act := range r.Actions {
		switch {
		case act.Gather != nil:
			add(d.gather(a, *act.Gather, a.Hook(webhook.Step, r.Step))...)
		case act.Dial != nil:
			to := d.connect(act.Dial.Number, act.Dial.Ring)
			to.OnFailEventURL = a.Hook(webhook.Dialed, r.Step)
			add(to, asked(a.Hook(webhook.Dialed, r.Step), time.Second))
		case act.Record != nil:
			add(recordMessage{Action: "recordMessage", EventURL: a.Hook(webhook.Recorded, r.Step), BeepStart: true, Format: "wav",
				Timeout: act.Record.Max.Milliseconds(), SilenceThresh: quiet, SilenceTimeout: act.Record.Silence.Milliseconds()},
				asked(a.Hook(webhook.Step, r.Step), hold))
		case act.Tape: // not with this provider: the configuration refuses it
		case act.Hangup, act.Reject != nil: // an empty array ends a call before it is answered
			add()
		default:
			lines = append(lines, act.Play)
		}
	}
	add()
	return write(all)
}

// gather: what a key may stop is not waited for, so the input's time begins with the words and must hold them too. The one
// time-out is for the first key and between keys alike.
func (d dialect) gather(a webhook.Addresses, g ivr.Gather, eventURL string) []any {
	in := asked(eventURL, a.Length(g.Play...).Round(time.Second)+g.First)
	if g.One {
		in.MaxDigits = 1
	} else {
		in.SubmitOnHash, in.CustomField = true, number
	}
	return append(d.say(a, true, g.Play...), in)
}

func (d dialect) connect(number string, ring time.Duration) connect {
	return connect{Action: "connect", From: outside(d.account.Number), To: outside(number), Timeout: int(ring / time.Second), ContinueOnFail: true}
}

// Failure rings the officers one after the other: there is no way to ring them at once. Without an address to ask, a connect
// that fails goes on to the next action (not verified).
func (d dialect) Failure(a webhook.Addresses, actions []ivr.Action) []byte {
	all := []any{}
	for _, act := range actions {
		switch {
		case act.Dial != nil:
			all = append(all, d.connect(act.Dial.Number, act.Dial.Ring))
		case act.Play != "":
			all = append(all, d.say(a, false, act.Play)...)
		}
	}
	return write(all)
}

// ComeBack asks for keys that nobody is told to press, until the time is out.
func (d dialect) ComeBack(_ webhook.Addresses, address string, after time.Duration) []byte {
	return write([]any{asked(address, after)})
}

func write(actions []any) []byte {
	b, err := json.Marshal(actions)
	if err != nil {
		panic(fmt.Sprintf("stringee: %v", err)) // our own actions always encode
	}
	return b
}
