package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"canhgiac/gateway"
	"canhgiac/gateway/simulator"
	"canhgiac/internal/postgres"
	"canhgiac/migrations"
	"canhgiac/residents"
)

var faultSeed = flag.Uint64("fault-seed", 0, "repeat a run of the fault test; 0 draws one")

// What the fault test sends: the same residents get a text that is never sent again and one that is, where it is in doubt.
const (
	faultPeople, faultKills = 50_000, 5
	faultRate, faultWindow  = 12_000, 100
	onceRun, resendRun      = 1, 2
)

var faultTexts = map[int64]string{
	onceRun:   "CATHANHKHEX: KHONG SO HAI. Hoi: 02363111222",
	resendRun: "CATHANHKHEX: KHONG LAM THEO. Hoi: 02363111222",
}

// TestNothingIsLostAndNothingDoubledWhateverFails sends 100,000 messages through the program while the carrier of
// testdata/fault.yaml drops links, throttles, stalls, refuses, and loses and doubles responses and receipts, PostgreSQL is
// restarted once, and the node is killed with signal 9 five times at random. What counts is what reached the carrier.
func TestNothingIsLostAndNothingDoubledWhateverFails(t *testing.T) {
	seed := *faultSeed
	for seed == 0 {
		seed = rand.Uint64() >> 1
	}
	t.Logf("to repeat: go test ./cmd/canhgiac -run %s -args -fault-seed %d", t.Name(), seed)
	chance := rand.New(rand.NewPCG(seed, 0))

	world := newFaultWorld(t, seed)
	world.enqueue(t)
	program := build(t)
	node := serve(t, program, world.config)
	inHand := map[int64]int{} // by node: what a dead one had meant for the wire, without a stored outcome
	for i, what := range faults(chance) {
		// One fault in each sixth of the run, but for its end.
		moment := int64((float64(i) + chance.Float64()*0.8) * 2 * faultPeople / (faultKills + 1) * 0.95)
		eventually(t, "the run is under way", func() bool { return world.carrier.Accepted().Parts >= moment })
		<-time.After(time.Duration(chance.Int64N(int64(20 * time.Millisecond)))) // wherever in a commit or a write that is
		if what == restart {
			world.restart(t)
			continue
		}
		node.kill(t)
		for node, n := range world.inHand(t) {
			inHand[node] = max(inHand[node], n) // it was more before somebody began to take over
		}
		node = serve(t, program, world.config)
	}
	world.settle(t)
	node.kill(t) // a node would go on resolving what is in doubt while it is judged
	world.judge(t, inHand)
}

type fault int

const (
	kill fault = iota
	restart
)

// faults are five kills and a restart of PostgreSQL in an order by chance.
func faults(chance *rand.Rand) []fault {
	all := slices.Repeat([]fault{kill}, faultKills+1)
	all[chance.IntN(len(all))] = restart
	return all
}

// faultWorld is what the program under test meets: a PostgreSQL server of its own and a carrier.
type faultWorld struct {
	server  *postgres.Server
	dir     string
	db      *sql.DB
	queue   *gateway.Store
	carrier *simulator.Simulator
	ward    int64
	config  string
}

