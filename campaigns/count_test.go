package campaigns_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"canhgiac/campaigns"
)

// stirSQL gives some of the messages an outcome, or another one, and lets some wait for another try.
const stirSQL = `
with chosen as (
  select m.id, (array['accepted', 'delivered', 'failed', 'expired', 'unknown', 'suppressed', 'cancelled'])[1 + (hashint8extended(m.id, $1) & 7) % 7] as state
  from messages m where (hashint8extended(m.id, $1 + 1) & 3) = 0
), entered as (
  update chunks set watermark = size, state = 'done'
), held as (
  insert into outbox (message_id, carrier, priority, ready_at, send_by)
  select id, 'viettel', 3, now(), now() from messages m where (hashint8extended(id, $1 + 2) & 15) = 0 and not exists (select from sent s where s.message_id = m.id)
    and m.id not in (select id from chosen)
  on conflict do nothing
), ended as (
  delete from outbox o using chosen where o.message_id = chosen.id
)
insert into sent (message_id, state, carrier, parts) select id, state, 'viettel', 1 from chosen
on conflict (message_id) do update set state = excluded.state`

func TestTheTalliesOfALargeWardAreWhatAFullCountFinds(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	_, err := o.db.Exec(`insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
		select '+8490' || lpad(i::text, 7, '0'), 'mobile', 'n' || i, 'n' || i, g.id, case when i % 20 = 0 then now() end, now(), now()
		from generate_series(1, 6000) i join lateral (select id from units where kind = 'group' order by id offset i % 3 limit 1) g on true`)
	o.must(err)
	id := o.running(o.good())
	r := o.runner()
	o.move("2026-11-23 08:00")
	o.tick(r)

	count := func(minutes time.Duration) {
		t.Helper()
		o.move(o.now().Add(minutes * time.Minute).In(time.FixedZone("", 7*3600)).Format("2006-01-02 15:04"))
		_, err := o.store.CountDue(ctx)
		o.must(err)
	}
	var last int64 = -1
	seed := rand.New(rand.NewPCG(7, 7))
	for round := range 6 {
		if round == 3 {
			o.move("2026-11-24 08:00")
			o.tick(r)
		}
		_, err := o.db.Exec(stirSQL, seed.Int64N(1<<40))
		o.must(err)
		before, err := o.store.Counted(ctx, id, nil)
		o.must(err)
		if before.Revision != max(last, 0) {
			t.Fatalf("round %d: a page counted by itself: revision %d after %d", round, before.Revision, last)
		}
		count(61)
		got, err := o.store.Counted(ctx, id, nil)
		o.must(err)
		if got.Revision == before.Revision || got.At.IsZero() {
			t.Fatalf("round %d: revision %d again, counted at %s", round, got.Revision, got.At)
		}
		last = got.Revision
		runs, err := o.store.Runs(ctx, id)
		o.must(err)
		var ids []int64
		for _, run := range runs {
			ids = append(ids, run.ID)
		}
		want, err := o.gw.Progress(ctx, ids)
		o.must(err)
		if got.Progress != want {
			t.Fatalf("round %d: tallies %+v, counted %+v", round, got.Progress, want)
		}
		var sum, reached int
		for _, g := range got.Groups {
			sum, reached = sum+g.Progress.Total, reached+g.Reached
		}
		full := o.count(`select count(distinct phone) from messages m join sent s on s.message_id = m.id where s.state = 'delivered'`)
		if sum != want.Total || reached != full {
			t.Fatalf("round %d: by group %d of %d messages and %d of %d numbers", round, sum, want.Total, reached, full)
		}
	}
	count(61)
	if again, err := o.store.Revision(ctx, id); err != nil || again != last {
		t.Fatalf("nothing changed, but the revision did: %d after %d, %v", again, last, err)
	}
	if took, err := o.store.CountDue(ctx); err != nil || took != 0 {
		t.Fatalf("counted without a rest: %s, %v", took, err)
	}
}

// TestTheWardsReachCountsANumberOnce: two campaigns' messages and a heard call to one number are one; it is counted again only
// when something changed.
func TestTheWardsReachCountsANumberOnce(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	for range 2 {
		o.running(o.good())
	}
	o.move("2026-11-23 08:00")
	r := o.runner()
	o.tick(r)
	o.tick(r)
	count := func(want bool) {
		t.Helper()
		if took, err := o.store.CountWard(ctx); err != nil || (took > 0) != want {
			t.Fatalf("counted: %s, %v; expected %t", took, err, want)
		}
	}
	count(true)
	count(false)
	_, err := o.db.Exec(`insert into sent (message_id, state, carrier, parts) select id, 'delivered', 'viettel', 1 from messages where phone = '+84905000000'`)
	o.must(err)
	_, err = o.db.Exec(`insert into campaign_calls (run_id, phone, unit_id, wanted_at, result)
		select r.id, p, 0, now(), 'heard' from campaign_runs r, unnest(array['+84905000000', '+84999999999']) p`)
	o.must(err)
	for range 4 {
		_, err := o.store.CountDue(ctx)
		o.must(err)
	}
	count(true)
	count(false)
	reach, at, err := o.store.WardReach(ctx)
	o.must(err)
	var all campaigns.UnitReach
	for _, u := range reach {
		all.Residents, all.Reachable, all.Reached = all.Residents+u.Residents, all.Reachable+u.Reachable, all.Reached+u.Reached
	}
	if all.Reachable != 4 || all.Reached != 1 || at.IsZero() {
		t.Errorf("reach %+v at %s, expected one of four: the other number belongs to nobody", reach, at)
	}
}
