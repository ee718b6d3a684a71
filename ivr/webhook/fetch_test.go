package webhook_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"canhgiac/ivr"
	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

// TestOnlyTheProvidersOwnHostsAreAskedForRecordings: what a webhook names may be anything.
func TestOnlyTheProvidersOwnHostsAreAskedForRecordings(t *testing.T) {
	inner := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("a foreign host is asked for %s", r.URL) }))
	defer inner.Close()
	foreign := httptest.NewTLSServer(inner.Config.Handler)
	defer foreign.Close()
	x := webhooktest.NewRecordings(t, func(*http.Request) bool { return true })
	gives := x.Answer(nil)
	seconds := webhooktest.NewRecordings(t, func(r *http.Request) bool { return r.Header.Get("Authorization") == "" })
	host := strings.TrimPrefix(seconds.URL, "https://")
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	says := func(b []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) }
	}
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
	}
	for _, c := range []struct {
		is, address string
		answer      http.HandlerFunc
		why         string
	}{
		{"the provider's", x.URL + "/1", gives, ""},
		{"forwarded to another host of its, without our key", x.URL + "/1", redirect(seconds.URL + "/1"), ""},
		{"forwarded to a foreign host", x.URL + "/1", redirect(foreign.URL + "/1"), ivr.SoundForeign},
		{"forwarded out of TLS", x.URL + "/1", redirect("http://" + strings.TrimPrefix(x.URL, "https://")), ivr.SoundForeign},
		{"forwarded to the cloud's own secrets", x.URL + "/1", redirect("http://169.254.169.254/latest/meta-data"), ivr.SoundForeign},
		{"forwarded round and round", x.URL + "/1", redirect("/1"), ivr.SoundUnreached},
		{"a foreign host", foreign.URL + "/1", gives, ivr.SoundForeign},
		{"a service of this machine", inner.URL + "/1", gives, ivr.SoundForeign},
		{"no TLS", "http://" + strings.TrimPrefix(x.URL, "https://"), gives, ivr.SoundForeign},
		{"a host hidden behind a name", "https://" + strings.TrimPrefix(x.URL, "https://") + "@" + strings.TrimPrefix(foreign.URL, "https://"), gives, ivr.SoundForeign},
		{"a name before the host", "https://a@" + strings.TrimPrefix(x.URL, "https://"), gives, ivr.SoundForeign},
		{"a file", "file:///etc/passwd", gives, ivr.SoundForeign},
		{"no address", "RE1\x7f%", gives, ivr.SoundForeign},
		{"our key refused", x.URL + "/1", status(401), ivr.SoundRefused},
		{"deleted", x.URL + "/1", status(404), ivr.SoundGone},
		{"trouble", x.URL + "/1", status(500), ivr.SoundUnreached},
		{"a page instead of a sound", x.URL + "/1", says([]byte("<html>Please sign in")), ivr.SoundNoAudio},
		{"nothing", x.URL + "/1", says(nil), ivr.SoundNoAudio},
		{"endless", x.URL + "/1", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(bytes.NewReader(bytes.Repeat(webhooktest.Voice, 140_000)), webhook.RecordingLimit+2))
		}, ivr.SoundTooLarge},
	} {
		x.Answer(c.answer)
		s := webhook.NewSource(webhook.Provider{Name: "a", Dialect: twiml.New(twiml.Account{Key: "k", KeySecret: "s"})}, x.URL, []string{host}, x.Client())
		sound, err := s.Fetch(t.Context(), c.address)
		var no ivr.NoSound
		_ = errors.As(err, &no)
		if no.Why != c.why || c.why == "" && (err != nil || !bytes.Equal(sound.Data, webhooktest.Voice)) {
			t.Errorf("%s: %v, expected %q", c.is, err, c.why)
		}
	}
}
