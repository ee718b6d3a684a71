package ivr

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
)

const (
	tallyEvery = 30 * time.Second
	tallyBatch = 200
	// tallySettles is how long after its end a conversation is counted: a provider's last words may come late.
	tallySettles = time.Minute
	// tallyGivesUp is when a conversation is over whose end nobody told.
	tallyGivesUp = 2 * talkLimit
)

// Origin is by which way people came to the menu.
type Origin string

const (
	ByHotline Origin = "hotline"
	ByOurs    Origin = "ours" // calls that we placed
	ByUSSD    Origin = "ussd"
)

// KeepTally counts what people did in the menu until ctx ends. Any number of nodes may: each takes other conversations.
func (h *Hotline) KeepTally(ctx context.Context) error {
	tick := time.NewTicker(tallyEvery)
	defer tick.Stop()
	for {
		if err := h.Tally(ctx); err != nil && ctx.Err() == nil {
			h.o.Log.Error("count the menu's paths", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tally counts the conversations that are over and were not counted yet, each exactly once.
func (h *Hotline) Tally(ctx context.Context) error {
	for _, batch := range []func(context.Context, *sql.Tx, *tally) (int, error){h.tallyCalls, h.tallySessions} {
		for n := tallyBatch; n == tallyBatch; {
			err := h.inTx(ctx, func(tx *sql.Tx) (err error) {
				t := &tally{stays: map[stayKey]*stayCount{}, comings: map[comingKey]*coming{}}
				if n, err = batch(ctx, tx, t); err != nil {
					return err
				}
				return t.save(ctx, tx)
			})
			if err != nil {
				return fmt.Errorf("count the menu's paths: %w", err)
			}
		}
	}
	return nil
}

// tally is what one batch comes to.
type tally struct {
	stays   map[stayKey]*stayCount
	comings map[comingKey]*coming
}

type comingKey struct {
	day     time.Time
	version int64
	origin  Origin
	node    string
}

type stayKey struct {
	comingKey
	outcome outcome
	key     string
}

type stayCount struct {
	n, heard int
	words    time.Duration
	waited   []int64
}

type coming struct{ n, left, failed, wrong, astray int }

// talked is one conversation as it is counted.
type talked struct {
	day     time.Time
	version int64
	origin  Origin
	stays   []stay
	spine   []string // of the report, as far as the menu is known
}

// add counts one conversation: each stay, and each node that it came to once.
func (t *tally) add(c talked) {
	type mark struct{ left, failed, wrong bool }
	came, furthest := map[string]mark{}, -1
	for _, s := range c.stays {
		at := comingKey{c.day, c.version, c.origin, s.node}
		k := stayKey{at, s.outcome, s.key}
		count := t.stays[k]
		if count == nil {
			count = &stayCount{}
			t.stays[k] = count
		}
		count.n++
		count.words += s.words
		if s.heard {
			count.heard++
		}
		if s.outcome == outKey {
			if count.waited == nil {
				count.waited = make([]int64, len(waitEdges)+1)
			}
			count.waited[waitBucket(s.waited)]++
		}
		m := came[s.node]
		came[s.node] = mark{m.left || s.outcome == outLeft, m.failed || s.failed, m.wrong || s.outcome == outWrong}
		furthest = max(furthest, slices.Index(c.spine, s.node))
	}
	for _, passed := range c.spine[:furthest+1] {
		if _, ok := came[passed]; !ok {
			came[passed] = mark{}
		}
	}
	for node, m := range came {
		k := comingKey{c.day, c.version, c.origin, node}
		if t.comings[k] == nil {
			t.comings[k] = &coming{}
		}
		n := t.comings[k]
		n.n++
		for counter, holds := range map[*int]bool{&n.left: m.left, &n.failed: m.failed, &n.wrong: m.wrong, &n.astray: m.left || m.failed || m.wrong} {
			if holds {
				*counter++
			}
		}
	}
}

func (k comingKey) compare(o comingKey) int {
	return strings.Compare(fmt.Sprint(k.day.Unix(), k.version, k.origin, k.node), fmt.Sprint(o.day.Unix(), o.version, o.origin, o.node))
}

const addStaysSQL = `
insert into menu_stays (day, version, origin, node, outcome, key, n, heard, words_ms, waited) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (day, version, origin, node, outcome, key) do update set
  n = menu_stays.n + excluded.n, heard = menu_stays.heard + excluded.heard, words_ms = menu_stays.words_ms + excluded.words_ms,
  waited = array(select a + b from unnest(menu_stays.waited, excluded.waited) with ordinality as w (a, b, i) order by i)`

const addComingsSQL = `
insert into menu_comings (day, version, origin, node, n, left_at, failed, wrong, astray) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (day, version, origin, node) do update set n = menu_comings.n + excluded.n, left_at = menu_comings.left_at + excluded.left_at,
  failed = menu_comings.failed + excluded.failed, wrong = menu_comings.wrong + excluded.wrong, astray = menu_comings.astray + excluded.astray`

// save adds what was counted, in one order on all nodes: two of them must not wait for each other.
func (t *tally) save(ctx context.Context, tx *sql.Tx) error {
	stays := make([]stayKey, 0, len(t.stays))
	for k := range t.stays {
		stays = append(stays, k)
	}
	slices.SortFunc(stays, func(a, b stayKey) int {
		if by := a.compare(b.comingKey); by != 0 {
			return by
		}
		return strings.Compare(string(a.outcome)+" "+a.key, string(b.outcome)+" "+b.key)
	})
	for _, k := range stays {
		n := t.stays[k]
		if n.waited == nil {
			n.waited = []int64{}
		}
		if _, err := tx.ExecContext(ctx, addStaysSQL, k.day, k.version, k.origin, k.node, k.outcome, k.key, n.n, n.heard, n.words.Milliseconds(), pq.Array(n.waited)); err != nil {
			return fmt.Errorf("stays at %s: %w", k.node, err)
		}
	}
	comings := make([]comingKey, 0, len(t.comings))
	for k := range t.comings {
		comings = append(comings, k)
	}
	slices.SortFunc(comings, comingKey.compare)
	for _, k := range comings {
		n := t.comings[k]
		if _, err := tx.ExecContext(ctx, addComingsSQL, k.day, k.version, k.origin, k.node, n.n, n.left, n.failed, n.wrong, n.astray); err != nil {
			return fmt.Errorf("comings to %s: %w", k.node, err)
		}
	}
	return nil
}
