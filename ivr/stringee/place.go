package stringee

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// tokenLife is how long a token for one request is good.
const tokenLife = time.Minute

// Place asks for a call (reference, "Make outbound calls"): once it is taken, Stringee fetches the answer address.
func (d dialect) Place(a webhook.Addresses, p ivr.Placing) (*http.Request, error) {
	body, err := json.Marshal(map[string]any{
		"from": outside(p.From), "to": []endpoint{outside(string(p.To))}, "answer_url": a.Ref(webhook.Answer, p.Ref),
	})
	if err != nil {
		return nil, fmt.Errorf("write a call: %w", err)
	}
	r, err := http.NewRequest(http.MethodPost, d.account.API+"/v1/call2/callout", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("write a call: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r, d.enter(r, p.Ref)
}

// enter puts our key on a request, with a name of its own.
func (d dialect) enter(r *http.Request, name string) error {
	now := d.now()
	token, err := webhook.SignHS256(d.account.KeySecret, map[string]any{"cty": "stringee-api;v=1"}, map[string]any{
		"jti": fmt.Sprintf("%s-%s-%d", d.account.KeySID, name, now.UnixNano()), "iss": d.account.KeySID, "exp": now.Add(tokenLife).Unix(), "rest_api": true,
	})
	if err != nil {
		return err
	}
	r.Header.Set("X-STRINGEE-AUTH", token)
	return nil
}

// Open: recordings are fetched as its API is asked (not verified for a message's link); without a key they are asked for openly.
func (d dialect) Open(r *http.Request) error {
	if d.account.KeySID == "" {
		return nil
	}
	return d.enter(r, "recording")
}

// Placed: {"r": 0} is a call placed, any other r is none, with the reason as message. call_id is not in the reference, yet
// comes.
func (d dialect) Placed(status int, body []byte) (string, error) {
	var answer struct {
		R       *int   `json:"r"`
		Message string `json:"message"`
		CallID  string `json:"call_id"`
	}
	bad := json.Unmarshal(body, &answer)
	switch {
	case status/100 == 4:
		return "", fmt.Errorf("%w: status %d: %.200s", ivr.ErrRefused, status, body)
	case bad != nil || answer.R == nil || status/100 != 2:
		return "", fmt.Errorf("status %d: %.200s", status, body)
	case *answer.R == 0:
		return answer.CallID, nil
	case strings.HasPrefix(answer.Message, "TO_NUMBER"):
		return "", fmt.Errorf("%w: r %d: %s", ivr.ErrNumber, *answer.R, answer.Message)
	}
	return "", fmt.Errorf("%w: r %d: %s", ivr.ErrRefused, *answer.R, answer.Message)
}
