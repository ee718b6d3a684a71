package console

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheHeadOfAFormThatWasNotSavedLeadsToEachWrongField(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	got := h.signedIn("ward").post("/campaigns/new", "name", "", "text", "", "plain", "", "form", "plain", "audience", "ward", "when", "daily", "time", "25:99", "from", "07:00", "to", "22:00", "per_day", "1", "per_week", "2")
	if got.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d: %s", got.status, got.body)
	}
	head, _, _ := strings.Cut(got.body[strings.Index(got.body, `role="alert"`):], `<form`)
	for _, id := range []string{"name", "text-0", "plain-0", "time"} {
		if !strings.Contains(head, `href="#`+id+`"`) || !strings.Contains(got.body, `id="`+id+`"`) {
			t.Errorf("no way to the field %s: %s", id, head)
		}
	}
	if !strings.Contains(head, "Tin 1, có dấu: Ô này còn trống") {
		t.Errorf("which text is empty is not said: %s", head)
	}
}
