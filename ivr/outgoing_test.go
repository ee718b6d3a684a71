package ivr

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr/prompts"
	"canhgiac/residents"
)

// exchange is a provider that does as its test says: script gives what Place answers, and dialled is what rang.
type exchange struct {
	mu      sync.Mutex
	answer  func(p Placing) (string, error)
	dialled []Placing
}

func (x *exchange) Place(_ context.Context, p Placing) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.answer != nil {
		if sid, err := x.answer(p); err != nil {
			return sid, err
		}
	}
	x.dialled = append(x.dialled, p)
	return "out-" + p.Ref, nil
}

// orders are a campaign's, kept beside the test: its hours, and what it was told.
type orders struct {
	mu    sync.Mutex
	ask   func(w Wanted, now time.Time) Verdict
	cap   string // why Count holds everything
	open  map[string]int
	ended map[string]Result
}

func newOrders() *orders { return &orders{open: map[string]int{}, ended: map[string]Result{}} }

func (o *orders) Ask(_ context.Context, _ *sql.Tx, w Wanted, now time.Time) (Verdict, error) {
	if o.ask == nil {
		return Verdict{}, nil
	}
	return o.ask(w, now), nil
}

func (o *orders) Count(_ context.Context, _ *sql.Tx, w Wanted, _ time.Time) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cap == "" {
		o.open[w.Key]++
	}
	return o.cap, nil
}

func (o *orders) Uncount(_ context.Context, _ *sql.Tx, w Wanted) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open[w.Key]--
	return nil
}

func (o *orders) Ended(_ context.Context, _ *sql.Tx, w Wanted, r Result, _ time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended[w.Key] = r
	return nil
}

// desk is a hotline that places calls by one line, with residents who want them.
type desk struct {
	*bench
	x *exchange
	o *orders
}

const ourNumber = "+842363111222"

// morning is 09:00 of a Thursday in Vietnam.
var morning = time.Date(2026, 8, 27, 2, 0, 0, 0, time.UTC)

func newDesk(t *testing.T, set func(*OutgoingOptions)) *desk {
	t.Helper()
	d := &desk{x: &exchange{}, o: newOrders()}
	clock := morning
	opts := OutgoingOptions{Orders: d.o, Lines: []Line{{Provider: "test", CallerID: ourNumber, PerSecond: 1e9, Concurrent: 100, Dialer: d.x}}}
	if set != nil {
		set(&opts)
	}
	d.bench = benchWith(t, pgtest.Shared(t), &clock, func(db *sql.DB, now func() time.Time, rs *residents.Store, o *Options) {
		o.Outgoing = NewOutgoing(db, now, rs, opts)
	})
	return d
}

func (d *desk) at(t time.Time) { *d.clock = t }

