package gateway

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
	"canhgiac/residents"
)

// sound says what is wrong with a message's history: each move must be allowed, start where the one before it ended, not
// go back in time, have a reason, and the last must end where the message stands.
func sound(m Message) error {
	if len(m.History) == 0 || m.History[0].From != "" || m.History[0].To != Queued {
		return fmt.Errorf("it does not begin with queued: %+v", m.History)
	}
	for i, v := range m.History {
		if v.Reason == "" || v.At.IsZero() {
			return fmt.Errorf("move %d is without time or reason: %+v", i, m.History)
		}
		if i == 0 {
			continue
		}
		if before := m.History[i-1]; v.From != before.To || !May(v.From, v.To) || v.At.Before(before.At) {
			return fmt.Errorf("move %d does not follow: %+v", i, m.History)
		}
	}
	if last := m.History[len(m.History)-1].To; last != m.State {
		return fmt.Errorf("it ends in %s, the message is %s: %+v", last, m.State, m.History)
	}
	return nil
}

// walker takes messages through the real queue and ledger, as fate has it.
type walker struct {
	*clerk
	*rand.Rand
	me      int64 // the node, which has no lock: any other may take it for dead
	leases  []*lease
	waiting []*outgoing // on the wire
	doubted []*outgoing // timed out
	ids     []string    // of responses
}

func (k *walker) claim() {
	w := k.w
	if l, err := w.store.lease(w.ctx, k.h, "viettel", only("viettel"), k.me, search{}); err == nil {
		k.leases = append(k.leases, l)
	}
	for _, l := range k.leases {
		pass, held, err := w.store.intent(w.ctx, k.h, l, 3)
		if err != nil {
			continue // taken over, or through
		}
		l.meant(len(pass), held)
		for _, r := range pass {
			k.submit(&outgoing{id: r.id, phone: r.phone, from: l, queue: l.queue, urgency: reminders, resend: l.order.resend, sendBy: l.order.sendBy})
		}
	}
	for _, c := range []class{express, ordinary} {
		list, err := w.store.take(w.ctx, k.h, "viettel", only("viettel"), k.me, c, w.clock.now().UTC(), 3)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, m := range list {
			if m.reason != "" {
				m.outcome = &verdict{state: m.ended, reason: m.reason}
				k.store(false, entry{message: &m.outgoing})
				continue
			}
			k.submit(&m.outgoing)
		}
	}
}

func (k *walker) submit(m *outgoing) {
	n := 1
	if m.id%3 == 0 {
		n = 3
	}
	m.parts, m.results, m.submitted = make([]sms.Part, n), make([]smpp.SubmitResult, n), k.w.clock.now().UTC()
	k.waiting = append(k.waiting, m)
}

func (k *walker) result() smpp.SubmitResult {
	switch k.IntN(8) {
	case 0:
		return smpp.SubmitResult{Status: smpp.StatusSystemError}
	case 1:
		return smpp.SubmitResult{Status: smpp.StatusThrottled}
	case 2:
		return smpp.SubmitResult{Status: smpp.StatusInvDest}
	case 3:
		return smpp.SubmitResult{Err: smpp.ErrNoResponse}
	case 4:
		return smpp.SubmitResult{Err: errUnsent}
	}
	k.ids = append(k.ids, fmt.Sprintf("x%d", len(k.ids)))
	return smpp.SubmitResult{MessageID: k.ids[len(k.ids)-1]}
}

func (k *walker) respond() {
	if len(k.waiting) == 0 {
		return
	}
	n := k.IntN(len(k.waiting))
	m := k.waiting[n]
	k.waiting = append(k.waiting[:n], k.waiting[n+1:]...)
	late := -1
	for i := range m.results {
		if m.kept[i] {
			continue
		}
		if m.results[i] = k.result(); m.results[i].Err == smpp.ErrNoResponse {
			late = i
		}
	}
	if late >= 0 {
		k.doubted = append(k.doubted, m)
	}
	k.store(false, entry{message: m})
}

func (k *walker) respondLate() {
	if len(k.doubted) == 0 {
		return
	}
	m := k.doubted[k.IntN(len(k.doubted))]
	for i, r := range m.results {
		if r.Err == smpp.ErrNoResponse {
			if r := k.result(); r.Err == nil {
				k.store(false, entry{message: m, late: &lateResult{i, r}})
			}
			return
		}
	}
}

