package reports

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// stand puts a report into a state as later work will: there is no act for most moves yet.
func (d *desk) stand(r Report, s State, t Term, received time.Time) Report {
	d.t.Helper()
	if _, err := d.db.Exec(`update reports set state = $2, term = $3, received_at = $4 where id = $1`, r.ID, s, t, received); err != nil {
		d.t.Fatal(err)
	}
	r.State, r.Term, r.ReceivedAt = s, t, received
	return r
}

func TestWhichDeadlineRunsAndWhenItFallsDue(t *testing.T) {
	const day = 24 * time.Hour
	made := time.Date(2026, 11, 23, 1, 30, 0, 0, time.UTC)
	received := made.Add(2 * time.Hour)
	d := DefaultDeadlines()
	for is, c := range map[string]struct {
		state State
		term  Term
		clock Clock
		due   time.Time
	}{
		"a new report is received within a day":         {New, Ordinary, ToReceive, made.Add(day)},
		"a received one is classified within a day":     {Received, Ordinary, ToClassify, received.Add(day)},
		"an ordinary case is resolved in twenty days":   {Verifying, Ordinary, ToResolve, received.Add(20 * day)},
		"a complex one in sixty":                        {Verifying, Complex, ToResolve, received.Add(60 * day)},
		"one that was extended in a hundred and twenty": {Reopened, Extended, ToResolve, received.Add(120 * day)},
	} {
		r := Report{State: c.state, Term: c.term, CreatedAt: made, ReceivedAt: received}
		due, runs := d.Of(r, made)
		if !runs || due.Clock != c.clock || !due.At.Equal(c.due) || due.Standing != InTime {
			t.Errorf("%s: %+v, %v", is, due, runs)
		}
		takes := due.At.Sub(received)
		if c.state == New {
			takes = day
		}
		for at, want := range map[time.Time]Standing{
			c.due.Add(-takes / 4): InTime, c.due.Add(-takes/4 + time.Second): DueSoon, c.due: DueSoon, c.due.Add(time.Second): Overdue,
		} {
			if due, _ := d.Of(r, at); due.Standing != want {
				t.Errorf("%s: at %s it is %s, want %s", is, at, due.Standing, want)
			}
		}
	}
	for _, s := range []State{Transferred, Answered, Closed} {
		if _, runs := d.Of(Report{State: s, CreatedAt: made, ReceivedAt: received}, made.Add(1000*day)); runs {
			t.Errorf("a deadline runs for what is %s", s)
		}
	}
}

// TestTheListAndTheReportAgreeOnTheDeadline: one is asked of PostgreSQL, the other of Go.
func TestTheListAndTheReportAgreeOnTheDeadline(t *testing.T) {
	d := newDesk(t)
	start := d.at
	var all []Report
	for _, s := range States() {
		for _, term := range Terms() {
			r := d.save(Draft{Origin: "call", Ref: fmt.Sprint(s, term), Kind: 1})
			all = append(all, d.stand(r, s, term, start.Add(time.Hour)))
		}
	}
	for _, later := range []time.Duration{0, 19 * time.Hour, 25 * time.Hour, 16 * 24 * time.Hour, 21 * 24 * time.Hour, 50 * 24 * time.Hour, 61 * 24 * time.Hour, 100 * 24 * time.Hour, 121 * 24 * time.Hour} {
		d.at = start.Add(later)
		want := map[string]Standing{}
		for _, r := range all {
			if due, runs := d.Deadlines.Of(r, d.at); runs && due.Standing != InTime {
				want[r.Code] = due.Standing
			}
		}
		got := map[string]Standing{}
		for _, standing := range []Standing{DueSoon, Overdue} {
			p, err := d.List(context.Background(), Filter{Standing: standing, ByDeadline: true})
			if err != nil {
				t.Fatal(err)
			}
			last := time.Time{}
			for _, r := range p.Reports {
				got[r.Code] = standing
				due, _ := d.Deadlines.Of(r, d.at)
				if due.At.Before(last) {
					t.Errorf("after %s: %s stands below a later deadline", later, r.Code)
				}
				last = due.At
			}
			if p.Total != len(p.Reports) {
				t.Errorf("after %s: %d of %d", later, len(p.Reports), p.Total)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after %s:\n the list says %v\n the reports  %v", later, got, want)
		}
	}
}

func TestATermIsSetForAReasonThatStaysInTheRecord(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	r := d.save(Draft{Origin: "call", Ref: "1", Kind: 1})
	if err := d.SetTerm(ctx, r.Code, officer, Complex, "Quyết định 12/QĐ"); !errors.Is(err, ErrMove) {
		t.Errorf("before it was received: %v", err)
	}
	if err := d.Receive(ctx, r.Code, officer); err != nil {
		t.Fatal(err)
	}
	for _, reason := range []string{"", "  "} {
		if err := d.SetTerm(ctx, r.Code, officer, Complex, reason); !errors.Is(err, ErrReason) {
			t.Errorf("without a reason: %v", err)
		}
	}
	if err := d.SetTerm(ctx, r.Code, officer, "long", "x"); !errors.Is(err, ErrDraft) {
		t.Errorf("a term that there is not: %v", err)
	}
	if err := d.SetTerm(ctx, r.Code, officer, Complex, "Quyết định 12/QĐ"); err != nil {
		t.Fatal(err)
	}
	if err := d.SetTerm(ctx, r.Code, officer, Complex, "lần nữa"); !errors.Is(err, ErrMove) {
		t.Errorf("the same term again: %v", err)
	}
	got, err := d.Get(ctx, r.Code, officer)
	if err != nil {
		t.Fatal(err)
	}
	last := got.Events[len(got.Events)-1]
	if got.Term != Complex || last.Act != "term" || last.Key != "complex" || last.Raw != "Quyết định 12/QĐ" || last.Who != officer.Name || got.Broken != 0 {
		t.Errorf("%s %+v", got.Term, last)
	}
}

func TestNumbersThatSeveralReportsNameStandTogether(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	start := d.at
	named := func(ref, number string, kind, band int, money string) Report {
		d.at = d.at.Add(time.Minute)
		return d.save(Draft{Origin: "call", Ref: ref, Kind: kind, ScamNumber: number, Band: band, Money: money, Complete: true})
	}
	named("1", "0912345678", 1, 2, "lost")
	named("2", "84912345678", 5, 5, "lost") // another way of writing it
	named("3", "0912345678", 1, 0, "")
	named("4", "0900000001", 1, 0, "")
	named("5", "", 1, 0, "")
	named("6", "", 1, 0, "")
	d.save(Draft{Origin: "call", Ref: "7", Kind: 1, ScamNumber: "0900000001", Cancelled: true})
	got, err := d.Clusters(ctx, nil, start, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Reports != 3 || fmt.Sprint(got[0].Kinds) != "[1 5]" || got[0].Band != 2 || got[0].Lost != 2 || !got[0].Newest.Equal(start.Add(3*time.Minute)) {
		t.Errorf("%+v", got)
	}
	p, err := d.List(ctx, Filter{Number: "0912 345 678"})
	if err != nil || p.Total != 3 {
		t.Errorf("%d reports name it: %v", p.Total, err)
	}
	if got, err := d.Clusters(ctx, nil, start.Add(2*time.Minute+time.Second), 10); err != nil || len(got) != 0 {
		t.Errorf("since the third: %+v %v", got, err)
	}
}
