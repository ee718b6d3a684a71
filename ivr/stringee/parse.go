package stringee

import (
	"encoding/json"
	"net/http"
	"strings"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// number marks an input that takes a number, in customField, which comes back with its keys.
const number = "number"

// event is the body of every POST: of keys, of a call's state, of a connect that failed, of a message left.
type event struct {
	CallID string `json:"call_id"`

	DTMF        *string `json:"dtmf"`
	CustomField string  `json:"customField"`
	Timeout     bool    `json:"timeout"`

	CallStatus     string `json:"call_status"`
	EndCallCause   string `json:"endCallCause"`
	CallType       string `json:"callType"`
	AnswerDuration int    `json:"answerDuration"` // seconds
	From           party  `json:"from"`
	To             party  `json:"to"`

	Duration int `json:"duration"` // seconds
}

type party struct {
	Number string `json:"number"`
}

// Parse reads a webhook that Verify has seen.
func (d dialect) Parse(r webhook.Request) (webhook.Told, error) {
	if r.Method == http.MethodGet {
		return comesIn(r)
	}
	var e event
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return webhook.Told{}, webhook.Refuse(http.StatusBadRequest, "the body is not an event in JSON")
	}
	t := webhook.Told{SID: e.CallID}
	if e.CallID == "" {
		return t, webhook.Refuse(http.StatusBadRequest, "missing call_id")
	}
	if r.Again() {
		return t, nil
	}
	switch r.Hook {
	case webhook.Step:
		return t, e.keys(&t)
	case webhook.Dialed:
		return t, e.dialed(&t)
	case webhook.Recorded:
		return t, e.recorded(&t, r.Body)
	case webhook.Status:
		return t, e.state(&t)
	}
	return t, webhook.Refuse(http.StatusBadRequest, "nothing is posted here")
}

// comesIn reads a call that is fetched for (reference, "Event URL & answer URL"): from, to, fromInternal, and the call's
// name, which is uuid for a call to a number and callId for one from an app or placed by us.
func comesIn(r webhook.Request) (webhook.Told, error) {
	t := webhook.Told{SID: r.Query.Get("uuid"), From: webhook.International(r.Query.Get("from")), To: webhook.International(r.Query.Get("to"))}
	if t.SID == "" {
		t.SID = r.Query.Get("callId")
	}
	if t.SID == "" {
		return t, webhook.Refuse(http.StatusBadRequest, "missing uuid or callId")
	}
	if !r.Query.Has("from") { // a withheld number is a word or nothing, yet the field is there
		return t, webhook.Refuse(http.StatusBadRequest, "missing from")
	}
	return t, nil
}

// keys: {"time","dtmf","call_id","customField","timeout"}, as in Stringee's own sample. Where a number was asked and time did
// not run out, # has ended it; that # is not among the digits (not verified).
func (e event) keys(t *webhook.Told) error {
	if e.DTMF == nil {
		return webhook.Refuse(http.StatusBadRequest, "missing dtmf")
	}
	in := &t.Input
	in.Kind, in.Keys = ivr.InputKeys, *e.DTMF
	if e.CustomField == number && !e.Timeout && !strings.Contains(in.Keys, "#") {
		in.Keys += "#"
	}
	if in.Keys == "" {
		in.Kind = ivr.InputSilence
	}
	return webhook.Keys("dtmf", in.Keys)
}

// dialed: onFailEventUrl tells of a connect that failed. The input behind the connect is reached only after a talk.
func (e event) dialed(t *webhook.Told) error {
	switch {
	case e.CallStatus != "":
		t.Input = ivr.Input{Kind: ivr.InputDialed, Status: webhook.Storable(e.CallStatus)}
	case e.DTMF != nil:
		t.Input = ivr.Input{Kind: ivr.InputDialed, Status: "connected", Answered: true}
	default:
		return webhook.Refuse(http.StatusBadRequest, "missing call_status")
	}
	return nil
}

// recorded: the reference says that the event carries a link to the message, not under which name (not verified). So the
// first address in it counts, and the message is named by it.
func (e event) recorded(t *webhook.Told, body []byte) error {
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		return webhook.Refuse(http.StatusBadRequest, "the body is not an event in JSON")
	}
	text := func(names ...string) string {
		for _, name := range names {
			if s, ok := all[name].(string); ok && s != "" {
				return webhook.Storable(s)
			}
		}
		return ""
	}
	r := ivr.Recording{URL: text("recordingUrl", "recording_url", "url", "fileUrl", "file_url", "link"), Seconds: e.Duration}
	if !strings.HasPrefix(r.URL, "https://") && !strings.HasPrefix(r.URL, "http://") {
		return webhook.Refuse(http.StatusBadRequest, "missing the address of the message")
	}
	if r.SID = text("recordingId", "recording_id", "id"); r.SID == "" {
		r.SID = r.URL
	}
	t.Input = ivr.Input{Kind: ivr.InputRecorded, Recording: r}
	return nil
}

// state (reference, "Call events"): created, started, ringing, answered, ended and others; only the end is news.
func (e event) state(t *webhook.Told) error {
	if e.CallStatus == "" {
		return webhook.Refuse(http.StatusBadRequest, "missing call_status")
	}
	if e.CallStatus != "ended" {
		return nil
	}
	t.From, t.To = webhook.International(e.From.Number), webhook.International(e.To.Number)
	t.Over = webhook.Storable(e.EndCallCause)
	if t.Over == "" {
		t.Over = "ended"
	}
	// "CALL" is one in which two people were connected, "IVR" one in which a machine spoke (not verified).
	t.Met = e.CallType == "CALL" && e.AnswerDuration > 0
	if e.AnswerDuration == 0 {
		t.Outcome = outcome(e.EndCallCause)
	}
	return nil
}

// outcome of a call that nobody took: the cause is a SIP status with its words (RFC 3261 §21) or a word of Stringee's.
func outcome(cause string) ivr.Outcome {
	code, _, _ := strings.Cut(cause, " ")
	switch code {
	case "486", "600":
		return ivr.Busy
	case "408", "480", "487", "USER_END_CALL":
		return ivr.NoAnswer
	case "403", "603", "607", "608":
		return ivr.Rejected
	}
	return ivr.Failed
}
