package simulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ward is a recorded TwiML server: a document for each path, and what it was asked, in order.
type ward struct {
	t         *testing.T
	documents map[string]string
	asked     []string // "path key=value ..." of the fields that change during a call
}

func (w *ward) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	switch {
	case strings.HasSuffix(r.URL.Path, ".wav"):
		_, _ = rec.Write(silence(4 * time.Second))
	case strings.HasSuffix(r.URL.Path, ".txt"):
		fmt.Fprintln(rec, "lời của "+strings.TrimSuffix(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], ".txt"))
	default:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		if want := Sign("12345", r.URL.String(), form); r.Header.Get("X-Twilio-Signature") != want {
			w.t.Errorf("%s is not signed", r.URL)
		}
		line := strings.TrimPrefix(r.URL.Path, "/voice/thu/")
		for _, k := range []string{"CallStatus", "Digits", "FinishedOnKey", "DialCallStatus", "DialCallDuration", "RecordingDuration", "CallDuration"} {
			if v, ok := form[k]; ok {
				line += " " + k + "=" + v[0]
			}
		}
		w.asked = append(w.asked, line)
		doc, ok := w.documents[r.URL.Path]
		if !ok && !strings.HasSuffix(r.URL.Path, "/status") {
			rec.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(rec, doc)
	}
	return rec.Result(), nil
}

// step is one thing the caller does, or a time that goes by.
type step struct {
	wait  time.Duration
	press string
	hang  bool
}

