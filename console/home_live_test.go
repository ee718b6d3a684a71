package console

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestTheHomesOfWardAndOperatorFetchThemselvesAgainWhenSomethingChanges(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	ctx := context.Background()
	ward, operator := h.as(Ward), h.as(Operator)
	for b, want := range map[*browser][]string{ward: {"/home/to_do", "/home/today", "/home/behind", "/home/import"}, operator: {"/home/system_do"}} {
		page := b.get("/").body
		for _, section := range want {
			if !strings.Contains(page, `data-part="`+section+`"`) || b.get(section).status != 200 {
				t.Errorf("%s does not fetch itself", section)
			}
		}
	}
	revision := func(topic string) string {
		t.Helper()
		got, err := h.revisionOf(ctx, topic)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	was, calm := revision(wardTopic), revision(systemTopic)
	if revision(wardTopic) != was {
		t.Error("the ward's home changes by itself")
	}
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"a campaign is written", func() { ward.post("/campaigns/new", goodForm("name", "Nhắc tháng 11")...) }},
		{"it is submitted", func() { ward.post("/campaigns/1/submit") }},
		{"a link comes", func() { h.linkUp("viettel", 7) }},
		{"the day ends", func() { h.clock.set(24 * time.Hour) }},
	} {
		step.do()
		now := revision(wardTopic)
		if now == was {
			t.Errorf("the ward's home hears nothing when %s", step.what)
		}
		was = now
	}
	if revision(systemTopic) == calm {
		t.Error("the operator's home hears nothing of a link that came")
	}
}

func TestADearQuestionIsAskedSeldom(t *testing.T) {
	now, asked := time.Unix(0, 0), 0
	ask := seldom(func() time.Time { return now }, 10*time.Second, func(context.Context) (string, error) {
		asked++
		return "x", nil
	})
	for range 21 { // every two seconds, for forty
		if got, err := ask(context.Background(), ""); got != "x" || err != nil {
			t.Fatal(got, err)
		}
		now = now.Add(2 * time.Second)
	}
	if asked != 5 {
		t.Errorf("asked %d times", asked)
	}
}
