package webhook_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
)

// TestWhatAProviderSaysToACall: it is asked again only while surely nothing reached it; what may ring is left in doubt.
func TestWhatAProviderSaysToACall(t *testing.T) {
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		does  http.HandlerFunc
		sid   string
		err   error // nil with no sid: in doubt
		asked int32
	}{
		"the call is placed":           {says(201, `{"sid":"CA7","status":"queued"}`), "CA7", nil, 1},
		"the number is none":           {says(400, `{"code":21211,"message":"The 'To' number +84901234567 is not a valid phone number."}`), "", ivr.ErrNumber, 1},
		"the account may not":          {says(401, `{"code":20003,"message":"Authenticate"}`), "", ivr.ErrRefused, 1},
		"too many at once":             {says(429, `{"code":20429,"message":"Too Many Requests"}`), "", ivr.ErrRefused, 1},
		"it fails":                     {says(500, `<html>`), "", nil, 1},
		"it takes it, and says no sid": {says(201, `{}`), "", nil, 1},
		"it sends us elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "", nil, 1},
		"it hangs up on us": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
		}, "", nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			x := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
				c.does(w, r)
			}))
			defer x.Close()
			sid, err := dialer(x.URL).Place(t.Context(), placing)
			switch {
			case c.sid != "" && (sid != c.sid || err != nil):
				t.Errorf("%q, %v", sid, err)
			case c.sid == "" && err == nil, c.err != nil && !errors.Is(err, c.err),
				c.sid == "" && c.err == nil && (errors.Is(err, ivr.ErrNumber) || errors.Is(err, ivr.ErrRefused)):
				t.Errorf("error %v, expected %v", err, c.err)
			}
			if asked.Load() != c.asked {
				t.Errorf("asked %d times", asked.Load())
			}
			if err != nil && (strings.Contains(err.Error(), "901234567") || strings.Contains(err.Error(), "token")) {
				t.Errorf("told too much: %v", err)
			}
		})
	}
}

var placing = ivr.Placing{Ref: "7-1", To: "+84901234567", From: "+842473000001", Ring: 30 * time.Second}

func dialer(api string) *webhook.Dialer {
	d := twiml.New(twiml.Account{SID: "AC1", Token: "token", API: api, Key: "AC1", KeySecret: "token"})
	return webhook.NewDialer(webhook.Provider{Name: "twilio", Dialect: d}, "https://canhgiac.vn", nil, slog.New(slog.DiscardHandler))
}

// TestAProviderThatIsNotThere is tried again, and nothing rang: another one may be asked at once.
func TestAProviderThatIsNotThere(t *testing.T) {
	var dialled atomic.Int32
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		dialled.Add(1)
		return nil, &net.OpError{Op: "dial", Err: errors.New("no route to +84901234567")}
	}}
	d := twiml.New(twiml.Account{SID: "AC1", API: "http://api.example"})
	x := webhook.NewDialer(webhook.Provider{Name: "twilio", Dialect: d}, "https://canhgiac.vn", &http.Client{Transport: transport}, slog.New(slog.DiscardHandler))
	if _, err := x.Place(t.Context(), placing); !errors.Is(err, ivr.ErrRefused) || strings.Contains(err.Error(), "901234567") {
		t.Errorf("%v", err)
	}
	if dialled.Load() != 3 {
		t.Errorf("tried %d times", dialled.Load())
	}
	// One that never answers leaves us in doubt when our time is out.
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees us leave
		<-r.Context().Done()
	}))
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := dialer(silent.URL).Place(ctx, placing); err == nil || errors.Is(err, ivr.ErrRefused) || errors.Is(err, ivr.ErrNumber) {
		t.Errorf("one that never answers: %v", err)
	}
}
