package simulator

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // the provider's scheme, not our choice
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Stringee carries a call as TwiML's machinery does: its array of actions is read as the verbs that do the same, and what the
// verbs tell is written as its events. What it has of its own stands in attributes that no TwiML document bears:
//
//	from=words     an input's time begins with the words before it, since nobody waits for those
//	onFail         a connect tells only of its failure; after a talk the next action runs
//	customField    comes back with the keys

// SignStringee gives the X-STRINGEE-SIGNATURE of a POST's body, or of a GET's path and query.
func SignStringee(key, data string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(data))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// action is one of the array, with the fields of all.
type action struct {
	Action         string `json:"action"`
	Text           string `json:"text"`
	FileName       string `json:"fileName"`
	BargeIn        *bool  `json:"bargeIn"`
	EventURL       string `json:"eventUrl"`
	TimeOut        int    `json:"timeOut"`
	SubmitOnHash   bool   `json:"submitOnHash"`
	MaxDigits      int    `json:"maxDigits"`
	CustomField    string `json:"customField"`
	To             struct{ Number string }
	Timeout        int    `json:"timeout"`
	OnFailEventURL string `json:"onFailEventUrl"`
	SilenceTimeout int    `json:"silenceTimeout"`
}

// parseActions reads an array as verbs. Sounds that a key may stop belong to the input behind them.
func parseActions(r io.Reader) ([]verb, error) {
	var all []action
	if err := json.NewDecoder(io.LimitReader(r, documentLimit)).Decode(&all); err != nil {
		return nil, fmt.Errorf("%w: %v", errDocument, err)
	}
	var doc, words []verb
	for _, a := range all {
		switch a.Action {
		case "stream", "talk":
			v := verb{name: "Play", text: a.FileName}
			if a.Action == "talk" {
				v = verb{name: "Say", text: a.Text}
			}
			if a.BargeIn == nil || *a.BargeIn {
				words = append(words, v)
			} else {
				doc = append(doc, v)
			}
			continue
		case "input":
			v := verb{name: "Gather", inner: words, attrs: map[string]string{"action": a.EventURL, "timeout": strconv.Itoa(a.TimeOut), "from": "words",
				"finishOnKey": "", "actionOnEmptyResult": "true", "customField": a.CustomField}}
			if a.SubmitOnHash {
				v.attrs["finishOnKey"] = "#"
			}
			if a.MaxDigits > 0 {
				v.attrs["numDigits"] = strconv.Itoa(a.MaxDigits)
			}
			doc = append(doc, v)
		case "connect":
			doc = append(append(doc, words...), verb{name: "Dial", text: a.To.Number,
				attrs: map[string]string{"action": a.OnFailEventURL, "timeout": strconv.Itoa(a.Timeout), "onFail": "true"}})
		case "recordMessage":
			doc = append(append(doc, words...), verb{name: "Record", attrs: map[string]string{"action": a.EventURL, "finishOnKey": "#",
				"maxLength": strconv.Itoa(a.Timeout / 1000), "timeout": strconv.Itoa(a.SilenceTimeout / 1000)}})
		default:
			return nil, fmt.Errorf("%w: %q is no action", errDocument, a.Action)
		}
		words = nil
	}
	return append(doc, words...), nil
}

// askStringee sends what a verb tells as an event, signed. The call itself is fetched, under another name than its events bear.
func (p *provider) askStringee(ctx context.Context, address string, form url.Values, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	method, body := http.MethodPost, ""
	if address == p.base+"/call" {
		method = http.MethodGet
		address += "?" + url.Values{"from": {bare(form.Get("From"))}, "to": {bare(form.Get("To"))}, "uuid": {form.Get("CallSid")}, "fromInternal": {"false"}}.Encode()
	} else {
		text, err := json.Marshal(eventOf(form))
		if err != nil {
			return fmt.Errorf("webhook: %w", err)
		}
		body = string(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	signed := body
	if method == http.MethodGet {
		signed = req.URL.RequestURI()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-STRINGEE-SIGNATURE", SignStringee(p.secret, signed))
	return p.send(req, read)
}

// bare is a number as Stringee writes it, without its plus.
func bare(n string) string { return strings.TrimPrefix(n, "+") }

func eventOf(form url.Values) map[string]any {
	party := func(field string) map[string]any {
		n := bare(form.Get(field))
		return map[string]any{"number": n, "alias": n, "type": "external", "is_online": false}
	}
	e := map[string]any{"call_id": "call-sim-" + form.Get("CallSid")}
	switch {
	case form.Has("RecordingUrl"):
		seconds, _ := strconv.Atoi(form.Get("RecordingDuration")) // our own
		e["recordingUrl"], e["duration"], e["format"] = form.Get("RecordingUrl"), seconds, "wav"
	case form.Has("DialCallStatus"):
		e["call_status"], e["agent_status"], e["from"], e["to"] = "connect_failed", "ended", party("From"), party("To")
	case form.Has("CallbackSource"):
		seconds, _ := strconv.Atoi(form.Get("CallDuration")) // our own
		e["call_status"], e["type"], e["from"], e["to"] = "ended", "stringee_call", party("From"), party("To")
		e["endCallCause"], e["callType"], e["duration"], e["answerDuration"] = "USER_END_CALL", "IVR", seconds, seconds
		if form.Get("Talked") == "true" {
			e["callType"] = "CALL"
		}
	default:
		e["dtmf"], e["customField"], e["timeout"] = form.Get("Digits"), form.Get("customField"), form.Get("timedOut") == "true"
		e["time"] = strconv.FormatInt(time.Now().UnixMilli(), 10)
	}
	return e
}
