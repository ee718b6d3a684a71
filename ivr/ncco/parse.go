package ncco

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// event is the body of every webhook.
type event struct {
	UUID string `json:"uuid"`
	From string `json:"from"`
	To   string `json:"to"`

	DTMF *struct {
		Digits   string `json:"digits"`
		TimedOut bool   `json:"timed_out"`
	} `json:"dtmf"`

	Status  string          `json:"status"`
	Payload json.RawMessage `json:"payload"` // what a notify of ours sends: the line has come there

	RecordingURL  string    `json:"recording_url"`
	RecordingUUID string    `json:"recording_uuid"`
	Start         time.Time `json:"start_time"`
	End           time.Time `json:"end_time"`
}

// The states of a call ("Event webhook"): those that end it, with what they mean for a call of ours, and those that do not.
var (
	ends = map[string]ivr.Outcome{"completed": "", "busy": ivr.Busy, "cancelled": ivr.Failed, "failed": ivr.Failed, "rejected": ivr.Rejected,
		"timeout": ivr.NoAnswer, "unanswered": ivr.NoAnswer, "machine": ivr.Machine}
	goesOn = []string{"started", "ringing", "answered", "human", "record", "input", "transfer", "disconnected"}
)

// Parse reads a webhook that Verify has seen.
func (d dialect) Parse(r webhook.Request) (webhook.Told, error) {
	var e event
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return webhook.Told{}, webhook.Refuse(http.StatusBadRequest, "the body is not an event in JSON")
	}
	t := webhook.Told{SID: e.UUID, From: webhook.International(e.From), To: webhook.International(e.To)}
	if r.Again() {
		return t, nil
	}
	switch r.Hook {
	case webhook.Step:
		return t, e.keys(&t)
	case webhook.Dialed:
		return t, e.dialed(&t)
	case webhook.Recorded:
		return t, e.recorded(&t)
	case webhook.Status, webhook.Placed:
		if _, over := ends[e.Status]; over {
			t.Over, t.Outcome = e.Status, ends[e.Status]
		} else if !slices.Contains(goesOn, e.Status) && e.RecordingURL == "" {
			return t, webhook.Refuse(http.StatusBadRequest, "status: expected a call's state")
		}
	}
	return t, nil
}

// keys: # ends a number and is not among its digits; alone it is an input that did not time out. Several digits of one that
// did not time out and is not full were ended by it too.
func (e event) keys(t *webhook.Told) error {
	if e.DTMF == nil {
		return webhook.Refuse(http.StatusBadRequest, "missing dtmf")
	}
	in := &t.Input
	in.Kind, in.Keys = ivr.InputKeys, e.DTMF.Digits
	if n := len(in.Keys); !e.DTMF.TimedOut && n != 1 && n < mostDigits {
		in.Keys += "#"
	}
	if in.Keys == "" {
		in.Kind = ivr.InputSilence
	}
	return webhook.Keys("dtmf.digits", in.Keys)
}

// dialed: the officer's own call tells of itself here, and at its failure takes a document. While the two talk the line takes
// none; the notify behind the connect asks for it.
func (e event) dialed(t *webhook.Told) error {
	outcome, over := ends[e.Status]
	switch {
	case e.Payload != nil:
		t.Input = ivr.Input{Kind: ivr.InputDialed, Status: "completed", Answered: true}
	case e.Status == "answered" || e.Status == "completed":
		t.Input, t.Aside = ivr.Input{Kind: ivr.InputDialed, Status: e.Status, Answered: true}, true
	case over && outcome != "":
		t.Input = ivr.Input{Kind: ivr.InputDialed, Status: e.Status}
	case slices.Contains(goesOn, e.Status):
		t.Aside = true
	default:
		return webhook.Refuse(http.StatusBadRequest, "status: expected a call's state")
	}
	return nil
}

func (e event) recorded(t *webhook.Told) error {
	if e.RecordingURL == "" || e.RecordingUUID == "" {
		return webhook.Refuse(http.StatusBadRequest, "missing recording_url or recording_uuid")
	}
	t.Aside = true // the line waits at held
	t.Input = ivr.Input{Kind: ivr.InputRecorded, Recording: ivr.Recording{SID: webhook.Storable(e.RecordingUUID), URL: webhook.Storable(e.RecordingURL),
		Seconds: max(0, int(e.End.Sub(e.Start)/time.Second))}}
	return nil
}
