package ncco

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// tokenLife is how long a token for one request is good.
const tokenLife = time.Minute

// Place asks for a call ("Create an outbound call", POST /v1/calls) in the application's name.
func (d dialect) Place(a webhook.Addresses, p ivr.Placing) (*http.Request, error) {
	call := map[string]any{
		"to": []endpoint{phone(string(p.To))}, "from": phone(p.From), "ringing_timer": whole(p.Ring),
		"answer_url": []string{a.Ref(webhook.Answer, p.Ref)}, "answer_method": "POST", "event_url": []string{a.Ref(webhook.Placed, p.Ref)}, "event_method": "POST",
	}
	if d.account.DetectMachines {
		call["machine_detection"] = "hangup"
	}
	body, err := json.Marshal(call)
	if err != nil {
		return nil, fmt.Errorf("write a call: %w", err)
	}
	r, err := http.NewRequest(http.MethodPost, d.account.API+"/v1/calls", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("write a call: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r, d.enter(r, p.Ref)
}

// enter puts our token on a request, with a name of its own.
func (d dialect) enter(r *http.Request, name string) error {
	if d.account.Key == nil {
		return errors.New("no private_key of the application")
	}
	now := d.now()
	token, err := webhook.SignRS256(d.account.Key, map[string]any{"application_id": d.account.Application,
		"iat": now.Unix(), "exp": now.Add(tokenLife).Unix(), "jti": fmt.Sprintf("%s-%d", name, now.UnixNano())})
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return nil
}

// Open: a recording is fetched in the application's name ("Download a recording").
func (d dialect) Open(r *http.Request) error { return d.enter(r, "recording") }

// Placed: 201 with the call's uuid, or a problem with the parameters that are to blame.
func (d dialect) Placed(status int, body []byte) (string, error) {
	var answer struct {
		UUID    string                  `json:"uuid"`
		Invalid []struct{ Name string } `json:"invalid_parameters"`
	}
	bad := json.Unmarshal(body, &answer)
	switch {
	case status/100 == 2 && bad == nil && answer.UUID != "":
		return answer.UUID, nil
	case status/100 == 4 && len(answer.Invalid) > 0 && strings.HasPrefix(answer.Invalid[0].Name, "to"):
		return "", fmt.Errorf("%w: status %d: %.200s", ivr.ErrNumber, status, body)
	case status/100 == 4:
		return "", fmt.Errorf("%w: status %d: %.200s", ivr.ErrRefused, status, body)
	}
	return "", fmt.Errorf("status %d: %.200s", status, body)
}
