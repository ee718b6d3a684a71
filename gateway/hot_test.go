package gateway

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"canhgiac/gateway/smpp"
	"canhgiac/internal/postgres/pgtest"
)

const backendSQL = `select pg_backend_pid()`

// backend tells which connection pool lends.
func backend(t *testing.T, pool *hotPool) (pid int) {
	t.Helper()
	err := pool.do(t.Context(), func(h *hot) error {
		return h.each(t.Context(), backendSQL, func(scan func(...any) error) error { return scan(&pid) })
	})
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestAConnectionThatSawAnErrorIsNotUsedAgain(t *testing.T) {
	pool := newHotPool(pgtest.New(t), 1)
	defer pool.close()
	first := backend(t, pool)
	if again := backend(t, pool); again != first {
		t.Errorf("a healthy connection was given up: %d, then %d", first, again)
	}
	for name, work := range map[string]func(ctx context.Context, h *hot) error{
		"a failed statement": func(ctx context.Context, h *hot) error { return h.exec(ctx, `select 1 / 0`) },
		"a failed statement in a transaction": func(ctx context.Context, h *hot) error {
			return h.transact(ctx, func() error { return h.exec(ctx, `select 1 / 0`) })
		},
		"work that gave up on its own": func(context.Context, *hot) error { return errNothing },
	} {
		before := backend(t, pool)
		if err := pool.do(t.Context(), func(h *hot) error { return work(t.Context(), h) }); err == nil {
			t.Errorf("%s: no error", name)
		}
		if after := backend(t, pool); after == before {
			t.Errorf("%s: the connection is used again", name)
		}
	}
}

func TestWhatIsCancelledEndsAtOnceAndLeavesAUsablePool(t *testing.T) {
	pool := newHotPool(pgtest.New(t), 1)
	defer pool.close()
	before := backend(t, pool)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := pool.do(ctx, func(h *hot) error { return h.exec(ctx, `select pg_sleep(20)`) })
	var told *pq.Error // 57014, not a context error
	if !errors.As(err, &told) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, sql.ErrConnDone) {
		t.Errorf("a cancelled statement: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if after := backend(t, pool); after == before {
		t.Error("the connection is used again")
	}
}

func TestTheHotConnectionsPlanAsTheyWereMeasured(t *testing.T) {
	pool := newHotPool(pgtest.New(t), 1)
	defer pool.close()
	for setting, want := range map[string]string{"plan_cache_mode": "force_generic_plan", "jit": "off", "enable_seqscan": "off",
		"enable_hashjoin": "off", "enable_mergejoin": "off", "idle_in_transaction_session_timeout": "10s"} {
		var got string
		err := pool.do(t.Context(), func(h *hot) error {
			return h.each(t.Context(), `select current_setting($1)`, func(scan func(...any) error) error { return scan(&got) }, setting)
		})
		if err != nil || got != want {
			t.Errorf("%s is %q, %v", setting, got, err)
		}
	}
}

// echo is a carrier without a link: it takes everything, and receipts it at once.
type echo struct {
	h     smpp.ClientHandler
	ids   atomic.Int64
	acked atomic.Int64
}

func (e *echo) Run(ctx context.Context) error {
	e.h.State(true)
	<-ctx.Done()
	return nil
}

func (e *echo) Submit(_ context.Context, m *smpp.SubmitSM, done func(smpp.SubmitResult)) error {
	id := submitted{n: int(e.ids.Add(1))}.id()
	done(smpp.SubmitResult{MessageID: id})
	e.h.Deliver(receiptOf(id, m.Dest.Addr, "DELIVRD"), func(smpp.Status) { e.acked.Add(1) })
	return nil
}

func (e *echo) Bound() bool   { return true }
func (e *echo) InFlight() int { return 0 }

// counting counts the transactions of the hot path: those that mean messages for the wire, and those that store what came
// of them. What only looks for work is left out: it does not grow with the messages.
func (d *deaf) counting() func() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.work = map[string]bool{}
	for _, q := range []string{intentSQL, settleSQL, matchSQL, releaseSQL} {
		d.work[strings.TrimSpace(q)] = true
	}
	return func() int {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.transactions
	}
}

func TestTheHotPathTakesAtMostOneTransactionForAHundredMessages(t *testing.T) {
	const messages = 30_000
	w, d := deafWard(t, messages)
	transactions := d.counting()
	w.run(1, func(r *Run) { r.Caps = Caps{PerWeek: 3} })
	far := &echo{}
	sender, err := NewSender(w.store, []Carrier{{Name: "viettel", Transport: func(h smpp.ClientHandler) Transport { far.h = h; return far }}}, nil, nil, SenderOptions{Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- sender.Run(ctx) }()
	until(t, "every receipt is stored", func() bool { return far.acked.Load() == messages })
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(Progress{Total: messages, Delivered: messages}, w.progress(1)); diff != "" {
		t.Error(diff)
	}
	if n := transactions(); n > messages/100 || n == 0 {
		t.Errorf("%d transactions for %d messages", n, messages)
	} else {
		t.Logf("%d transactions for %d messages", n, messages)
	}
}
