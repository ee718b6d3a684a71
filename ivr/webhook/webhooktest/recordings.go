package webhooktest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
)

// Voice is a provider's recording: a WAV of silence, which is long enough to be one.
var Voice = append([]byte("RIFF\x24\x01\x00\x00WAVEfmt \x12\x00\x00\x00"), make([]byte, 280)...)

// Recordings is where a provider keeps what callers spoke: a server with a certificate, that answers as a test says.
type Recordings struct {
	*httptest.Server

	mu     sync.Mutex
	answer http.HandlerFunc
	asked  int
}

// Answer has requests answered otherwise from now on, and gives how they were before.
func (x *Recordings) Answer(with http.HandlerFunc) (before http.HandlerFunc) {
	x.mu.Lock()
	defer x.mu.Unlock()
	before, x.answer = x.answer, with
	return before
}

// Asked is how many requests have come.
func (x *Recordings) Asked() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.asked
}

func (x *Recordings) serve(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.asked++
	answer := x.answer
	x.mu.Unlock()
	answer(w, r)
}

// NewRecordings gives Voice to whom opens lets in.
func NewRecordings(t testing.TB, opens func(r *http.Request) bool) *Recordings {
	t.Helper()
	x := &Recordings{}
	x.Answer(func(w http.ResponseWriter, r *http.Request) {
		if !opens(r) {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(Voice)
	})
	x.Server = httptest.NewTLSServer(http.HandlerFunc(x.serve))
	t.Cleanup(x.Close)
	return x
}

// Fetch tries every recording that is due d from now, once each.
func (b *Bench) Fetch(t testing.TB, x *Recordings, provider string, dialect webhook.Dialect, d time.Duration) {
	t.Helper()
	b.Now = b.Now.Add(d)
	f := b.Hotline.NewFetcher(map[string]ivr.Source{provider: webhook.NewSource(webhook.Provider{Name: provider, Dialect: dialect}, x.URL, nil, x.Client())})
	for more := true; more; {
		var err error
		if more, err = f.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

const keptSQL = `
select k.sha256 || ' ' || k.type || ' ' || k.source || ' ' || (k.fetched_at is not null) || ' ' || (select count(*) from report_messages)
from report_messages m join spoken_messages k on k.sid = m.report_id || ':' || m.sid`

// KeepsWhatWasSpoken: speak has told, once and again, of one message at the address. It is tried while the provider has trouble,
// kept once with its sum, and not fetched again.
func (b *Bench) KeepsWhatWasSpoken(t testing.TB, x *Recordings, provider string, dialect webhook.Dialect, tell func(address string)) {
	t.Helper()
	address := x.URL + "/recordings/1"
	tell(address)
	gives := x.Answer(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "later", http.StatusServiceUnavailable) })
	b.Fetch(t, x, provider, dialect, 10*time.Second)
	if x.Asked() != 1 || len(b.Column(t, keptSQL)) != 0 {
		t.Fatalf("asked %d times, kept %v", x.Asked(), b.Column(t, keptSQL))
	}
	b.Fetch(t, x, provider, dialect, time.Second)
	if x.Asked() != 1 {
		t.Error("a recording is tried again at once")
	}
	x.Answer(gives)
	b.Fetch(t, x, provider, dialect, time.Minute)
	sum := sha256.Sum256(Voice)
	want := hex.EncodeToString(sum[:]) + " audio/wav " + address + " true 1"
	if got := b.Column(t, keptSQL); len(got) != 1 || got[0] != want {
		t.Fatalf("kept %v, expected %s; log\n%s", got, want, b.Log)
	}
	tell(address) // a replay
	b.Fetch(t, x, provider, dialect, time.Hour)
	if x.Asked() != 2 || len(b.Column(t, keptSQL)) != 1 || len(b.Column(t, `select sid from spoken_messages`)) != 1 {
		t.Errorf("a replayed webhook has it fetched again: asked %d times", x.Asked())
	}
	if strings.Contains(strings.Join(b.Column(t, `select coalesce(done_at::text, 'open') from recording_fetches`), " "), "open") {
		t.Error("the fetch is still open")
	}
}
