package twiml

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// Place asks for a call (Twilio's REST API of 2010-04-01, "Call resource"; SignalWire and others have the same under an
// address of their own).
func (d dialect) Place(a webhook.Addresses, p ivr.Placing) (*http.Request, error) {
	form := url.Values{
		"To": {string(p.To)}, "From": {p.From}, "Url": {a.Ref(webhook.Answer, p.Ref)}, "Method": {"POST"},
		"StatusCallback": {a.Ref(webhook.Placed, p.Ref)}, "StatusCallbackMethod": {"POST"}, "StatusCallbackEvent": {"completed"}, // whatever the end was
		"Timeout": {strconv.Itoa(int(p.Ring / time.Second))},
	}
	if d.account.DetectMachines {
		form.Set("MachineDetection", "Enable")
	}
	address := d.account.API + "/2010-04-01/Accounts/" + url.PathEscape(d.account.SID) + "/Calls.json"
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("write a call: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(d.account.Key, d.account.KeySecret)
	return r, nil
}

// Open: a recording is fetched with the account's key; some providers leave it open to all.
func (d dialect) Open(r *http.Request) error {
	r.SetBasicAuth(d.account.Key, d.account.KeySecret)
	return nil
}

// badNumbers are the codes of Twilio's that speak of the number called: not a telephone's, not one that the account may
// call, blocked, of no known region.
var badNumbers = []int{13223, 13224, 13225, 13226, 21211, 21214, 21215, 21216, 21217, 21219, 21401, 21421}

// Placed: 201 with the call, or an error with its code and message.
func (d dialect) Placed(status int, body []byte) (string, error) {
	var answer struct {
		SID     string `json:"sid"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	bad := json.Unmarshal(body, &answer)
	why := fmt.Sprintf("status %d, code %d: %s", status, answer.Code, answer.Message)
	if answer.Message == "" {
		why = fmt.Sprintf("status %d: %.200s", status, body)
	}
	switch {
	case status/100 == 2 && bad == nil && answer.SID != "":
		return answer.SID, nil
	case status/100 == 4 && slices.Contains(badNumbers, answer.Code):
		return "", fmt.Errorf("%w: %s", ivr.ErrNumber, why)
	case status/100 == 4:
		return "", fmt.Errorf("%w: %s", ivr.ErrRefused, why)
	}
	return "", errors.New(why)
}
