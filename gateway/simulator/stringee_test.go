package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStringeesConversations: the events that each array of actions leads to, signed as Stringee signs them.
func TestStringeesConversations(t *testing.T) {
	const words = `{"action":"stream","fileName":"http://ward.test/chao.wav","bargeIn":true},`
	input := func(more string) string {
		return words + `{"action":"input","eventUrl":"http://ward.test/keys","timeOut":9,"timeout":9` + more + `}`
	}
	for _, tt := range []struct {
		name    string
		docs    map[string]string
		officer Officer
		steps   []step
		asked   []string
	}{
		{"a key stops the words", map[string]string{"/voice/vn/call": input(`,"maxDigits":1,"submitOnHash":false`)}, Officer{},
			[]step{{wait: time.Second}, {press: "2"}},
			[]string{"call", "keys dtmf=2 timeout=false", "ended callType=IVR answerDuration=1"}},
		{"time begins with the words, and silence is told", map[string]string{"/voice/vn/call": input(`,"maxDigits":1`)}, Officer{},
			[]step{{wait: 9 * time.Second}},
			[]string{"call", "keys dtmf= timeout=true", "ended callType=IVR answerDuration=9"}},
		{"# ends a number and is not among its digits", map[string]string{"/voice/vn/call": input(`,"submitOnHash":true,"customField":"number"`)}, Officer{},
			[]step{{press: "0905#"}},
			[]string{"call", "keys dtmf=0905 timeout=false customField=number", "ended callType=IVR answerDuration=0"}},
		{"nobody answers: only that is told", map[string]string{
			"/voice/vn/call": `{"action":"connect","to":{"number":"113"},"timeout":20,"continueOnFail":true,"onFailEventUrl":"http://ward.test/failed"},` + input(""),
			"/failed":        `{"action":"recordMessage","eventUrl":"http://ward.test/spoken","timeout":60000,"silenceTimeout":5000}`}, Officer{Outcome: "no-answer"},
			[]step{{wait: 26 * time.Second}, {press: "#"}},
			[]string{"call", "failed call_status=connect_failed", "spoken duration=6", "ended callType=IVR answerDuration=26"}},
		{"an officer talks, and the array goes on", map[string]string{
			"/voice/vn/call": `{"action":"connect","to":{"number":"113"},"timeout":20,"onFailEventUrl":"http://ward.test/failed"},{"action":"input","eventUrl":"http://ward.test/keys","timeOut":1}`},
			Officer{Outcome: "answer", After: time.Second, Talk: 5 * time.Second},
			[]step{{wait: 7 * time.Second}},
			[]string{"call", "keys dtmf= timeout=true", "ended callType=CALL answerDuration=7"}},
		{"an empty array answers nobody", map[string]string{"/voice/vn/call": ""}, Officer{}, nil, []string{"call", "ended callType=IVR answerDuration=0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []string
				client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					rec := httptest.NewRecorder()
					switch {
					case strings.HasSuffix(r.URL.Path, ".wav"):
						_, _ = rec.Write(silence(4 * time.Second))
						return rec.Result(), nil
					case strings.HasSuffix(r.URL.Path, ".txt"):
						return rec.Result(), nil
					}
					var body []byte
					if r.Body != nil {
						var err error
						if body, err = io.ReadAll(r.Body); err != nil {
							return nil, err
						}
					}
					signed, line := string(body), strings.TrimPrefix(r.URL.Path, "/")
					if r.Method == http.MethodGet {
						signed, line = r.URL.RequestURI(), "call"
					}
					if r.Header.Get("X-STRINGEE-SIGNATURE") != SignStringee("k3y", signed) {
						t.Errorf("%s is not signed", r.URL)
					}
					var event map[string]any
					if r.Method == http.MethodPost {
						if err := json.Unmarshal(body, &event); err != nil {
							return nil, err
						}
					}
					if line == "voice/vn/status" {
						line = fmt.Sprintf("ended callType=%v answerDuration=%v", event["callType"], event["answerDuration"])
					} else {
						for _, k := range []string{"dtmf", "timeout", "call_status", "duration", "customField"} {
							if v, ok := event[k]; ok && v != "" || k == "dtmf" && ok {
								line += fmt.Sprintf(" %s=%v", k, v)
							}
						}
					}
					asked = append(asked, line)
					fmt.Fprintf(rec, "[%s]", tt.docs[r.URL.Path])
					return rec.Result(), nil
				})}
				s, err := New(Options{SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Officer: tt.officer, VoiceURL: "http://ward.test", VoiceProvider: "thu",
					Stringee: Stringee{Provider: "vn", SigningKey: "k3y"}, Client: client, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				s.base = t.Context()
				if err := s.CallByStringee("0901234567", "02473000001", false); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				for _, st := range tt.steps {
					time.Sleep(st.wait)
					synctest.Wait()
					if st.press != "" {
						if err := s.Press("0901234567", st.press); err != nil {
							t.Fatal(err)
						}
					}
					synctest.Wait()
				}
				s.calls.Wait()
				if d := cmp.Diff(tt.asked, asked); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			})
		})
	}
	for _, doc := range []string{"", "{}", "[7]", `[{"action":"sing"}]`} {
		if _, err := parseActions(strings.NewReader(doc)); err == nil {
			t.Errorf("%q was taken", doc)
		}
	}
}
