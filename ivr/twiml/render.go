package twiml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"canhgiac/ivr"
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
)

// addresses are where a provider finds us.
type addresses struct {
	public   string // without a slash at the end
	provider string
}

func (a addresses) sound(line string) play {
	return play{URL: a.public + "/voice/sounds/" + line + ".wav"}
}

func (a addresses) hook(name string, step int) string {
	return a.public + "/voice/" + url.PathEscape(a.provider) + "/" + name + "?n=" + strconv.Itoa(step)
}

// render writes a reply as a document.
func (a addresses) render(r ivr.Reply) []byte {
	var doc response
	add := func(verbs ...any) { doc.Verbs = append(doc.Verbs, verbs...) }
	onSilence := redirect{Method: "POST", URL: a.hook("step", r.Step)}
	for _, act := range r.Actions {
		switch {
		case act.Gather != nil:
			add(a.gather(*act.Gather, r.Step), onSilence)
		case act.Dial != nil:
			add(dialVerb{Action: a.hook("dialed", r.Step), Method: "POST", Timeout: whole(act.Dial.Ring), Numbers: []string{act.Dial.Number}})
		case act.Record != nil:
			add(recordVerb{Action: a.hook("recorded", r.Step), Method: "POST", MaxLength: whole(act.Record.Max),
				Timeout: whole(act.Record.Silence), FinishOnKey: "#", PlayBeep: true}, onSilence)
		case act.Hangup:
			add(hangup{})
		default:
			add(a.sound(act.Play))
		}
	}
	return doc.bytes()
}

// gather nests the lines, so that a key stops them. The verb has one timeout, for the first key and between keys: where
// the first may take longer, a pause nested behind the words gives it the rest.
func (a addresses) gather(g ivr.Gather, step int) gather {
	v := gather{Input: "dtmf", Timeout: whole(g.First), Action: a.hook("step", step), Method: "POST"}
	for _, line := range g.Play {
		v.Verbs = append(v.Verbs, a.sound(line))
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

// failure says that the hotline is out of order and rings every officer at once: the first to answer has the call.
// Nothing here leads back to us, since we could not answer.
func (a addresses) failure(actions []ivr.Action) []byte {
	var doc response
	all := dialVerb{}
	for _, act := range actions {
		switch {
		case act.Dial != nil:
			all.Numbers, all.Timeout = append(all.Numbers, act.Dial.Number), whole(act.Dial.Ring)
		case act.Play != "":
			doc.Verbs = append(doc.Verbs, a.sound(act.Play))
		}
	}
	if len(all.Numbers) > 0 {
		doc.Verbs = append(doc.Verbs, all)
	}
	doc.Verbs = append(doc.Verbs, hangup{})
	return doc.bytes()
}

// comeBack has the provider ask again in a moment, with what it told us in the address: its keys are not lost.
func comeBack(address string, after time.Duration) []byte {
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
