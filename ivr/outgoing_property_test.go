package ivr

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/residents"
)

// network is what really happens on the telephone lines of a test, and judges every ringing by it.
type network struct {
	*desk
	rand  *rand.Rand
	nodes []*bench
	lines []*live
	did   []string // what led here, for who reads a failure
}

// live is one telephone that rings or is talked on.
type live struct {
	Placing
	why   Why
	at    time.Time
	node  *line // taken: the conversation
	taken time.Time
	over  bool
}

const (
	propertyRate  = 2.0
	propertyLines = 2
)

func (n *network) now() time.Time { return *n.clock }

func (n *network) log(format string, a ...any) {
	n.did = append(n.did, n.now().In(zone()).Format("02 15:04:05 ")+fmt.Sprintf(format, a...))
}

func (n *network) broken(format string, a ...any) {
	n.t.Helper()
	n.t.Fatalf("%s\nafter:\n%s", fmt.Sprintf(format, a...), strings.Join(n.did, "\n"))
}

func (l *live) onLine(now time.Time) bool {
	if l.node != nil {
		return !l.over && now.Before(l.taken.Add(talkLimit)) // nobody talks for so long
	}
	return !l.over && now.Before(l.at.Add(l.Ring))
}

// Place is the provider: it rings a telephone, and that must be allowed.
func (n *network) Place(_ context.Context, p Placing) (string, error) {
	n.t.Helper()
	now := n.now()
	l := &live{Placing: p, at: now}
	if err := n.db.QueryRow(`select why from outgoing_attempts where call_id::text || '-' || nth = $1`, p.Ref).Scan(&l.why); err != nil {
		n.broken("ref %s: %v", p.Ref, err)
	}
	n.log("%s rings for %s (%s)", p.To, l.why, p.Ref)
	under := 0
	taken := 0
	for _, o := range n.lines {
		if o.onLine(now) {
			under++
			if o.To == p.To {
				n.broken("%s rings for two calls of ours", p.To)
			}
		}
		if now.Sub(o.at) < time.Second/propertyRate {
			n.broken("two calls were begun within half a second")
		}
		if o.Ref == p.Ref {
			n.broken("attempt %s rang twice", p.Ref)
		}
		if l.why == Callback && o.why == Callback && o.To == p.To && now.Sub(o.at) < callbackPause {
			n.broken("%s was rung back twice in ten minutes", p.To)
		}
		if o.why == Reminder && o.To == p.To && o.node != nil && now.Sub(o.taken) < 24*time.Hour {
			taken++
		}
	}
	if under >= propertyLines {
		n.broken("%d calls under way", under+1)
	}
	if l.why == Reminder {
		if !office(now) {
			n.broken("%s rings outside the hours", p.To)
		}
		if taken > 0 {
			n.broken("%s took a reminder in the last 24 hours", p.To)
		}
		var stopped bool
		if err := n.db.QueryRow(`select exists (select from opt_outs where phone = $1)`, string(p.To)).Scan(&stopped); err != nil || stopped {
			n.broken("%s rings after its opt-out (%v)", p.To, err)
		}
	}
	if !dialable(p.To) {
		n.broken("%s rings", p.To)
	}
	n.lines = append(n.lines, l)
	return "out-" + p.Ref, nil
}

// office are the hours of calls in the test.
func office(t time.Time) bool { h := t.In(zone()).Hour(); return h >= 8 && h < 17 }

func officeNext(t time.Time) time.Time {
	l := t.In(zone())
	open := time.Date(l.Year(), l.Month(), l.Day(), 8, 0, 0, 0, zone())
	if !t.Before(open) {
		open = open.AddDate(0, 0, 1)
	}
	return open
}

// looks lets a node take what it may, and dies at a point of its work now and then.
func (n *network) looks(node *bench, dies bool) {
	n.t.Helper()
	if err := node.outgoing.Sweep(n.t.Context()); err != nil {
		n.broken("sweep: %v", err)
	}
	node.outgoing.look(n.t.Context(), func(l Line, p Placing) {
		at := 0
		if dies {
			at = n.rand.IntN(4)
		}
		switch at {
		case 1:
			n.log("the node dies before it dials %s", p.Ref)
		case 2:
			_, _ = n.Place(n.t.Context(), p)
			n.log("the node dies after it dialled %s", p.Ref)
		default:
			node.outgoing.place(n.t.Context(), l, p)
		}
	})
}

