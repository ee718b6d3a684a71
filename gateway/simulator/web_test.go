package simulator

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTheControlAPIRefusesBadInputInPlainWords(t *testing.T) {
	s := run(t, Options{VoiceURL: "http://127.0.0.1:1", VoiceProvider: "thu"})
	tests := []struct {
		name, method, path, body string
		status                   int
		words                    string
	}{
		{"a number of letters", "POST", "/handsets/abc/sms", `{"to":"8088","text":"DK"}`, 400, "Số máy"},
		{"a number too long", "POST", "/handsets/0901234567890123/sms", `{"to":"8088","text":"DK"}`, 400, "Số máy"},
		{"no receiver", "POST", "/handsets/0901234567/sms", `{"text":"DK"}`, 400, "Số máy"},
		{"an empty text", "POST", "/handsets/0901234567/sms", `{"to":"8088","text":"  "}`, 400, "trống"},
		{"a text too long", "POST", "/handsets/0901234567/sms", `{"to":"8088","text":"` + strings.Repeat("a", textLimit+1) + `"}`, 400, "quá dài"},
		{"no JSON", "POST", "/handsets/0901234567/sms", `to=8088`, 400, "đúng dạng"},
		{"a body without an end", "POST", "/handsets/0901234567/sms", `{"text":"` + strings.Repeat("a", bodyLimit) + `"}`, 400, "đúng dạng"},
		{"letters as keys", "POST", "/handsets/0901234567/keys", `{"digits":"12a"}`, 400, "phím"},
		{"no keys", "POST", "/handsets/0901234567/keys", `{"digits":""}`, 400, "phím"},
		{"keys outside a call", "POST", "/handsets/0901234567/keys", `{"digits":"1"}`, 409, "không có cuộc gọi"},
		{"hanging up outside a call", "POST", "/handsets/0901234567/hangup", ``, 409, "không có cuộc gọi"},
		{"a code that is none", "POST", "/handsets/0901234567/ussd", `{"code":"101"}`, 400, "*8088#"},
		{"a code while nobody is bound", "POST", "/handsets/0901234567/ussd", `{"code":"*101#"}`, 503, "Chưa nối nhà mạng"},
		{"an answer outside a dialog", "POST", "/handsets/0901234567/ussd", `{"text":"1"}`, 409, "không có phiên"},
		{"cancelling outside a dialog", "POST", "/handsets/0901234567/ussd", `{"cancel":true}`, 409, "không có phiên"},
		{"an officer who sleeps", "PUT", "/officer", `{"outcome":"asleep"}`, 400, "answer"},
		{"messages of nobody", "GET", "/messages", ``, 400, "Số máy"},
		{"a recording that is not", "GET", "/recordings/RE1", ``, 404, ""},
		{"another path", "GET", "/handsets", ``, 404, ""},
		{"another method", "GET", "/handsets/0901234567/sms", ``, 405, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := ask(t, s, tt.method, tt.path, tt.body)
			if status != tt.status || !strings.Contains(body, tt.words) {
				t.Errorf("%d %s, want %d %q", status, body, tt.status, tt.words)
			}
		})
	}
	if n := s.Accepted().Waiting; n != 0 {
		t.Errorf("%d texts were sent", n)
	}
}

func TestAnotherSitesPageCannotActAsAResident(t *testing.T) {
	s := run(t, Options{})
	r, err := http.NewRequest("POST", "http://"+s.HTTPAddr()+"/handsets/0901234567/sms", strings.NewReader(`{"to":"8088","text":"DK"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://evil.test")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden || s.Accepted().Waiting != 0 {
		t.Errorf("answered %s", resp.Status)
	}
}

func TestAPageThatOpensIsToldWhatStoodThere(t *testing.T) {
	s := run(t, Options{})
	for _, text := range []string{"DK", "TC"} {
		if status, body := ask(t, s, "POST", "/handsets/0901234567/sms", `{"to":"8088","text":"`+text+`"}`); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, body)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.HTTPAddr()+"/handsets/+84901234567/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %s", got)
	}
	lines := bufio.NewScanner(resp.Body)
	for _, want := range []string{"DK", "TC"} {
		for lines.Scan() && lines.Text() != "event: sms" {
		}
		lines.Scan()
		var e Event
		if err := json.Unmarshal([]byte(strings.TrimPrefix(lines.Text(), "data: ")), &e); err != nil {
			t.Fatal(err)
		}
		if e.Text != want || !e.Recent || e.From != "0901234567" || e.To != "8088" {
			t.Errorf("told %+v, want %s", e, want)
		}
	}
}

func ask(t *testing.T, s *Simulator, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+s.HTTPAddr()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
