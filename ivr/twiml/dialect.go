// Package twiml speaks with voice providers of the TwiML dialect: Twilio, SignalWire, Telnyx, jambonz and others.
package twiml

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// Account is what we have at the provider.
type Account struct {
	SID   string // AccountSid that its webhooks must carry; "" takes any
	Token string // signs them

	API            string // https://api.twilio.com, or what stands before /2010-04-01 at another provider
	Key, KeySecret string // of the API; SID and Token themselves where the provider has no keys
	DetectMachines bool   // have the provider tell people from answering machines, for a price
}

// New gives the dialect of one account.
func New(a Account) webhook.Dialect { return dialect{a} }

type dialect struct{ account Account }

func (dialect) Manner() webhook.Manner { return webhook.Manner{ContentType: "text/xml; charset=utf-8"} }

// Verify checks the signature over address and form, then whose account it is.
func (d dialect) Verify(r webhook.Request) error {
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return webhook.Refuse(http.StatusBadRequest, "the body is not a form")
	}
	signature := r.Header.Get("X-Twilio-Signature")
	if signature == "" {
		return webhook.Refuse(http.StatusUnauthorized, "missing X-Twilio-Signature")
	}
	if !signed(d.account.Token, r.Address, form, signature) {
		return webhook.Refuse(http.StatusForbidden, "X-Twilio-Signature does not match")
	}
	if d.account.SID != "" && form.Get("AccountSid") != d.account.SID {
		return webhook.Refuse(http.StatusForbidden, "AccountSid is another account's")
	}
	return nil
}

// told reads the fields of one form.
type told struct {
	webhook.Told
	form url.Values
}

func (t *told) value(field string) string { return webhook.Storable(t.form.Get(field)) }

// Parse reads a form that Verify has seen.
func (d dialect) Parse(r webhook.Request) (webhook.Told, error) {
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return webhook.Told{}, webhook.Refuse(http.StatusBadRequest, "the body is not a form")
	}
	t := &told{form: form}
	t.SID = form.Get("CallSid")
	if t.SID == "" || len(t.SID) > webhook.NameLimit || t.SID != t.value("CallSid") {
		return t.Told, webhook.Refuse(http.StatusBadRequest, "missing CallSid")
	}
	t.From, t.To = t.value("From"), t.value("To")
	if (r.Hook == webhook.Call || r.Hook == webhook.Answer) && !form.Has("From") { // a withheld number is a word or nothing, yet the field is there
		return t.Told, webhook.Refuse(http.StatusBadRequest, "missing From")
	}
	by := t.value("AnsweredBy") // human, unknown, fax or machine_ and what it was doing
	t.Machine = strings.HasPrefix(by, "machine") || by == "fax"
	if r.Hook == webhook.Status || r.Hook == webhook.Placed {
		return t.Told, t.over()
	}
	if r.Again() {
		return t.Told, nil
	}
	switch r.Hook {
	case webhook.Taped:
		return t.Told, t.taped()
	case webhook.Step:
		return t.Told, t.keys()
	case webhook.Dialed:
		return t.Told, t.dialed()
	case webhook.Recorded:
		return t.Told, t.recorded()
	}
	return t.Told, nil
}

func (t *told) keys() error {
	in := &t.Input
	in.Kind, in.Keys = ivr.InputKeys, t.value("Digits")
	// The key that ended a number is not among its digits; some providers name it beside them.
	if t.value("FinishedOnKey") == "#" && !slices.Contains([]byte(in.Keys), '#') {
		in.Keys += "#"
	}
	if in.Keys == "" {
		in.Kind = ivr.InputSilence
	}
	return webhook.Keys("Digits", in.Keys)
}

func (t *told) dialed() error {
	in := &t.Input
	in.Kind, in.Status = ivr.InputDialed, t.value("DialCallStatus")
	if !slices.Contains([]string{"completed", "answered", "busy", "no-answer", "failed", "canceled"}, in.Status) {
		return webhook.Refuse(http.StatusBadRequest, "DialCallStatus: expected completed, answered, busy, no-answer, failed or canceled")
	}
	in.Answered = in.Status == "completed" || in.Status == "answered"
	return nil
}

func (t *told) recorded() error {
	r := ivr.Recording{SID: t.value("RecordingSid"), URL: t.value("RecordingUrl")}
	if r.SID == "" || r.URL == "" {
		return webhook.Refuse(http.StatusBadRequest, "missing RecordingSid or RecordingUrl")
	}
	r.Seconds, _ = strconv.Atoi(t.value("RecordingDuration")) // some say "" where it is not counted yet
	t.Input.Kind, t.Input.Recording = ivr.InputRecorded, r
	return nil
}

// taped: only a recording that is complete is one.
func (t *told) taped() error {
	switch status := t.value("RecordingStatus"); status {
	case "completed":
		return t.recorded()
	case "in-progress", "absent", "failed":
		return nil
	default:
		return webhook.Refuse(http.StatusBadRequest, "RecordingStatus: expected a recording's state")
	}
}

// over: only the end of a call is news.
func (t *told) over() error {
	switch status := t.value("CallStatus"); status {
	case "completed", "busy", "failed", "no-answer", "canceled":
		t.Over, t.Outcome = status, outcomes[status]
		if t.Machine {
			t.Outcome = ivr.Machine
		}
	case "queued", "initiated", "ringing", "in-progress", "answered":
	default:
		return webhook.Refuse(http.StatusBadRequest, "CallStatus: expected a call's state")
	}
	return nil
}

// outcomes are the states of a call of ours that nobody took. A person who presses the red button is busy to the network;
// canceled is what we or the provider did.
var outcomes = map[string]ivr.Outcome{"busy": ivr.Busy, "no-answer": ivr.NoAnswer, "failed": ivr.Failed, "canceled": ivr.Failed}
