package gateway

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"canhgiac/gateway/smpp"
	"canhgiac/internal/postgres"
	"canhgiac/internal/postgres/pgtest"
)

// deaf is a database whose answer to one statement gets lost with the connection: it was done, and nobody hears of it.
type deaf struct {
	driver.Connector

	mu    sync.Mutex
	to    string // begins the statement; empty: hear everything
	after string // begins one before it in the same transaction
	times int    // answers lost

	work         map[string]bool // statements whose transactions are counted
	transactions int
}

// lose loses the next answer to a statement that begins with to.
func (d *deaf) lose(to string) { d.loseAfter("", to) }

// loseAfter loses the next answer to a statement that begins with to in a transaction that had one beginning with after.
func (d *deaf) loseAfter(after, to string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.to, d.after = strings.TrimSpace(to), strings.TrimSpace(after)
}

func (d *deaf) lost() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.times
}

func (d *deaf) hears(c *deafConn, query string) bool {
	query = strings.TrimSpace(query)
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(c.said); query == "begin" || n > 0 && (c.said[0] != "begin" || c.said[n-1] == "commit") {
		c.said = nil
	}
	c.said = append(c.said, query)
	d.count(c, query)
	if d.to == "" || !strings.HasPrefix(query, d.to) || !slices.ContainsFunc(c.said, func(q string) bool { return strings.HasPrefix(q, d.after) }) {
		return true
	}
	d.to, d.times = "", d.times+1
	return false
}

// count counts the transactions that hold a statement of work, their own where no begin came before. mu is held.
func (d *deaf) count(c *deafConn, query string) {
	works := func(q string) bool { return d.work[q] }
	switch {
	case d.work == nil:
	case query == "commit" && slices.ContainsFunc(c.said, works):
		d.transactions++
	case c.said[0] != "begin" && works(query):
		d.transactions++
	}
}

func (d *deaf) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := d.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &deafConn{Conn: c.(postgres.Conn), d: d}, nil
}

type deafConn struct {
	postgres.Conn
	d    *deaf
	said []string // the statements since begin, or the one without
}

func (c *deafConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	res, err := c.Conn.ExecContext(ctx, query, args)
	if err == nil && !c.d.hears(c, query) {
		return nil, driver.ErrBadConn
	}
	return res, err
}

func (c *deafConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	st, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return deafStmt{pqStmt: st.(pqStmt), c: c, query: query}, nil
}

type pqStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type deafStmt struct {
	pqStmt
	c     *deafConn
	query string
}

func (s deafStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	res, err := s.pqStmt.ExecContext(ctx, args)
	if err == nil && !s.c.d.hears(s.c, s.query) {
		return nil, driver.ErrBadConn
	}
	return res, err
}

func (s deafStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := s.pqStmt.QueryContext(ctx, args)
	if err != nil || s.c.d.hears(s.c, s.query) {
		return rows, err
	}
	for row := make([]driver.Value, len(rows.Columns())); err != io.EOF; {
		if err = rows.Next(row); err != nil && err != io.EOF {
			return nil, err
		}
	}
	_ = rows.Close()
	return nil, io.ErrUnexpectedEOF
}

// deafWard is a ward whose sender works through d.
func deafWard(t *testing.T, n int) (*ward, *deaf) {
	t.Helper()
	url := pgtest.URL(t)
	c, err := pq.NewConnector(url)
	if err != nil {
		t.Fatal(err)
	}
	d := &deaf{Connector: c}
	w := &ward{t: t, ctx: t.Context(), db: sql.OpenDB(d), clock: newClock()}
	t.Cleanup(func() { _ = w.db.Close() })
	if err := w.db.QueryRow(settleWardSQL, n, morning).Scan(&w.unit); err != nil {
		t.Fatal(err)
	}
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: []Route{{Carrier: "viettel"}}})
	return w, d
}

