package twiml

import (
	"encoding/base64"
	"net/url"
	"testing"
	"time"

	"pgregory.net/rapid"

	"canhgiac/internal/peers"
	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// TestSignaturesOfTheTwilioLibrary: what it signs we take, and what we sign it takes, for forms with repeated fields,
// diacritics and odd addresses.
func TestSignaturesOfTheTwilioLibrary(t *testing.T) {
	judge := peers.Start(t, "twilio.js")
	rapid.Check(t, func(r *rapid.T) {
		token := rapid.StringMatching(`[0-9a-f]{32}`).Draw(r, "token")
		address := rapid.SampledFrom([]string{"https://canhgiac.vn", "https://canhgiac.vn:8443", "http://127.0.0.1:8080"}).Draw(r, "host") +
			rapid.SampledFrom([]string{"/voice/twilio/call", "/voice/twilio/step?n=3", "/voice/t%20w/step?n=12&Digits=%2A1"}).Draw(r, "path")
		form := url.Values{"CallSid": {"CA1"}}
		for range rapid.IntRange(0, 6).Draw(r, "fields") {
			key := rapid.SampledFrom([]string{"Digits", "From", "To", "FromCity", "a", "Z"}).Draw(r, "key")
			form.Add(key, rapid.SampledFrom([]string{"", "1", "+84901234567", "Đà Nẵng", "a b&c=d", "2"}).Draw(r, "value"))
		}
		judge.Tell(map[string]any{"sign": map[string]any{"token": token, "url": address, "form": plain(form)}})
		if theirs := judge.Await("signed").Text("signature"); !signed(token, address, form, theirs) {
			r.Fatalf("%s %v: their signature %s is refused", address, form, theirs)
		}
		ours := base64.StdEncoding.EncodeToString(sign(token, address, form))
		judge.Tell(map[string]any{"validate": map[string]any{"token": token, "url": address, "form": plain(form), "signature": ours}})
		if judge.Await("validated").Number("valid") != 1 {
			r.Fatalf("%s %v: they refuse our signature %s", address, form, ours)
		}
	})
}

// plain is a form as Node's parsers give it: a value, or a list where a field repeats.
func plain(f url.Values) map[string]any {
	p := map[string]any{}
	for k, vs := range f {
		if p[k] = vs; len(vs) == 1 {
			p[k] = vs[0]
		}
	}
	return p
}

// schema is ours of the verbs that we use.
const schema = "testdata/twiml.xsd"

// TestDocumentsByTheSchema: what no reply of the table in TestDocumentsOfTheTwilioLibrary is, and what the schema must refuse.
func TestDocumentsByTheSchema(t *testing.T) {
	d, a := New(Account{}), webhook.At("https://canhgiac.vn", "twilio", nil)
	peers.Valid(t, schema, string(d.Failure(a, []ivr.Action{{Play: "loi_he_thong"}, {Dial: &ivr.Dial{Number: "+842363000001", Ring: 30 * time.Second}},
		{Dial: &ivr.Dial{Number: "113", Ring: 30 * time.Second}}, {Hangup: true}})))
	peers.Valid(t, schema, string(d.ComeBack(a, a.Hook(webhook.Step, 3)+"&try=1", 2*time.Second)))
	for reason, document := range map[string]string{
		"Sing":                                         `<Response><Sing/></Response>`,
		"not accepted by the pattern 'https?":          `<Response><Play>/voice/sounds/chao.wav</Play></Response>`,
		"not accepted by the pattern '\\+?[0-9]":       `<Response><Dial><Number>1'; --</Number></Dial></Response>`,
		"not a valid value of the atomic type 'waits'": `<Response><Dial timeout="0"><Number>113</Number></Dial></Response>`,
		"Missing child element":                        `<Response><Gather input="dtmf" timeout="5" action="https://a.vn/x"/></Response>`,
		"is not expected":                              `<Response><Hangup/><Play>https://a.vn/x</Play></Response>`,
	} {
		peers.Invalid(t, schema, document, reason)
	}
}

// TestDocumentsOfTheTwilioLibrary: the library, asked for the same verbs, writes the same documents.
func TestDocumentsOfTheTwilioLibrary(t *testing.T) {
	judge := peers.Start(t, "twilio.js")
	a := webhook.At("https://canhgiac.vn", "twilio", nil)
	type v = []any
	type attrs = map[string]any
	play := func(name string) v {
		return v{"Play", attrs{}, "https://canhgiac.vn/voice/sounds/trung/" + name + ".wav"}
	}
	hook := func(name string) string { return "https://canhgiac.vn/voice/twilio/" + name + "?n=3" }
	redirect := v{"Redirect", attrs{"method": "POST"}, hook("step")}
	for name, c := range map[string]struct {
		actions []ivr.Action
		verbs   []v
	}{
		"one key": {
			[]ivr.Action{{Gather: &ivr.Gather{Play: []string{"sai_phim", "menu_chinh"}, One: true, First: 9 * time.Second}}},
			[]v{{"Gather", attrs{"input": "dtmf", "numDigits": 1, "finishOnKey": "", "timeout": 9, "action": hook("step"), "method": "POST"},
				[]v{play("sai_phim"), play("menu_chinh")}}, redirect},
		},
		"a number": {
			[]ivr.Action{{Gather: &ivr.Gather{Play: []string{"hoi_so_ke_gian"}, First: 15 * time.Second, Between: 4 * time.Second}}},
			[]v{{"Gather", attrs{"input": "dtmf", "finishOnKey": "#", "timeout": 4, "action": hook("step"), "method": "POST"},
				[]v{play("hoi_so_ke_gian"), {"Pause", attrs{"length": 11}, ""}}}, redirect},
		},
		"an officer": {
			[]ivr.Action{{Play: "dang_noi_may"}, {Dial: &ivr.Dial{Number: "+842363000001", Ring: 25 * time.Second}}},
			[]v{play("dang_noi_may"), {"Dial", attrs{"action": hook("dialed"), "method": "POST", "timeout": 25}, []v{{"Number", attrs{}, "+842363000001"}}}},
		},
		"a message": {
			[]ivr.Action{{Record: &ivr.Record{Max: 180 * time.Second, Silence: 8 * time.Second}}},
			[]v{{"Record", attrs{"action": hook("recorded"), "method": "POST", "maxLength": 180, "timeout": 8, "finishOnKey": "#", "playBeep": true}, ""}, redirect},
		},
		"a call that is not answered": {
			[]ivr.Action{{Reject: &ivr.Reject{Ring: time.Second}}},
			[]v{{"Reject", attrs{"reason": "busy"}, ""}},
		},
		"a call that is recorded once that was said": {
			[]ivr.Action{{Play: "ghi_am"}, {Tape: true}, {Gather: &ivr.Gather{Play: []string{"chao"}, One: true, First: 9 * time.Second}}},
			[]v{play("ghi_am"), {"Start", attrs{}, []v{{"Recording", attrs{"channels": "dual", "track": "both", "recordingStatusCallback": "https://canhgiac.vn/voice/twilio/taped",
				"recordingStatusCallbackMethod": "POST", "recordingStatusCallbackEvent": "completed absent"}, ""}}},
				{"Gather", attrs{"input": "dtmf", "numDigits": 1, "finishOnKey": "", "timeout": 9, "action": hook("step"), "method": "POST"}, []v{play("chao")}}, redirect},
		},
		"goodbye": {
			[]ivr.Action{{Play: "tam_biet"}, {Hangup: true}},
			[]v{play("tam_biet"), {"Hangup", attrs{}, ""}},
		},
	} {
		judge.Tell(map[string]any{"build": c.verbs})
		theirs := peers.Canonical(t, judge.Await("built").Text("document"))
		document := string(New(Account{}).Render(a, ivr.Reply{Step: 3, Actions: c.actions}))
		peers.Valid(t, schema, document)
		if ours := peers.Canonical(t, document); ours != theirs {
			t.Errorf("%s: ours\n%s, theirs\n%s", name, ours, theirs)
		}
	}
}
