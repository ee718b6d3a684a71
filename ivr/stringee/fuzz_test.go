package stringee

import (
	"testing"
	"time"

	"canhgiac/ivr/webhook"
)

// FuzzEvents: whatever is posted under a right signature is read or refused, and no key comes through that no telephone has.
func FuzzEvents(f *testing.F) {
	files, err := bodies.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := bodies.ReadFile("testdata/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b), "step")
	}
	f.Add(`{"call_id":"c","dtmf":"1\u0000"}`, "step")
	f.Add(`{"call_id":"c","url":"https://\u0000"}`, "recorded")
	d := New(account(), time.Now)
	f.Fuzz(func(t *testing.T, body, hook string) {
		told, err := d.Parse(webhook.Request{Method: "POST", Hook: webhook.Hook(hook), Body: []byte(body)})
		if err == nil && webhook.Keys("dtmf", told.Input.Keys) != nil {
			t.Errorf("keys %q", told.Input.Keys)
		}
		if r := told.Input.Recording; err == nil && (r.URL != webhook.Storable(r.URL) || r.SID != webhook.Storable(r.SID)) {
			t.Errorf("recording %+v", r)
		}
	})
}