func newFaultWorld(t *testing.T, seed uint64) *faultWorld {
	t.Helper()
	dir, err := os.MkdirTemp("", "cgfault") // short, for the server's socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // the server may run as another user
		t.Fatal(err)
	}
	w := &faultWorld{dir: dir + "/pg"}
	w.start(t)
	t.Cleanup(func() { _ = w.server.Stop() })
	if w.db, err = sql.Open("postgres", w.server.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	w.db.SetMaxIdleConns(0) // a connection from before the restart is of no use
	if err := migrations.Up(t.Context(), w.db); err != nil {
		t.Fatal(err)
	}
	people, err := settle(t.Context(), w.db, faultPeople)
	if err != nil {
		t.Fatal(err)
	}
	w.ward = people.ward
	w.queue = gateway.NewStore(w.db, time.Now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "viettel"}}})
	w.carrier = startFaultyCarrier(t, seed)
	w.config = filepath.Join(t.TempDir(), "config.yaml")
	err = os.WriteFile(w.config, fmt.Appendf(nil, `
database: {url: "%s"}
http: {addr: "127.0.0.1:0"}
admin: {addr: "127.0.0.1:0"}
sending: {hours: "00:00-24:00"}
gateway:
  carriers:
    - {name: viettel, addr: "%s", system_id: ward, password: pw, window: %d, rate: %d, response_timeout: 3s, source: {addr: CATHANHKHEX}}
`, w.server.URL(), w.carrier.SMPPAddr(), faultWindow, faultRate), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func startFaultyCarrier(t *testing.T, seed uint64) *simulator.Simulator {
	t.Helper()
	script, err := simulator.ReadScript("testdata/fault.yaml")
	if err != nil {
		t.Fatal(err)
	}
	script.Seed = seed
	s, err := simulator.New(simulator.Options{SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Script: script, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-s.Ready()
	return s
}

func (w *faultWorld) start(t *testing.T) {
	t.Helper()
	var err error
	if w.server, err = postgres.Start(t.Context(), postgres.Options{Dir: w.dir, NoSync: true}); err != nil {
		t.Fatal(err)
	}
}

// restart takes PostgreSQL away from under the node, and brings it back.
func (w *faultWorld) restart(t *testing.T) {
	t.Helper()
	if err := w.server.Stop(); err != nil {
		t.Fatal(err)
	}
	w.start(t)
}

func (w *faultWorld) enqueue(t *testing.T) {
	t.Helper()
	tx, err := w.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for id, text := range faultTexts {
		_, err := w.queue.EnqueueRun(t.Context(), tx, gateway.Run{ID: id, Campaign: id, Text: text, Hours: wholeDay, Resend: id == resendRun,
			Audience: residents.Audience{Units: []int64{w.ward}, Channel: "sms"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func (w *faultWorld) progress(t *testing.T) gateway.Progress {
	t.Helper()
	p, err := w.queue.Progress(t.Context(), []int64{onceRun, resendRun})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const inHandSQL = `
select node, sum(n) from (
	select c.lease_node, count(*) from chunks c join messages m on m.chunk_id = c.id
	where c.lease_node is not null and m.pos < c.watermark
	and not exists (select from sent s where s.message_id = m.id) and not exists (select from outbox o where o.message_id = m.id)
	group by 1
	union all
	select lease_node, count(*) from outbox where lease_node is not null group by 1
) as t(node, n) group by 1`

// inHand is what each node holds that was meant for the wire and has no outcome. One that died just before may not have
// been taken over yet, so that there may be two.
func (w *faultWorld) inHand(t *testing.T) map[int64]int {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), inHandSQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	held := map[int64]int{}
	for rows.Next() {
		var node int64
		var n int
		if err := rows.Scan(&node, &n); err != nil {
			t.Fatal(err)
		}
		held[node] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return held
}

// settle waits until every message has its outcome and every receipt was taken: what is accepted still has no receipt,
// because the carrier lost it.
func (w *faultWorld) settle(t *testing.T) {
	t.Helper()
	eventually(t, "every message has its outcome", func() bool {
		p, c := w.progress(t), w.carrier.Accepted()
		return p.Queued+p.Submitting == 0 && c.Waiting == 0 && p.Accepted <= int(c.Withheld)
	})
}

// fateSQL gives how each message stands, and how often it was in doubt.
const fateSQL = `
select m.id, m.id >> 32, m.phone, coalesce(s.state, ''), coalesce(s.error, ''), coalesce(v.doubts, 0)
from messages m
left join sent s on s.message_id = m.id
left join (
	select message_id, count(*) as doubts from message_moves where to_state = 'unknown' group by 1
) v on v.message_id = m.id`

// judge holds what the gateway says of each message against what the carrier got.
func (w *faultWorld) judge(t *testing.T, inHand map[int64]int) {
	t.Helper()
	w.db.SetMaxIdleConns(1)
	counts := w.carrier.Accepted()
	rows, err := w.db.QueryContext(t.Context(), fateSQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	states, total, doubled, wrongs := map[gateway.State]int{}, 0, 0, 0
	var unknown []gateway.MessageID
	for rows.Next() {
		var id gateway.MessageID
		var run int64
		var phone, reason string
		var state gateway.State
		var doubt int
		if err := rows.Scan(&id, &run, &phone, &state, &reason, &doubt); err != nil {
			t.Fatal(err)
		}
		total++
		states[state]++
		reached := w.carrier.Times(phone, faultTexts[run])
		doubled += max(0, reached-1)
		if wrong := misjudged(run, state, phone, reason, reached, doubt); wrong != "" {
			if wrongs++; wrongs <= 10 {
				t.Errorf("message %d of run %d is %q (%s), was in doubt %d times, and reached the carrier %d times: %s", id, run, state, reason, doubt, reached, wrong)
			}
		}
		if state == gateway.Unknown {
			unknown = append(unknown, id)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if wrongs > 0 {
		t.Errorf("%d messages are wrong", wrongs)
	}
	t.Logf("states %v; doubled %d; the carrier: %+v", states, doubled, counts)
	if total != 2*faultPeople {
		t.Errorf("%d messages of %d", total, 2*faultPeople)
	}
	if counts.Doubled != int64(doubled) || counts.Distinct != counts.Messages-counts.Doubled || counts.Incomplete != 0 || counts.Dropped != 0 {
		t.Errorf("the carrier counts otherwise than by message, of which %d are doubled: %+v", doubled, counts)
	}
	w.judgeDoubts(t, counts, inHand)
	w.judgeHistories(t, unknown)
}

// misjudged says what is wrong with a message's state for what happened to it; "" is nothing. Numbers that end in 77 are
// refused, and those in 88 are never reached.
func misjudged(run int64, state gateway.State, phone, reason string, reached, doubt int) string {
	if run == onceRun && reached > 1 || reached > 1+doubt {
		return "it is doubled"
	}
	refused, off := strings.HasSuffix(phone, "77"), strings.HasSuffix(phone, "88")
	switch state {
	case gateway.Delivered:
		if reached == 0 || off {
			return "nobody got it"
		}
	case gateway.Accepted:
		if reached == 0 {
			return "it is lost"
		}
	case gateway.Failed:
		if reason == "" || !refused && !off || off && reached == 0 {
			return "it did not fail"
		}
	case gateway.Unknown:
		if reason == "" || doubt == 0 {
			return "nothing says why"
		}
	default:
		return "it has no end"
	}
	return ""
}

const doubtsSQL = `
select reason, count(*) from message_moves where to_state = 'unknown' or from_state = 'unknown' and reason = 'late response' group by 1`

// judgeDoubts sees that no more was in doubt than what was done to the messages explains: what each dead node had meant for
// the wire, the window of each cut link, and the responses that the carrier lost. Two windows more are for a machine that
// stands still for a moment: responses come late then, or the gateway gives the silent link up.
func (w *faultWorld) judgeDoubts(t *testing.T, counts simulator.Counts, inHand map[int64]int) {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), doubtsSQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	doubts := map[string]int{}
	for rows.Next() {
		var reason string
		var n int
		if err := rows.Scan(&reason, &n); err != nil {
			t.Fatal(err)
		}
		doubts[reason] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("in doubt %v; on their way when nodes died %v, of %d allowed", doubts, inHand, gateway.MaxInDoubt(faultRate))
	died := 0
	for node, n := range inHand {
		if died += n; n > gateway.MaxInDoubt(faultRate) {
			t.Errorf("node %d died with %d messages on their way", node, n)
		}
	}
	most := map[string]int{
		"node died between intent and response": died,
		"link lost before the response":         (int(counts.Cut) + 2) * faultWindow,
		"no response in time":                   int(counts.Unanswered) + doubts["late response"] + 2*faultWindow,
	}
	for reason, n := range doubts {
		if n > most[reason] && reason != "late response" {
			t.Errorf("%q: %d messages, but what was done to them explains %d", reason, n, most[reason])
		}
	}
}

// judgeHistories sees that what is in doubt is shown as such, with the reason; a few stand for all.
func (w *faultWorld) judgeHistories(t *testing.T, unknown []gateway.MessageID) {
	t.Helper()
	for _, id := range unknown[:min(100, len(unknown))] {
		m, err := w.queue.Message(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		last := m.History[len(m.History)-1]
		if last.To != gateway.Unknown || last.Reason == "" || last.At.IsZero() || len(m.History) < 3 {
			t.Errorf("message %d is in doubt, but its history is %+v", id, m.History)
		}
	}
}
