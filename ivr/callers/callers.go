// Package callers is a town of made-up people who ring the hotline and dial its USSD code as people do: slowly, forgetfully,
// with unsteady hands, on lines that break off and tell things twice. Each keeps notes of what was pressed and what was
// heard, by the words alone, and complains where the hotline does not keep to them:
//
//   - nobody is hung up on before a code, an officer, a message or a goodbye that was asked for;
//   - every way ends: who does nothing more is let go of, and three failures in a row lead to a person;
//   - every report that was begun is kept as far as it was told, once, with every key on its record;
//   - what was read back is what is sent, and no key typed ahead sends or cancels anything;
//   - a step told twice, late or on two lines at once changes nothing and gets the answer that it got.
//
// A person is made from the seed and a number alone, and can be replayed alone.
package callers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"canhgiac/ivr"
)

// Options are one run.
type Options struct {
	Seed  uint64
	First int // number of the first person
	Calls int // calls and USSD sessions, at least; who has begun goes on to the end
	Lines int // people at once
	DB    *sql.DB

	// Hotline makes one more node of the hotline, with a clock of its own.
	Hotline func(now func() time.Time) (*ivr.Hotline, error)
}

// Result is what came of a run.
type Result struct {
	People    int         `json:"people"`
	Calls     int         `json:"calls"`
	Sessions  int         `json:"ussd_sessions"`
	Steps     int         `json:"steps"`
	Repeated  int         `json:"repeated"` // steps told once more, late, or twice at once
	Reports   int         `json:"reports"`
	Sent      int         `json:"sent"`
	Cancelled int         `json:"cancelled"`
	Partial   int         `json:"partial"` // broken off, and kept
	WentOn    int         `json:"went_on"` // reports gone on with in a later conversation
	Officers  int         `json:"officers"`
	Messages  int         `json:"messages"`
	Longest   int         `json:"longest"` // steps of one conversation
	Broken    []Complaint `json:"broken,omitempty"`
	Seconds   float64     `json:"seconds"`
}

// Complaint is something that a person may not meet.
type Complaint struct {
	Person int      `json:"person"`
	What   string   `json:"what"`
	Did    []string `json:"did"` // and heard, until then
}

// mostComplaints are kept; one alone is enough to look at.
const mostComplaints = 20

// Run lets people call until there were o.Calls conversations. Its error is of the run itself, not of what they met.
func Run(ctx context.Context, o Options) (Result, error) {
	t := &town{Options: o}
	t.next.Store(int64(o.First))
	if err := t.openOffice(ctx); err != nil {
		return Result{}, err
	}
	began := time.Now()
	lines, going := errgroup.WithContext(ctx)
	for range max(o.Lines, 1) {
		lines.Go(func() error { return t.line(going) })
	}
	if err := lines.Wait(); err != nil {
		return Result{}, err
	}
	t.all.Seconds = time.Since(began).Seconds()
	err := t.countReports(ctx)
	return t.all, err
}

// town is one run.
type town struct {
	Options
	next  atomic.Int64
	talks atomic.Int64 // conversations so far

	mu  sync.Mutex
	all Result
}

// line lets one person after the other live, each on a node of the hotline that knows the person's own time.
func (t *town) line(ctx context.Context) error {
	clock := day
	h, err := t.Hotline(func() time.Time { return clock })
	if err != nil {
		return err
	}
	beside, err := t.Hotline(func() time.Time { return clock })
	if err != nil {
		return err
	}
	for t.talks.Load() < int64(t.Calls) {
		p := newPerson(t, int(t.next.Add(1)-1), h, beside, &clock)
		if err := p.live(ctx); err != nil {
			return fmt.Errorf("person %d of seed %d: %w", p.n, t.Seed, err)
		}
		t.add(p)
	}
	return nil
}

func (t *town) add(p *person) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := &t.all
	a.People++
	a.Calls, a.Sessions, a.Steps, a.Repeated = a.Calls+p.calls, a.Sessions+p.sessions, a.Steps+p.steps, a.Repeated+p.repeated
	a.WentOn, a.Officers, a.Messages = a.WentOn+p.wentOn, a.Officers+p.officers, a.Messages+p.messages
	a.Longest = max(a.Longest, p.longest)
	a.Reports += len(p.reports)
	for _, r := range p.reports {
		switch {
		case r.sent:
			a.Sent++
		case r.cancelled:
			a.Cancelled++
		default:
			a.Partial++
		}
	}
	for _, what := range p.complaints {
		if len(a.Broken) < mostComplaints {
			a.Broken = append(a.Broken, Complaint{p.n, what, p.did})
		}
	}
}

// day is a Thursday in Vietnam, before the office opens.
var day = time.Date(2026, 8, 26, 23, 0, 0, 0, time.UTC)

// openOffice gives the hotline office hours, so that some who ask for an officer find that nobody is there.
func (t *town) openOffice(ctx context.Context) error {
	h, err := t.Hotline(func() time.Time { return day })
	if err != nil {
		return err
	}
	author, approver := ivr.User{Name: "callers", Role: "ward"}, ivr.User{Name: "office", Role: "ward"}
	id, err := h.Menus().Begin(ctx, author)
	if err != nil {
		return err
	}
	week := map[string][]string{}
	for _, name := range ivr.Weekdays {
		week[name] = []string{"07:00-11:30", "13:00-20:00"}
	}
	v, err := h.Menus().Get(ctx, id)
	if err == nil {
		err = h.Menus().Edit(ctx, id, v.Revision, author, func(e *ivr.Edit) error { e.Hours(ivr.Hours{Week: week}); return nil })
	}
	if err == nil {
		err = h.Menus().Submit(ctx, id, author)
	}
	if err == nil {
		v, err = h.Menus().Get(ctx, id)
	}
	if err == nil {
		err = h.Menus().Approve(ctx, id, v.Revision, approver)
	}
	return err
}

const countReportsSQL = `select count(*) from reports where origin in ('call', 'ussd')`

// countReports: no report may be there that nobody told.
func (t *town) countReports(ctx context.Context) error {
	var n int
	if err := t.DB.QueryRowContext(ctx, countReportsSQL).Scan(&n); err != nil {
		return fmt.Errorf("count the reports: %w", err)
	}
	if n != t.all.Reports {
		t.all.Broken = append(t.all.Broken, Complaint{Person: -1, What: fmt.Sprintf("%d reports are kept, %d were told", n, t.all.Reports)})
	}
	return nil
}

// Error says what people met, and how one of them is replayed; nil where all was well.
func (r Result) Error(replay func(person int) string) error {
	if len(r.Broken) == 0 {
		return nil
	}
	all := []error{fmt.Errorf("%d complaints", len(r.Broken))}
	for _, c := range r.Broken[:min(3, len(r.Broken))] {
		text := fmt.Sprintf("person %d: %s\n  replay: %s", c.Person, c.What, replay(c.Person))
		for _, d := range c.Did {
			text += "\n  " + d
		}
		all = append(all, errors.New(text))
	}
	return errors.Join(all...)
}

func seeded(seed uint64, n int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(n))) }
