package console

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"canhgiac/ivr"
	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
	"canhgiac/reports"
)

// endless is more sound than any message has.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestTheSystemPageTellsWhyRecordingsDoNotCome(t *testing.T) {
	h := newHouse(t)
	foreign := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a foreign host is asked") }))
	defer foreign.Close()
	provider := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/forwarded":
			http.Redirect(w, r, foreign.URL+"/1", http.StatusFound)
		case "/large":
			_, _ = io.Copy(w, io.LimitReader(endless{}, webhook.RecordingLimit+1))
		case "/page":
			_, _ = io.WriteString(w, "<html>")
		case "/key":
			w.WriteHeader(http.StatusForbidden)
		case "/trouble":
			w.WriteHeader(http.StatusBadGateway)
		default:
			http.NotFound(w, r)
		}
	}))
	defer provider.Close()
	r := h.report(reports.Draft{Ref: "1", Kind: 1})
	dialect := twiml.New(twiml.Account{Key: "k", KeySecret: "s"})
	sources := map[string]ivr.Source{}
	rows := map[string]string{} // provider to the words of its row
	for name, c := range map[string]struct{ address, says string }{
		"p-gone":      {provider.URL + "/gone", "p-gone không còn 1 lời nhắn thoại."},
		"p-foreign":   {foreign.URL + "/1", "1 lời nhắn thoại ở p-foreign có địa chỉ không thuộc nhà cung cấp này"},
		"p-forwarded": {provider.URL + "/forwarded", "1 lời nhắn thoại ở p-forwarded có địa chỉ không thuộc nhà cung cấp này"},
		"p-large":     {provider.URL + "/large", "1 lời nhắn thoại ở p-large quá lớn"},
		"p-page":      {provider.URL + "/page", "1 lời nhắn thoại ở p-page không phải WAV hay MP3."},
		"p-key":       {provider.URL + "/key", "p-key không cho lấy 1 lời nhắn thoại."},
		"p-trouble":   {provider.URL + "/trouble", "p-trouble"},
	} {
		if _, err := h.db.Exec(`insert into recording_fetches (key, report_id, provider, call_sid, url, at, seconds, tries, next_at) values ($1, $2, $1, '1', $3, $4, 3, 2, $4)`,
			name, r.ID, c.address, h.Now()); err != nil { // it has failed twice
			t.Fatal(err)
		}
		sources[name] = webhook.NewSource(webhook.Provider{Name: name, Dialect: dialect}, provider.URL, nil, provider.Client())
		rows[name] = c.says
	}
	before := h.as(Operator).get("/system").body
	f := h.Calls.NewFetcher(sources)
	for more := true; more; {
		var err error
		if more, err = f.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	page := h.as(Operator).get("/system").body
	for name, says := range rows {
		if strings.Contains(before, name) {
			t.Errorf("%s is told of before it has failed three times", name)
		}
		if !strings.Contains(page, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
}