// tells brings a word to one of the nodes; at times the node dies as it takes it, and the provider tells another.
func (n *network) tells(do func(ctx context.Context, h *Hotline) error) {
	n.t.Helper()
	if n.rand.IntN(8) == 0 {
		dead, die := context.WithCancel(n.t.Context())
		die()
		if err := do(dead, n.nodes[n.rand.IntN(2)].Hotline); err == nil {
			n.broken("a dead node answered")
		}
	}
	if err := do(n.t.Context(), n.nodes[n.rand.IntN(2)].Hotline); err != nil {
		n.broken("a word: %v", err)
	}
}

// happens does one thing that people and providers do.
func (n *network) happens(phones []string, nth int) {
	n.t.Helper()
	phone := phones[n.rand.IntN(len(phones))]
	switch n.rand.IntN(10) {
	case 0, 1:
		n.log("%s is to hear a reminder", phone)
		n.want(Wanted{Key: fmt.Sprintf("k%d", nth), To: residents.Phone(phone)})
	case 2:
		n.log("%s rings and hangs up", phone)
		n.misses(phone)
	case 3:
		if n.rand.IntN(4) == 0 {
			n.log("%s stops", phone)
			n.exec(`insert into opt_outs values ($1, now(), 'sms', '') on conflict do nothing`, phone)
		}
	case 4, 5:
		n.at(n.now().Add(time.Duration(n.rand.IntN(40)) * time.Second))
	case 6:
		n.at(n.now().Add(time.Duration(n.rand.IntN(180)) * time.Minute))
	default:
		n.moves()
	}
	n.looks(n.nodes[n.rand.IntN(2)], true)
}

// moves has something happen on a line: the person takes the call, presses a key, hangs up; or it is not taken, and the
// provider tells, twice or late or never.
func (n *network) moves() {
	n.t.Helper()
	if len(n.lines) == 0 {
		return
	}
	l := n.lines[max(0, len(n.lines)-1-n.rand.IntN(6))]
	outcomes := []Outcome{Busy, NoAnswer, Rejected, Failed, Machine}
	switch {
	case l.node == nil && l.onLine(n.now()) && n.rand.IntN(2) == 0:
		n.log("%s takes %s", l.To, l.Ref)
		l.taken = n.now()
		l.node = &line{bench: n.nodes[0], sid: "out-" + l.Ref}
		n.tells(func(ctx context.Context, h *Hotline) (err error) {
			l.node.reply, err = h.Answered(ctx, Incoming{Provider: "test", SID: l.node.sid, Ref: l.Ref})
			return err
		})
	case l.node == nil:
		l.over = l.over || n.rand.IntN(4) > 0 // else it rings on, and whoever told was wrong
		o := outcomes[n.rand.IntN(len(outcomes))]
		if !l.over && n.now().Before(l.at.Add(l.Ring)) {
			return
		}
		n.log("%s: %s", l.Ref, o)
		n.tells(func(ctx context.Context, h *Hotline) error { return h.Placed(ctx, "test", l.Ref, "out-"+l.Ref, o) })
	case !l.over && n.rand.IntN(2) == 0:
		key := []string{"1", "9", "0", "5"}[n.rand.IntN(4)]
		n.log("%s presses %s", l.To, key)
		in := Input{Step: l.node.reply.Step, Kind: InputKeys, Keys: key}
		if !strings.Contains(heard(l.node.reply), "?") {
			return
		}
		n.tells(func(ctx context.Context, h *Hotline) (err error) {
			l.node.reply, err = h.Step(ctx, "test", l.node.sid, in)
			return err
		})
	default:
		n.log("%s hangs up", l.To)
		l.over = true
		if n.rand.IntN(5) > 0 {
			n.tells(func(ctx context.Context, h *Hotline) error { return h.Ended(ctx, "test", l.node.sid, "completed") })
		}
	}
}