// agrees registers somebody who wants calls.
func (d *desk) agrees(phones ...string) {
	d.t.Helper()
	for _, p := range phones {
		kind := residents.Mobile
		if len(p) == len(landline) {
			kind = residents.Landline
		}
		if _, err := d.db.Exec(`insert into residents (phone, phone_kind, name, name_fold, unit_id, wants_call, consent_at, created_at, updated_at)
			values ($1, $2, '', '', (select min(id) from units where kind = 'group'), true, now(), now(), now())`, p, kind); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *desk) want(w Wanted) {
	d.t.Helper()
	if w.Key == "" {
		w.Key = string(w.To)
	}
	if w.Why == "" {
		w.Why = Reminder
	}
	if w.Says == nil {
		w.Says = []string{"loi_nhac-khong_so"}
	}
	if err := d.inTx(d.t.Context(), func(tx *sql.Tx) error { return d.outgoing.Want(d.t.Context(), tx, w) }); err != nil {
		d.t.Fatal(err)
	}
}

// turn lets every line place what it may now, and gives what rang.
func (d *desk) turn() []Placing {
	d.t.Helper()
	before := len(d.x.dialled)
	if err := d.outgoing.Sweep(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	d.outgoing.look(d.t.Context(), func(l Line, p Placing) { d.outgoing.place(d.t.Context(), l, p) })
	return d.x.dialled[before:]
}

// one expects that exactly one telephone rings now.
func (d *desk) one() Placing {
	d.t.Helper()
	rang := d.turn()
	if len(rang) != 1 {
		d.t.Fatalf("%d telephones rang, expected one", len(rang))
	}
	return rang[0]
}

func (d *desk) none() {
	d.t.Helper()
	if rang := d.turn(); len(rang) != 0 {
		d.t.Fatalf("rang: %v", rang)
	}
}

func (d *desk) placed(p Placing, o Outcome) {
	d.t.Helper()
	if err := d.Placed(d.t.Context(), "test", p.Ref, "out-"+p.Ref, o); err != nil {
		d.t.Fatal(err)
	}
}

// takes has the person take the call.
func (d *desk) takes(p Placing) *line {
	d.t.Helper()
	l := &line{bench: d.bench, sid: "out-" + p.Ref}
	var err error
	if l.reply, err = d.Answered(d.t.Context(), Incoming{Provider: "test", SID: l.sid, From: p.From, To: string(p.To), Ref: p.Ref}); err != nil {
		d.t.Fatal(err)
	}
	return l
}

// state gives how a call stands: its state, and the reason.
func (d *desk) state(key string) string {
	d.t.Helper()
	var s string
	if err := d.db.QueryRow(`select trim(state || ' ' || reason) from outgoing_calls where key = $1`, key).Scan(&s); err != nil {
		d.t.Fatal(err)
	}
	return s
}

func TestAPersonTakesAReminderAndHearsIt(t *testing.T) {
	d := newDesk(t, nil)
	d.agrees(mobile)
	d.want(Wanted{To: mobile})
	p := d.one()
	if p.To != mobile || p.From != ourNumber || p.Ring != 30*time.Second {
		t.Errorf("placed %+v", p)
	}
	l := d.takes(p)
	if got := heard(l.reply); got != "goi_di-1 so-0 so-2 so-3 im_lang so-6 so-3 so-1 im_lang so-1 so-1 so-2 im_lang so-2 so-2 goi_di-2 ?" {
		t.Errorf("it begins with %s", got)
	}
	again := d.takes(p)
	if heard(again.reply) != heard(l.reply) {
		t.Errorf("the same call again: %s", heard(again.reply))
	}
	if got := l.press("1"); got != "goi_di_nhac-1 loi_nhac-khong_so goi_di_nhac-2 ?" {
		t.Errorf("after key 1: %s", got)
	}
	d.placed(p, NoAnswer) // late, and wrong
	l.hangUp()
	l.hangUp()
	if got := d.state(mobile); got != "done" {
		t.Errorf("the call is %s", got)
	}
	if got := d.o.ended[mobile]; got != Heard {
		t.Errorf("the campaign was told %q", got)
	}
	d.none()
}

func TestAWordAboutACallThatIsNoneOfOurs(t *testing.T) {
	d := newDesk(t, nil)
	for _, ref := range []string{"", "1", "1-1", "9-9", "x-1", "1-1x", "01-1", "-1-1"} {
		if err := d.Placed(t.Context(), "test", ref, "CA1", Busy); !errors.Is(err, ErrUnknownCall) {
			t.Errorf("ref %q: %v", ref, err)
		}
		if _, err := d.Answered(t.Context(), Incoming{Provider: "test", SID: "CA1", Ref: ref}); !errors.Is(err, ErrUnknownCall) {
			t.Errorf("ref %q taken: %v", ref, err)
		}
	}
	d.agrees(mobile)
	d.want(Wanted{To: mobile})
	if err := d.Placed(t.Context(), "test", d.one().Ref, "CA1", "ringing"); err == nil {
		t.Error("an outcome that there is not")
	}
}

func (d *desk) exec(query string, args ...any) {
	d.t.Helper()
	if _, err := d.db.Exec(query, args...); err != nil {
		d.t.Fatal(err)
	}
}

func residentsPhone(s string) residents.Phone { return residents.Phone(s) }

func TestTheHouseholdsCodeWordIsSaidFirst(t *testing.T) {
	d := newMissedDesk(t)
	d.agrees(mobile)
	if err := d.inTx(t.Context(), func(tx *sql.Tx) error {
		return d.outgoing.residents.SetCodeWord(t.Context(), tx, mobile, residents.CodeWord{First: "hoa_sen", Second: "con_trau"})
	}); err != nil {
		t.Fatal(err)
	}
	d.want(Wanted{To: mobile})
	l := d.takes(d.one())
	const word = "mat_khau noun-hoa_sen noun-con_trau im_lang "
	if got := heard(l.reply); !strings.HasPrefix(got, word+"goi_di-1 ") {
		t.Errorf("a reminder begins with %s", got)
	}
	l.press("1")
	l.hangUp()
	d.misses(mobile)
	d.at(morning.Add(lineFree))
	if got := heard(d.takes(d.one()).reply); !strings.HasPrefix(got, word+"goi_lai-1 ") {
		t.Errorf("a call back begins with %s", got)
	}
}

func TestEveryNounOfCodeWordsHasItsSound(t *testing.T) {
	w, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, l := range w.Lines() {
		said[l.Name] = l.Text
	}
	for _, n := range residents.Nouns {
		if said[prompts.NounLine(n.Key)] != n.Word {
			t.Errorf("%s is said as %q", n.Word, said[prompts.NounLine(n.Key)])
		}
	}
}

var quiet = slog.New(slog.DiscardHandler)
