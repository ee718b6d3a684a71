package main

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"canhgiac/internal/postgres"
	"canhgiac/residents"
)

// pastDays is how far back the demo's ward reaches.
const pastDays = 56

// past writes the weeks before the demo's first start. It is a node whose clock is moved from act to act: what is told goes
// through the hotline, what is done through the rooms' stores, so that records, consents and audit rows are as they would
// be. All people and numbers are made up, and each first start tells the same story up to its own now.
type past struct {
	*node
	clock  atomic.Int64 // Unix microseconds
	until  time.Time    // the demo's first start
	draw   *rand.Rand
	phones []string // of people who are reached by SMS, in no order
	silent []string // of people who have not agreed yet
	acts   []pastAct
	made   int // calls and sessions so far, which names them
}

// pastAct is one thing that somebody did.
type pastAct struct {
	at time.Time
	do func(ctx context.Context) error
}

// loadPast fills an empty database up to now, and leaves one with residents alone: a demo that starts again keeps its data.
func loadPast(ctx context.Context, c Config, log *slog.Logger, passwords map[string]string, now time.Time) error {
	db, err := postgres.Open(c.Database.URL + " synchronous_commit=off") // a demo that falls over here is begun anew
	if err != nil {
		return err
	}
	defer db.Close()
	c.Database.URL = "" // no practice ward
	p := &past{until: now, draw: rand.New(rand.NewPCG(4, 2))}
	p.set(p.day(pastDays, 8*time.Hour))
	if p.node, err = newNode(c, db, log.With("part", "past"), p.now); err != nil {
		return err
	}
	some, err := p.residents.Search(ctx, residents.Filter{Size: 1})
	if err != nil || some.Total > 0 {
		return err
	}
	if err := p.load(ctx, passwords); err != nil {
		return fmt.Errorf("the weeks before: %w", err)
	}
	return nil
}

func (p *past) now() time.Time   { return time.UnixMicro(p.clock.Load()).UTC() }
func (p *past) set(at time.Time) { p.clock.Store(at.UnixMicro()) }

// pause is the time that somebody takes; it does not reach into the future.
func (p *past) pause(d time.Duration) {
	if at := p.now().Add(d); at.Before(p.until) {
		p.set(at)
	}
}

// day is a time of the day so many days ago, in the ward.
func (p *past) day(ago int, of time.Duration) time.Time {
	vietnam := time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)
	y, m, d := p.until.In(vietnam).Date()
	return time.Date(y, m, d-ago, 0, 0, 0, 0, vietnam).Add(of)
}

// plan has do done at a time. What would lie ahead is not done.
func (p *past) plan(at time.Time, do func(ctx context.Context) error) {
	if at.Before(p.until) {
		p.acts = append(p.acts, pastAct{at, do})
	}
}

const phonesSQL = `
select array_agg(phone order by md5(phone)) filter (where agreed), array_agg(phone order by md5(phone)) filter (where not agreed)
from (select phone, bool_or(consent_at is not null) as agreed from residents where phone_kind = 'mobile' and wants_sms group by phone) p`

func (p *past) load(ctx context.Context, passwords map[string]string) error {
	if _, err := p.loadSampleWard(ctx, passwords); err != nil {
		return err
	}
	p.pause(20 * time.Minute)
	if err := p.importSample(ctx); err != nil {
		return err
	}
	if err := p.db.QueryRowContext(ctx, phonesSQL).Scan(pq.Array(&p.phones), pq.Array(&p.silent)); err != nil {
		return err
	}
	if err := p.campaignsWritten(ctx); err != nil {
		return err
	}
	p.wishes()
	p.reportsTold()
	slices.SortStableFunc(p.acts, func(a, b pastAct) int { return a.at.Compare(b.at) })
	for len(p.acts) > 0 { // an act may plan others
		next := p.acts[0]
		p.acts = p.acts[1:]
		p.set(next.at)
		if err := next.do(ctx); err != nil {
			return err
		}
	}
	p.set(p.until)
	return p.settle(ctx)
}

// then plans an act that follows from one that was just done, in its place among the others.
func (p *past) then(at time.Time, do func(ctx context.Context) error) {
	if !at.Before(p.until) {
		return
	}
	i, _ := slices.BinarySearchFunc(p.acts, at, func(a pastAct, at time.Time) int { return cmp.Or(a.at.Compare(at), -1) })
	p.acts = slices.Insert(p.acts, i, pastAct{at, do})
}

// answeredSQL: what the hotline and the keywords answered came to the phone; nothing of it waits for the demo's carrier.
const answeredSQL = `
with gone as (delete from outbox returning message_id, carrier)
insert into sent (message_id, state, carrier, carrier_message_id, parts, submitted_at, accepted_at, done_at)
select message_id, 'delivered', carrier, to_hex(message_id), 1, queued_at, queued_at + interval '90 milliseconds', queued_at + interval '3 seconds'
from gone join singles using (message_id)`

// settle ends what is on its way, and counts.
func (p *past) settle(ctx context.Context) error {
	if err := run(ctx, p.db, answeredSQL); err != nil {
		return err
	}
	if _, err := p.campaigns.Finish(ctx); err != nil {
		return err
	}
	for {
		took, err := p.campaigns.CountDue(ctx)
		if err != nil {
			return err
		}
		if took == 0 {
			break
		}
	}
	return p.queue.Tally(ctx, 72*time.Hour)
}

func (p *past) inTx(ctx context.Context, do func(*sql.Tx) error) error { return inTx(ctx, p.db, do) }
