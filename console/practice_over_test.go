package console

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"testing"

	"canhgiac/residents"
)

// A page of the practice ward may lie open, and fetch its parts again, while a colleague takes that ward away.
func TestAPageLeftOpenInPracticeLeadsOutWhenPracticeIsTakenAway(t *testing.T) {
	var db *sql.DB
	h := newHouse(t, withPractice(t, &db))
	b := h.as(Ward)
	part, err := http.NewRequest("GET", b.home+"/practice/campaigns/1/progress", nil)
	if err != nil {
		t.Fatal(err)
	}
	part.Header.Set("X-Part", "1")
	if got := b.do(part); got.status != http.StatusNoContent || got.header.Get("X-Door") != firstDayPath {
		t.Errorf("a part: %d, door %q: its page is not led out", got.status, got.header.Get("X-Door"))
	}
	if got := b.get("/practice/campaigns/1"); got.status != http.StatusSeeOther || got.header.Get("Location") != firstDayPath {
		t.Errorf("the page itself: %d to %q", got.status, got.header.Get("Location"))
	}
	// Between two reads of one page: the campaign was found still, its ward was not.
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/campaigns/1/progress", nil)
	r.Header.Set("X-Part", "1")
	h.Console.practice.fail(w, r, residents.ErrNoWard)
	if w.Code != http.StatusNoContent || w.Header().Get("X-Door") != firstDayPath {
		t.Errorf("in the midst of a page: %d, door %q", w.Code, w.Header().Get("X-Door"))
	}
	if got := b.post("/first-day/begin"); got.status != http.StatusSeeOther {
		t.Fatalf("begin: %d", got.status)
	}
	if got := b.get("/practice/campaigns/999"); got.status != http.StatusNotFound {
		t.Errorf("what is not there in a practice that goes on: %d", got.status)
	}
}
