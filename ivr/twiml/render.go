package twiml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// The verbs that we use, attributes as TwiML names them; times are whole seconds.
type (
	response struct {
		XMLName xml.Name `xml:"Response"`
		Verbs   []any
	}
	play struct {
		XMLName xml.Name `xml:"Play"`
		URL     string   `xml:",chardata"`
	}
	pause struct {
		XMLName xml.Name `xml:"Pause"`
		Length  int      `xml:"length,attr"`
	}
	gather struct {
		XMLName     xml.Name `xml:"Gather"`
		Input       string   `xml:"input,attr"`
		NumDigits   int      `xml:"numDigits,attr,omitempty"`
		FinishOnKey string   `xml:"finishOnKey,attr"` // empty: # arrives as a key
		Timeout     int      `xml:"timeout,attr"`
		Action      string   `xml:"action,attr"`
		Method      string   `xml:"method,attr"`
		Verbs       []any
	}
	redirect struct {
		XMLName xml.Name `xml:"Redirect"`
		Method  string   `xml:"method,attr"`
		URL     string   `xml:",chardata"`
	}
	dialVerb struct {
		XMLName xml.Name `xml:"Dial"`
		Action  string   `xml:"action,attr,omitempty"`
		Method  string   `xml:"method,attr,omitempty"`
		Timeout int      `xml:"timeout,attr"`
		Numbers []string `xml:"Number"`
	}
	recordVerb struct {
		XMLName     xml.Name `xml:"Record"`
		Action      string   `xml:"action,attr"`
		Method      string   `xml:"method,attr"`
		MaxLength   int      `xml:"maxLength,attr"`
		Timeout     int      `xml:"timeout,attr"`
		FinishOnKey string   `xml:"finishOnKey,attr"`
		PlayBeep    bool     `xml:"playBeep,attr"`
	}
	hangup struct {
		XMLName xml.Name `xml:"Hangup"`
	}
	start struct {
		XMLName   xml.Name  `xml:"Start"`
		Recording recording `xml:"Recording"`
	}
	recording struct {
		Channels string `xml:"channels,attr"`
		Track    string `xml:"track,attr"`
		Callback string `xml:"recordingStatusCallback,attr"`
		Method   string `xml:"recordingStatusCallbackMethod,attr"`
		Events   string `xml:"recordingStatusCallbackEvent,attr"`
	}
	reject struct {
		XMLName xml.Name `xml:"Reject"`
		Reason  string   `xml:"reason,attr"`
	}
)

// Render writes a reply as a document.
func (d dialect) Render(a webhook.Addresses, r ivr.Reply) []byte {
	var doc response
	add := func(verbs ...any) { doc.Verbs = append(doc.Verbs, verbs...) }
	onSilence := redirect{Method: "POST", URL: a.Hook(webhook.Step, r.Step)}
	for _, act := range r.Actions {
		switch {
		case act.Gather != nil:
			add(gathering(a, *act.Gather, r.Step), onSilence)
		case act.Dial != nil:
			add(dialVerb{Action: a.Hook(webhook.Dialed, r.Step), Method: "POST", Timeout: whole(act.Dial.Ring), Numbers: []string{act.Dial.Number}})
		case act.Record != nil:
			add(recordVerb{Action: a.Hook(webhook.Recorded, r.Step), Method: "POST", MaxLength: whole(act.Record.Max),
				Timeout: whole(act.Record.Silence), FinishOnKey: "#", PlayBeep: true}, onSilence)
		case act.Hangup:
			add(hangup{})
		case act.Tape: // verbs are taken in turn: who hangs up within the words before it is not recorded
			add(start{Recording: recording{Channels: "dual", Track: "both", Callback: a.Taped(), Method: "POST", Events: "completed absent"}})
		case act.Reject != nil: // pausing first would answer the call, and cost the caller
			add(reject{Reason: "busy"})
		default:
			add(play{URL: a.Sound(act.Play)})
		}
	}
	return doc.bytes()
}

// gathering nests the lines, so that a key stops them. The verb has one timeout, for the first key and between keys: where
// the first may take longer, a pause nested behind the words gives it the rest.
func gathering(a webhook.Addresses, g ivr.Gather, step int) gather {
	v := gather{Input: "dtmf", Timeout: whole(g.First), Action: a.Hook(webhook.Step, step), Method: "POST"}
	for _, line := range g.Play {
		v.Verbs = append(v.Verbs, play{URL: a.Sound(line)})
	}
	if g.One {
		v.NumDigits = 1
		return v
	}
	v.Timeout, v.FinishOnKey = whole(g.Between), "#"
	if more := whole(g.First - g.Between); more > 0 {
		v.Verbs = append(v.Verbs, pause{Length: more})
	}
	return v
}

// Failure rings every officer at once: the first to answer has the call.
func (d dialect) Failure(a webhook.Addresses, actions []ivr.Action) []byte {
	var doc response
	all := dialVerb{}
	for _, act := range actions {
		switch {
		case act.Dial != nil:
			all.Numbers, all.Timeout = append(all.Numbers, act.Dial.Number), whole(act.Dial.Ring)
		case act.Play != "":
			doc.Verbs = append(doc.Verbs, play{URL: a.Sound(act.Play)})
		}
	}
	if len(all.Numbers) > 0 {
		doc.Verbs = append(doc.Verbs, all)
	}
	doc.Verbs = append(doc.Verbs, hangup{})
	return doc.bytes()
}

// ComeBack is a pause, then the address.
func (d dialect) ComeBack(_ webhook.Addresses, address string, after time.Duration) []byte {
	return response{Verbs: []any{pause{Length: whole(after)}, redirect{Method: "POST", URL: address}}}.bytes()
}

func (r response) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(r); err != nil {
		panic(fmt.Sprintf("twiml: %v", err)) // our own verbs always encode
	}
	return b.Bytes()
}

func whole(d time.Duration) int { return int(d / time.Second) }
