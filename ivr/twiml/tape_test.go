package twiml

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

func TestTheRecordingOfAWholeCallIsBroughtHereFromTwilioOnce(t *testing.T) {
	x := webhooktest.NewRecordings(t, func(*http.Request) bool { return true })
	dialect := New(Account{SID: account, Token: secret, API: x.URL})
	w := webhooktest.NewWhere(t, pgtest.New(t), "twilio", ivr.Options{Tape: true}, func(func() time.Time) webhook.Dialect { return dialect })
	b := &bench{Handler: w, t: t, db: w.DB, log: w.Log}
	document := b.document("/voice/twilio/call", form())
	told, starts, asks := strings.Index(document, "/ghi_am.wav"), strings.Index(document, "<Start>"), strings.Index(document, "<Gather")
	if told < 0 || starts < told || asks < starts || strings.Index(document, "<Play>") != strings.LastIndex(document[:told], "<Play>") {
		t.Fatalf("the caller is not told first, recorded then and asked at last:\n%s", document)
	}
	tell := func(status, address string) int {
		return b.post("/voice/twilio/taped", form("RecordingStatus", status, "RecordingSid", "RE7", "RecordingUrl", address, "RecordingDuration", "62")).Code
	}
	wanted := func(n int) {
		t.Helper()
		if got := w.Column(t, `select key from recording_fetches`); len(got) != n {
			t.Fatalf("wanted %v, expected %d", got, n)
		}
	}
	for status, want := range map[string]int{"in-progress": http.StatusNoContent, "absent": http.StatusNoContent, "sung": http.StatusBadRequest} {
		if got := tell(status, x.URL+"/1"); got != want {
			t.Errorf("%s: %d", status, got)
		}
	}
	wanted(0)
	b.post("/voice/twilio/status", form("CallStatus", "completed"))
	w.Now = w.Now.Add(3 * time.Hour) // long after the call, and twice
	for range 2 {
		if got := tell("completed", x.URL+"/1"); got != http.StatusNoContent {
			t.Fatalf("%d", got)
		}
	}
	wanted(1)
	w.Fetch(t, x, "twilio", dialect, time.Minute)
	tell("completed", x.URL+"/other")
	w.Fetch(t, x, "twilio", dialect, time.Hour)
	sum := sha256.Sum256(webhooktest.Voice)
	want := "twilio:RE7 62 " + hex.EncodeToString(sum[:]) + " " + x.URL + "/1 0"
	if got := w.Column(t, `select sid || ' ' || seconds || ' ' || sha256 || ' ' || source || ' ' || (select count(*) from spoken_messages) from call_recordings`); len(got) != 1 || got[0] != want {
		t.Errorf("kept %v, expected %s", got, want)
	}
	if x.Asked() != 1 {
		t.Errorf("fetched %d times", x.Asked())
	}
	unknown := form("RecordingStatus", "completed", "RecordingSid", "RE8", "RecordingUrl", x.URL+"/8")
	unknown.Set("CallSid", "CA999")
	if got := b.post("/voice/twilio/taped", unknown).Code; got != http.StatusNotFound {
		t.Errorf("of a call never heard of: %d", got)
	}
}