// quiet starts a sender whose log is not looked at: here errors are meant to happen.
func (w *ward) quiet(s *smsc) {
	w.t.Helper()
	c := Carrier{Name: "viettel", Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"},
		Link: smpp.ClientConfig{Addr: s.addr, Window: 50, BackoffMin: time.Millisecond, BackoffMax: 5 * time.Millisecond}}
	sender, err := NewSender(w.store, []Carrier{c}, nil, nil, SenderOptions{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sender.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

func TestALostAnswerOfTheDatabaseLosesAndDoublesNothing(t *testing.T) {
	oneADay := func(r *Run) { r.Caps = Caps{PerDay: 1} }
	for name, c := range map[string]struct {
		after, to string
		change    func(*Run)
	}{
		"to a lease":                           {"", leaseSQL, nil},
		"to the reading of a chunk's order":    {"", orderSQL, nil},
		"to an intent":                         {"", intentSQL, nil},
		"to an intent of a run with caps":      {"", intentSQL, oneADay},
		"to the commit of a lease":             {leaseSQL, "commit", nil},
		"to the commit of an intent with caps": {capLockSQL, "commit", oneADay},
		"to the settling of outcomes":          {"", settleSQL, nil},
		"to the commit of outcomes":            {settleSQL, "commit", nil},
		"to the release of a chunk":            {"", releaseSQL, nil},
		"to the commit of a chunk's release":   {releaseSQL, "commit", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := deafWard(t, 300)
			s := startSMSC(t)
			s.receipts = true
			w.run(1, c.change)
			w.exec(`insert into opt_outs (phone, at, channel) values ('+84900000003', now(), 'sms')`)
			d.loseAfter(c.after, c.to)
			w.quiet(s)
			if diff := cmp.Diff(Progress{Total: 300, Delivered: 299, Suppressed: 1}, w.ended(1)); diff != "" {
				t.Error(diff)
			}
			until(t, "an answer is lost", func() bool { return d.lost() == 1 })
			if s.count() != 299 || s.doubled() != 0 {
				t.Errorf("%d at the SMSC, %d numbers twice", s.count(), s.doubled())
			}
		})
	}
}

func TestALostAnswerToATakeLeavesTheReceiptToBeSent(t *testing.T) {
	for name, to := range map[string]string{"to the take": takeSQL, "to what follows it": keptPartsSQL} {
		t.Run(name, func(t *testing.T) {
			w, d := deafWard(t, 1)
			s := startSMSC(t)
			s.receipts = true
			if to == keptPartsSQL { // asked for a run's retry only
				refused := false
				s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
					if !refused {
						refused = true
						respond(smpp.SubmitResult{Status: smpp.StatusSystemError})
						return
					}
					respond(smpp.SubmitResult{MessageID: m.id()})
					s.forward(receiptOf(m.id(), m.to, "DELIVRD"))
				}
			}
			var id MessageID = 1<<32 | 1
			if to == takeSQL {
				id = w.send(Single{To: "+84901234567", Text: "Da nhan tin bao.", Purpose: Receipt})
			} else {
				w.run(1, nil)
			}
			d.lose(to)
			w.quiet(s)
			until(t, "it is delivered", func() bool {
				w.clock.move(20 * time.Millisecond)
				return w.message(id).State == Delivered
			})
			if d.lost() != 1 {
				t.Error("no answer was lost")
			}
		})
	}
}

func TestARetryStoredTwiceLeavesTheNextTryAlone(t *testing.T) {
	w := newWard(t, 1)
	id := w.send(Single{To: "+84901234567", Text: "Da nhan tin bao.", Purpose: Receipt})
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	take := func() *outgoing {
		t.Helper()
		list, err := w.store.take(w.ctx, h, "viettel", only("viettel"), 7, express, w.clock.now(), 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("took %d, %v", len(list), err)
		}
		m := &list[0].outgoing
		m.results = []smpp.SubmitResult{{Status: smpp.StatusSystemError}}
		return m
	}
	refused := newOutcomes("viettel", elsewhere{}, w.clock.now(), []*outgoing{take()})
	refused.node = 7
	for range 2 { // the second time because the answer to the first commit got lost
		if err := refused.store(w.ctx, h); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.move(time.Minute)
	take() // is on the wire now
	if err := refused.store(w.ctx, h); err != nil {
		t.Fatal(err)
	}
	if list, err := w.store.take(w.ctx, h, "viettel", only("viettel"), 7, express, w.clock.now().Add(time.Second), 10); err != nil || len(list) != 0 {
		t.Errorf("message %d is there for another try while one is on the wire: %d, %v", id, len(list), err)
	}
}

func TestWhatNeverLeftTheLinkIsNotInDoubt(t *testing.T) {
	for err, want := range map[error]State{smpp.ErrNotSent: Queued, smpp.ErrLinkLost: Unknown, smpp.ErrNoResponse: Unknown} {
		m := &outgoing{results: []smpp.SubmitResult{{Err: err}}}
		if got := m.judge().state; got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}
