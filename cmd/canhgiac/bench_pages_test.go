package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTheBenchOpensEachPageOfAWardThatItBuilt(t *testing.T) {
	r, err := benchPages(context.Background(), pagesOptions{residents: 1000, times: 1, clients: 2}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range r.Pages {
		seen[string(p.Role)+" "+p.Path] = true
		if p.Status >= http.StatusInternalServerError || p.Status == http.StatusForbidden || p.Status == http.StatusUnauthorized {
			t.Errorf("%s %s: %d", p.Role, p.Path, p.Status)
		}
		if p.Asks == 0 && p.Status == http.StatusOK {
			t.Errorf("%s %s asked the database nothing", p.Role, p.Path)
		}
		if p.P50 <= 0 || p.P95 < p.P50 || p.Max < p.P95 {
			t.Errorf("%s %s took %.1f, %.1f, %.1f ms", p.Role, p.Path, p.P50, p.P95, p.Max)
		}
	}
	for _, page := range []string{"ward /", "police /", "operator /", "ward /residents?q=nguyen+thi+lan", "ward /campaigns/12", "police /reports?state=new", "operator /audit", "police /home/urgent"} {
		if !seen[page] {
			t.Errorf("nobody opened %s", page)
		}
	}
	for _, skipped := range r.Skipped {
		t.Errorf("no address for %s", skipped)
	}
	if r.Messages < 1000 || r.Together.Rate <= 0 {
		t.Errorf("%d messages; together %.1f pages a second", r.Messages, r.Together.Rate)
	}
}

func TestTheFirstDayGoesFromTheListToTheExport(t *testing.T) {
	var said strings.Builder
	if err := benchFirstDay(context.Background(), pagesOptions{residents: 1000}, &said, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"and kept", "the second officer approves", "written out, and watched", "the file fetched", "p95"} {
		if !strings.Contains(said.String(), step) {
			t.Errorf("no word of %q in\n%s", step, said.String())
		}
	}
}