func TestConversationsRunAsTheProviderWouldRunThem(t *testing.T) {
	const gather = `<Gather action="menu" numDigits="1" timeout="8" finishOnKey=""><Play>/voice/sounds/chao.wav</Play><Play>/voice/sounds/menu.wav</Play></Gather>`
	play := func(name string) string { return fmt.Sprintf(`<Play>/voice/sounds/%s.wav</Play>`, name) }
	tests := []struct {
		name    string
		docs    map[string]string
		officer Officer
		steps   []step
		asked   []string
		screen  string // the handset's events in one line
	}{
		{
			name:   "a document that ends without a next one ends the call",
			docs:   map[string]string{"call": play("chao")},
			steps:  []step{{wait: 5 * time.Second}},
			asked:  []string{"call CallStatus=ringing", "status CallStatus=completed CallDuration=4"},
			screen: "call:ringing call:in-progress prompt:lời của chao call:completed/hotline",
		},
		{
			name:   "a key stops the prompts and is posted to the action",
			docs:   map[string]string{"call": gather, "menu": `<Hangup/>`},
			steps:  []step{{wait: time.Second}, {press: "2"}},
			asked:  []string{"call CallStatus=ringing", "menu CallStatus=in-progress Digits=2 FinishedOnKey=", "status CallStatus=completed CallDuration=1"},
			screen: "call:ringing call:in-progress gather:1 prompt:lời của chao quiet gathered:2 call:completed/hotline",
		},
		{
			name:   "without a key the timeout begins after the prompts, then the next verb runs",
			docs:   map[string]string{"call": gather + `<Redirect>again</Redirect>`, "again": `<Say>Xin chào ông bà</Say>`},
			steps:  []step{{wait: 20 * time.Second}},
			asked:  []string{"call CallStatus=ringing", "again CallStatus=in-progress", "status CallStatus=completed CallDuration=17"},
			screen: "call:ringing call:in-progress gather:1 prompt:lời của chao prompt:lời của menu gathered: prompt:Xin chào ông bà call:completed/hotline",
		},
		{
			name:  "digits end at the finishing key, which is not among them",
			docs:  map[string]string{"call": `<Gather action="/voice/thu/number" timeout="4"/>`, "number": `<Hangup/>`},
			steps: []step{{press: "0905"}, {wait: 3 * time.Second}, {press: "1#"}},
			asked: []string{"call CallStatus=ringing", "number CallStatus=in-progress Digits=09051 FinishedOnKey=#", "status CallStatus=completed CallDuration=3"},
		},
		{
			name:  "digits are posted when the caller falls silent",
			docs:  map[string]string{"call": `<Gather action="number" timeout="4"/>`, "number": `<Hangup/>`},
			steps: []step{{press: "113"}, {wait: 4 * time.Second}},
			asked: []string{"call CallStatus=ringing", "number CallStatus=in-progress Digits=113 FinishedOnKey=", "status CallStatus=completed CallDuration=4"},
		},
		{
			name:  "the finishing key alone is no input",
			docs:  map[string]string{"call": `<Gather action="number"/><Redirect>skipped</Redirect>`, "skipped": `<Hangup/>`},
			steps: []step{{press: "#"}},
			asked: []string{"call CallStatus=ringing", "skipped CallStatus=in-progress", "status CallStatus=completed CallDuration=0"},
		},
		{
			name:  "the finishing key alone is posted where the document asks for empty results",
			docs:  map[string]string{"call": `<Gather action="number" actionOnEmptyResult="true"/>`, "number": `<Hangup/>`},
			steps: []step{{press: "#"}},
			asked: []string{"call CallStatus=ringing", "number CallStatus=in-progress Digits= FinishedOnKey=#", "status CallStatus=completed CallDuration=0"},
		},
		{
			name:  "keys pressed while nobody gathers are lost",
			docs:  map[string]string{"call": play("chao") + gather, "menu": `<Hangup/>`},
			steps: []step{{wait: time.Second}, {press: "9"}, {wait: 4 * time.Second}, {press: "1"}},
			asked: []string{"call CallStatus=ringing", "menu CallStatus=in-progress Digits=1 FinishedOnKey=", "status CallStatus=completed CallDuration=5"},
		},
		{
			name:   "a caller who hangs up midway is reported at once",
			docs:   map[string]string{"call": gather},
			steps:  []step{{wait: 2 * time.Second}, {hang: true}},
			asked:  []string{"call CallStatus=ringing", "status CallStatus=completed CallDuration=2"},
			screen: "call:ringing call:in-progress gather:1 prompt:lời của chao call:completed/handset",
		},
		{
			name:    "an officer who answers talks until the caller hangs up",
			docs:    map[string]string{"call": `<Dial action="dialled" timeout="20"><Number>+842363111222</Number></Dial>`},
			officer: Officer{Outcome: "answer", After: 3 * time.Second},
			steps:   []step{{wait: 63 * time.Second}, {hang: true}},
			asked: []string{
				"call CallStatus=ringing", "dialled CallStatus=completed DialCallStatus=completed DialCallDuration=60",
				"status CallStatus=completed CallDuration=63",
			},
			screen: "call:ringing call:in-progress dial:ringing dial:answered dial:completed call:completed/handset",
		},
		{
			name:    "an officer who does not answer sends the call on",
			docs:    map[string]string{"call": `<Dial action="dialled" timeout="20">0236</Dial>`, "dialled": play("ban")},
			officer: Officer{Outcome: "no-answer"},
			steps:   []step{{wait: 25 * time.Second}},
			asked: []string{
				"call CallStatus=ringing", "dialled CallStatus=in-progress DialCallStatus=no-answer DialCallDuration=0",
				"status CallStatus=completed CallDuration=24",
			},
		},
		{
			name:    "a busy officer sends the call on",
			docs:    map[string]string{"call": `<Dial action="dialled"><Number>0236</Number></Dial>`, "dialled": `<Hangup/>`},
			officer: Officer{Outcome: "busy"},
			steps:   []step{{wait: 3 * time.Second}},
			asked: []string{
				"call CallStatus=ringing", "dialled CallStatus=in-progress DialCallStatus=busy DialCallDuration=0",
				"status CallStatus=completed CallDuration=2",
			},
		},
		{
			name:  "a recording ends at a key and is posted with its length",
			docs:  map[string]string{"call": `<Record action="spoken" maxLength="60"/>`, "spoken": `<Hangup/>`},
			steps: []step{{wait: 6 * time.Second}, {press: "#"}},
			asked: []string{"call CallStatus=ringing", "spoken CallStatus=in-progress Digits=# RecordingDuration=6", "status CallStatus=completed CallDuration=6"},
		},
		{
			name:  "a recording is posted when the caller hangs up",
			docs:  map[string]string{"call": `<Record action="spoken"/>`},
			steps: []step{{wait: 6 * time.Second}, {hang: true}},
			asked: []string{"call CallStatus=ringing", "spoken CallStatus=completed Digits=hangup RecordingDuration=6", "status CallStatus=completed CallDuration=6"},
		},
		{
			name:   "a rejected call is never answered",
			docs:   map[string]string{"call": `<Reject reason="busy"/>`},
			asked:  []string{"call CallStatus=ringing", "status CallStatus=busy"},
			screen: "call:ringing call:busy/hotline",
		},
		{
			name:   "an unknown verb ends the call with the provider's error",
			docs:   map[string]string{"call": `<Sing/>`},
			asked:  []string{"call CallStatus=ringing", "status CallStatus=completed CallDuration=0"},
			screen: "call:ringing call:in-progress call:completed/error",
		},
		{
			name:   "a webhook that answers 404 fails the call",
			asked:  []string{"call CallStatus=ringing", "status CallStatus=failed"},
			screen: "call:ringing call:failed/error",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// In a bubble time stands still until everybody waits, then moves to the next timer: a sleep moves the clock.
			synctest.Test(t, func(t *testing.T) {
				w := &ward{t: t, documents: map[string]string{}}
				for path, doc := range tt.docs {
					w.documents["/voice/thu/"+path] = "<?xml version='1.0'?><Response>" + doc + "</Response>"
				}
				s, err := New(Options{
					SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Officer: tt.officer,
					VoiceURL: "http://ward.test", VoiceProvider: "thu", VoiceAccount: "AC1", VoiceSecret: "12345",
					Client: &http.Client{Transport: w}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
				})
				if err != nil {
					t.Fatal(err)
				}
				s.base = t.Context()
				events, stop := s.phone.watch("84901234567")
				defer stop()
				if err := s.Call("0901 234 567", "02363111222", false); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				for _, st := range tt.steps {
					time.Sleep(st.wait)
					synctest.Wait()
					if st.press != "" {
						err = s.Press("0901234567", st.press)
					}
					if st.hang {
						err = s.HangUp("0901234567")
					}
					if err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				if _, err := s.phone.inCall("84901234567"); err == nil {
					t.Error("the call has not ended")
					_ = s.HangUp("0901234567")
				}
				s.calls.Wait()
				if d := cmp.Diff(tt.asked, w.asked); d != "" {
					t.Errorf("webhooks (-want +got):\n%s", d)
				}
				if got := screen(events); tt.screen != "" && got != tt.screen {
					t.Errorf("screen\n got %s\nwant %s", got, tt.screen)
				}
			})
		})
	}
}

