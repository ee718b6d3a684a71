package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"canhgiac/residents"
	"canhgiac/schedules"
)

// Explanation is where a message to a number would go now, and why.
type Explanation struct {
	Phone   residents.Phone `json:"phone"`
	Prefix  string          `json:"prefix,omitempty"` // the longest that a carrier takes; empty: none does
	Ported  *Ported         `json:"ported,omitempty"`
	Refused []Stranger      `json:"refused,omitempty"` // who said that it does not know the number, the last one first
	Queue   string          `json:"queue"`             // the carrier that the number belongs to; empty: no carrier is configured
	Down    *time.Time      `json:"down,omitempty"`    // since when that one's link has been down on every node
	By      []string        `json:"by"`                // who would send it now; empty: it waits
	Why     []string        `json:"why"`               // each step in words
}

// Ported is where a number is, other than its prefix says.
type Ported struct {
	Carrier string    `json:"carrier"`
	Source  string    `json:"source"` // import or learned
	At      time.Time `json:"at"`
}

// Stranger is a carrier that said it does not know the number.
type Stranger struct {
	Carrier string    `json:"carrier"`
	At      time.Time `json:"at"`
}

func (e *Explanation) because(format string, args ...any) {
	e.Why = append(e.Why, fmt.Sprintf(format, args...))
}

// explainedAt is how times stand in Why: as the ward reads the clock, to the second, since a failover takes less than minutes.
func explainedAt(t time.Time) string { return t.In(schedules.Zone()).Format("2006-01-02 15:04:05 -07") }

const portedSQL = `select carrier, source, at from ported_numbers where phone = $1`

const refusalsSQL = `select carrier, at from unknown_subscribers where phone = $1 order by at desc`

// Explain says where a message to phone would go now. It sends nothing and changes nothing.
func (s *Store) Explain(ctx context.Context, phone residents.Phone) (Explanation, error) {
	e := Explanation{Phone: phone, By: []string{}}
	if len(s.routes.names) == 0 {
		e.because("no carrier is configured: it waits until there is one")
		return e, nil
	}
	if err := s.explainQueue(ctx, &e); err != nil {
		return e, err
	}
	links, err := s.conditions(ctx, 0)
	if err != nil {
		return e, fmt.Errorf("explain a route: %w", err)
	}
	down := s.overdue(links)
	link, known := links[e.Queue]
	switch {
	case !known:
		e.because("no node that runs has a link to %s", e.Queue)
	case !link.up:
		e.Down = &link.since
		e.because("the link to %s is down since %s", e.Queue, explainedAt(link.since))
		if !down[e.Queue] {
			e.because("others send in its place from %s", explainedAt(link.since.Add(s.failoverAfter)))
		}
	}
	for _, by := range s.routes.servers(e.Queue, links, down) {
		e.By = append(e.By, by.Carrier)
		switch by.As {
		case own:
			e.because("%s sends it", by.Carrier)
		case standIn:
			e.because("%s sends in place of %s", by.Carrier, e.Queue)
		case equal:
			e.because("%s takes the same numbers and shares the work", by.Carrier)
		}
	}
	if len(e.By) == 0 {
		e.because("it waits until a link is up")
	}
	return e, nil
}

// explainQueue says which carrier the number belongs to.
func (s *Store) explainQueue(ctx context.Context, e *Explanation) error {
	e.Prefix, e.Queue = s.routes.longest(e.Phone)
	if e.Prefix == "" {
		e.because("no carrier takes its prefix: %s takes the rest", e.Queue)
	} else {
		e.because("prefix %s is with %s", e.Prefix, e.Queue)
	}
	var p Ported
	err := s.db.QueryRowContext(ctx, portedSQL, string(e.Phone)).Scan(&p.Carrier, &p.Source, &p.At)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return fmt.Errorf("explain a route: %w", err)
	default:
		e.Ported = &p
		how := map[string]string{"import": "by a list", "learned": "learned from a delivery"}[p.Source]
		e.because("ported to %s, %s, %s", p.Carrier, how, explainedAt(p.At))
		if slices.Contains(s.routes.names, p.Carrier) {
			e.Queue = p.Carrier
		} else {
			e.because("%s is none of the carriers here (%s)", p.Carrier, strings.Join(s.routes.names, ", "))
		}
	}
	rows, err := s.db.QueryContext(ctx, refusalsSQL, string(e.Phone))
	if err != nil {
		return fmt.Errorf("explain a route: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Stranger
		if err := rows.Scan(&r.Carrier, &r.At); err != nil {
			return fmt.Errorf("explain a route: %w", err)
		}
		e.Refused = append(e.Refused, r)
		e.because("%s did not know the number on %s", r.Carrier, explainedAt(r.At))
	}
	return rows.Err()
}