func (k *walker) receipt() {
	id := "nobody's"
	if len(k.ids) > 0 && k.IntN(10) > 0 {
		id = k.ids[k.IntN(len(k.ids))]
	}
	states := []string{"DELIVRD", "DELIVRD", "UNDELIV", "EXPIRED", "UNKNOWN", "ENROUTE"}
	k.tell(fmt.Sprintf("849%08d", 1+k.IntN(12)), smpp.Receipt{ID: id, State: states[k.IntN(len(states))], Submitted: k.w.clock.now()})
}

// die has another node take over what this one holds. It may have been alive: its responses come all the same.
func (k *walker) die() {
	gone := []int64{k.me}
	k.me++
	for {
		if _, _, err := k.w.store.recoverChunk(k.w.ctx, k.h, gone); err != nil {
			break
		}
	}
	if _, err := k.w.store.recoverSingles(k.w.ctx, k.h, gone); err != nil {
		k.w.t.Fatal(err)
	}
	if k.leases = nil; k.IntN(2) == 0 {
		k.waiting, k.doubted = nil, nil
	}
}

func TestEveryHistoryIsAWalkThroughTheTableOfMoves(t *testing.T) {
	var mu sync.Mutex
	seen := map[State]int{}
	t.Cleanup(func() { // the walks go side by side, and end after this function
		if len(seen) < 8 { // nobody opts out here
			t.Errorf("the walks saw only %v", seen)
		}
	})
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWard(t, 12)
			k := &walker{clerk: w.clerk(ReceiptSame), Rand: rand.New(rand.NewPCG(seed, 7)), me: 1_000_000}
			w.run(1, nil)
			w.run(2, func(r *Run) { r.Resend = true })
			var ids []MessageID
			for i := range 12 {
				ids = append(ids, MessageID(1<<32|(i+1)), MessageID(2<<32|(i+1)))
				ids = append(ids, w.send(Single{To: residents.Phone(fmt.Sprintf("+849%08d", 1+i)), Text: "Tin", Purpose: Reply}))
			}
			for step := range 240 {
				w.clock.move(time.Duration(1+k.IntN(2000)) * time.Millisecond)
				switch n := k.IntN(30); {
				case n < 8:
					k.claim()
				case n < 16:
					k.respond()
				case n < 18:
					k.respondLate()
				case n < 24:
					k.receipt()
				case n < 27:
					w.clock.move(time.Duration(k.IntN(300)) * time.Second)
					k.store(true)
				case n == 27 && step%2 == 0:
					k.die()
				case step > 200:
					w.tx(func(tx *sql.Tx) error { return w.store.CancelRuns(w.ctx, tx, []int64{1}) })
				}
				if step%40 != 39 {
					continue
				}
				for _, id := range ids {
					m := w.message(id)
					if err := sound(m); err != nil {
						t.Fatalf("step %d, message %d: %v", step, id, err)
					}
					mu.Lock()
					seen[m.State]++
					mu.Unlock()
				}
			}
		})
	}
}

func TestAMessageThatIsAnsweredJustAfterItsTimeOutWasNeverInDoubt(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptSame)
	id := w.send(Single{To: "+84901000001", Text: "Tin", Purpose: Reply})
	list, err := w.store.take(w.ctx, d.h, "viettel", only("viettel"), 7, express, w.clock.now(), 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("took %d, %v", len(list), err)
	}
	m := &list[0].outgoing
	m.parts, m.results, m.submitted = make([]sms.Part, 1), []smpp.SubmitResult{{Err: smpp.ErrNoResponse}}, w.clock.now()
	// Both stand in one batch, as after a minute without the database.
	d.store(false, entry{message: m}, entry{message: m, late: &lateResult{0, smpp.SubmitResult{MessageID: "77"}}})
	got := w.message(id)
	if diff := cmp.Diff([]State{Queued, Submitting, Accepted}, steps(got)); diff != "" || got.CarrierMessageID != "77" {
		t.Errorf("id %q, %s", got.CarrierMessageID, diff)
	}
}

func TestALateResponseMovesNothingThatAReceiptHasEnded(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptSame)
	id := w.accepted("+84901000001", "77")
	w.exec(`update sent set state = 'delivered', done_at = $1`, w.clock.now())
	m := &outgoing{id: id, parts: make([]sms.Part, 1), results: []smpp.SubmitResult{{Err: smpp.ErrNoResponse}}, submitted: w.clock.now(), sendBy: w.clock.now().Add(time.Hour)}
	d.store(false, entry{message: m, late: &lateResult{0, smpp.SubmitResult{MessageID: "78"}}})
	if diff := cmp.Diff([]State{Queued, Submitting, Accepted, Delivered}, steps(w.message(id))); diff != "" {
		t.Error(diff)
	}
}
