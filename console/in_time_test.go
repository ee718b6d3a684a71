package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAPageThatTheDatabaseKeepsWaitingSaysSo(t *testing.T) {
	h := newHouse(t)
	b := h.as(Ward)
	h.pageTime = 100 * time.Millisecond
	for _, table := range []string{"console_signins", "units"} { // before the page is reached, and in it
		tx, err := h.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback() //nolint:errcheck // where the test ends early
		if _, err := tx.Exec(`lock table ` + table + ` in access exclusive mode`); err != nil {
			t.Fatal(err)
		}
		b.Timeout = 10 * time.Second
		got := b.get("/residents")
		if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "đang bận") || got.header.Get("Retry-After") == "" {
			t.Errorf("%s is locked: %d\n%s", table, got.status, got.body)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	h.pageTime = pageTime
	if got := b.get("/campaigns"); got.status != http.StatusOK {
		t.Errorf("and then: %d", got.status)
	}
}

func TestWhatTakesLongByItsNatureIsNotCutOff(t *testing.T) {
	h := newHouse(t)
	h.pageTime = 20 * time.Millisecond
	for name, long := range map[string]bool{"a page": false, "a stream": true} {
		ended := false
		h.inTime(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if long {
				takesLong(r)
			}
			select {
			case <-r.Context().Done():
				ended = true
			case <-time.After(50 * h.pageTime):
			}
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if ended == long {
			t.Errorf("%s is cut off: %v", name, ended)
		}
	}
}