// TestCallsUnderEveryMishap: whatever people, providers and dying nodes do, no telephone rings when it must not, and no call
// is forgotten.
func TestCallsUnderEveryMishap(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := newMissedDesk(t)
			n := &network{desk: d, rand: rand.New(rand.NewPCG(seed, 5))}
			opts := OutgoingOptions{Orders: d.o, PerDay: 1, Missed: d.outgoing.o.Missed,
				Lines: []Line{{Provider: "test", CallerID: ourNumber, PerSecond: propertyRate, Concurrent: propertyLines, Dialer: n}}, Ring: 30 * time.Second, Log: quiet}
			d.o.ask = func(_ Wanted, now time.Time) Verdict {
				if office(now) {
					return Verdict{}
				}
				return Verdict{Until: officeNext(now)}
			}
			for range 2 {
				out := NewOutgoing(d.db, func() time.Time { return *d.clock }, d.outgoing.residents, opts)
				node := *d.bench
				hotline := *d.Hotline
				hotline.outgoing = out
				node.Hotline = &hotline
				n.nodes = append(n.nodes, &node)
			}
			d.bench = n.nodes[0]
			phones := []string{"+84901000001", "+84901000002", "+84901000003", "+842363000004"}
			d.agrees(phones...)
			for i := range 150 {
				n.happens(phones, i)
			}
			for end := n.now().Add(9 * 24 * time.Hour); n.now().Before(end); d.at(n.now().Add(20 * time.Minute)) {
				n.looks(n.nodes[0], false)
			}
			if left := d.column(`select key || ' ' || state from outgoing_calls where state in ('queued', 'dialing', 'answered')`); len(left) > 0 {
				n.broken("forgotten: %v", left)
			}
			for _, key := range d.column(`select key from outgoing_calls where why = 'reminder'`) {
				if d.o.ended[key] == "" {
					n.broken("nobody was told what became of %s", key)
				}
			}
			if len(n.lines) < 5 {
				n.broken("%d telephones rang: this tried nothing", len(n.lines))
			}
		})
	}
}

// TestTwoNodesAtOnceDialEachCallOnce: for real, side by side.
func TestTwoNodesAtOnceDialEachCallOnce(t *testing.T) {
	d := newDesk(t, nil)
	const calls, most = 60, 5
	var mu sync.Mutex
	rang, under, worst := map[residents.Phone]int{}, 0, 0
	x := placer(func(p Placing) {
		mu.Lock()
		defer mu.Unlock()
		rang[p.To]++
		under++
		worst = max(worst, under)
	})
	clock := morning
	opts := OutgoingOptions{Orders: d.o, Log: quiet, Lines: []Line{{Provider: "test", CallerID: ourNumber, PerSecond: 1e9, Concurrent: most, Dialer: x}}}
	for i := range calls {
		to := fmt.Sprintf("+8490200%04d", i)
		d.agrees(to)
		d.want(Wanted{To: residents.Phone(to)})
	}
	var nodes sync.WaitGroup
	for range 4 {
		s := NewOutgoing(d.db, func() time.Time { return clock }, d.outgoing.residents, opts)
		nodes.Go(func() {
			for range 40 * calls {
				s.look(t.Context(), func(l Line, p Placing) {
					s.place(t.Context(), l, p)
					mu.Lock()
					under--
					mu.Unlock()
					if err := s.placed(t.Context(), "test", p.Ref, "", Rejected); err != nil {
						t.Error(err)
					}
				})
				var left bool
				if err := d.db.QueryRow(`select exists (select from outgoing_calls where state <> 'gave_up')`).Scan(&left); err != nil || !left {
					return
				}
			}
		})
	}
	nodes.Wait()
	for phone, n := range rang {
		if n != 1 {
			t.Errorf("%s rang %d times", phone, n)
		}
	}
	if len(rang) != calls || worst > most {
		t.Errorf("%d telephones rang, %d at once; expected %d, at most %d at once", len(rang), worst, calls, most)
	}
}

type placer func(Placing)

func (x placer) Place(_ context.Context, p Placing) (string, error) { x(p); return "out-" + p.Ref, nil }