// screen writes the events that have come as one line.
func screen(events <-chan Event) string {
	var out []string
	for {
		select {
		case e := <-events:
			s := e.Name
			switch e.Name {
			case "call", "dial":
				s += ":" + e.State
				if e.Reason != "" {
					s += "/" + e.Reason
				}
			case "gather":
				s += fmt.Sprint(":", e.Digits)
			case "prompt", "gathered", "sms":
				s += ":" + e.Text
			}
			out = append(out, s)
		default:
			return strings.Join(out, " ")
		}
	}
}

func TestTheFirstWebhookTellsWhoCallsWhom(t *testing.T) {
	var got url.Values
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		if got == nil {
			got = r.PostForm
		}
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader([]byte("<Response/>"))), Request: r}, nil
	})}
	s, err := New(Options{
		SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", VoiceURL: "http://ward.test/", VoiceProvider: "thu", VoiceAccount: "AC1", Client: client,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.base = context.Background()
	if err := s.Call("0901234567", "02363111222", false); err != nil {
		t.Fatal(err)
	}
	s.calls.Wait()
	if !strings.HasPrefix(got.Get("CallSid"), "CA") || len(got.Get("CallSid")) != 34 {
		t.Errorf("CallSid %q", got.Get("CallSid"))
	}
	got.Del("CallSid")
	want := url.Values{
		"AccountSid": {"AC1"}, "From": {"+84901234567"}, "Caller": {"+84901234567"}, "To": {"+842363111222"}, "Called": {"+842363111222"},
		"CallStatus": {"ringing"}, "ApiVersion": {"2010-04-01"}, "Direction": {"inbound"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSignatureIsThatOfTheProvidersOwnExample(t *testing.T) {
	got := Sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "From": {"+14158675309"}, "Digits": {"1234"}, "To": {"+18005551212"},
	})
	if want := "RSOYDt4T1cUTdK1PDd93/VVr8B8="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDocumentsThatAreNotTwiMLAreRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"empty": "", "a page": "<html></html>", "cut short": "<Response><Play>x", "not XML": "xin chào", "crossed": "<Response><Say></Response></Say>",
	} {
		if _, err := parseDocument(strings.NewReader(doc)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAddressesThatOthersCouldReachAreRefusedUnlessTold(t *testing.T) {
	for _, addr := range []string{":2775", "0.0.0.0:2775", "192.0.2.1:2775", "ward.test:2775", "127.0.0.1"} {
		if _, err := New(Options{SMPPAddr: addr, HTTPAddr: "127.0.0.1:0"}); err == nil {
			t.Errorf("%q was taken", addr)
		}
	}
	if _, err := New(Options{SMPPAddr: "0.0.0.0:2775", HTTPAddr: "[::1]:0", AllowRemote: true}); err != nil {
		t.Error(err)
	}
}
