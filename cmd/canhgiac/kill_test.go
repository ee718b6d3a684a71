package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"canhgiac/gateway"
	"canhgiac/gateway/smpp"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// TestKillNineLosesAndDoublesNothing kills the program three times in the middle of a run of 20,000 messages. What counts
// is what the carrier saw: every number once at most, and those it did not see or could not tell us of are unknown.
func TestKillNineLosesAndDoublesNothing(t *testing.T) {
	const messages, kills, rate = 20_000, 3, 4000
	url := pgtest.URL(t)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	people, err := settle(t.Context(), db, messages)
	if err != nil {
		t.Fatal(err)
	}
	queue := gateway.NewStore(db, time.Now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "viettel"}}})
	enqueue(t, db, queue, gateway.Run{ID: 1, Campaign: 1, Text: "CATHANHKHEX: KHONG SO HAI. Hoi: 02363111222",
		Hours: schedules.Hours{From: 0, To: 24 * 60}, Audience: residents.Audience{Units: []int64{people.ward}, Channel: "sms"}})

	carrier := startCarrier(t)
	program := build(t)
	config := filepath.Join(t.TempDir(), "config.yaml")
	err = os.WriteFile(config, fmt.Appendf(nil, `
database: {url: "%s"}
http: {addr: "127.0.0.1:0"}
admin: {addr: "127.0.0.1:0"}
sending: {hours: "00:00-24:00"}
gateway:
  carriers:
    - {name: viettel, addr: "%s", system_id: ward, password: pw, window: 50, rate: %d, source: {addr: CATHANHKHEX}}
`, url, carrier.addr, rate), 0o600)
	if err != nil {
		t.Fatal(err)
	}

	for kill := 1; kill <= kills; kill++ {
		end := serve(t, program, config)
		eventually(t, "the run is under way", func() bool { return carrier.count() > kill*messages/(kills+2) })
		end()
	}
	defer serve(t, program, config)()
	var p gateway.Progress
	eventually(t, "every message has ended", func() bool {
		if p, err = queue.Progress(t.Context(), []int64{1}); err != nil {
			t.Fatal(err)
		}
		return p.Queued+p.Submitting+p.Accepted == 0
	})
	t.Logf("%+v; the carrier has %d", p, carrier.count())
	if p.Total != messages || p.Delivered+p.Unknown != messages {
		t.Errorf("of %d messages: %+v", messages, p)
	}
	if most := kills * gateway.MaxInDoubt(rate); p.Unknown > most {
		t.Errorf("%d in doubt after %d kills: more than the intents, %d, allow", p.Unknown, kills, most)
	}
	if numbers := carrier.numbers(); carrier.count() != numbers {
		t.Errorf("the carrier was given %d messages for %d numbers", carrier.count(), numbers)
	} else if missed := messages - numbers; missed > p.Unknown {
		t.Errorf("%d never reached the carrier, but only %d are shown as unknown", missed, p.Unknown)
	}
}

func enqueue(t *testing.T, db *sql.DB, queue *gateway.Store, r gateway.Run) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := queue.EnqueueRun(t.Context(), tx, r); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// build makes the program as it ships.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "canhgiac")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// serve starts a node; the returned function kills it with signal 9.
func serve(t *testing.T, program, config string) (kill func()) {
	t.Helper()
	cmd := exec.Command(program, "serve", "--config", config)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(func() {
		kill()
		if t.Failed() {
			t.Logf("a node's log:\n%s", log.Bytes()[max(0, log.Len()-4000):])
		}
	})
	return kill
}

func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); !met(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// carrier accepts everything, keeps each receipt until somebody has taken it, and counts.
type carrier struct {
	addr string
	ctx  context.Context

	mu       sync.Mutex
	peers    map[*smpp.Peer]bool
	byNumber map[string]int
	total    int
}

func startCarrier(t *testing.T) *carrier {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &carrier{addr: ln.Addr().String(), ctx: ctx, peers: map[*smpp.Peer]bool{}, byNumber: map[string]int{}}
	done := make(chan error, 1)
	go func() {
		done <- smpp.NewServer(smpp.ServerConfig{Window: 100, CloseTimeout: time.Second}, c).Serve(ctx, ln)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *carrier) Bind(p *smpp.Peer, _ *smpp.Bind) smpp.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peers[p] = true
	return smpp.StatusOK
}

func (c *carrier) Closed(p *smpp.Peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.peers, p)
}

func (c *carrier) Submit(_ *smpp.Peer, m *smpp.SubmitSM, respond func(smpp.SubmitResult)) {
	c.mu.Lock()
	c.total++
	id := fmt.Sprintf("%X", c.total)
	c.byNumber[m.Dest.Addr]++
	c.mu.Unlock()
	respond(smpp.SubmitResult{MessageID: id})
	r := smpp.Receipt{ID: id, State: "DELIVRD", Err: "000", At: time.Now()}
	go c.forward(&smpp.DeliverSM{Source: m.Dest, Dest: m.Source, ESMClass: smpp.ESMClassReceipt, ShortMessage: []byte(r.Text())})
}

// forward offers d to whoever is bound until it is acknowledged, as an SMSC does.
func (c *carrier) forward(d *smpp.DeliverSM) {
	for {
		p, taken := c.peer(), make(chan bool, 1)
		if p == nil {
			return
		}
		err := p.Deliver(c.ctx, d, func(st smpp.Status, err error) { taken <- err == nil && st == smpp.StatusOK })
		if err == nil && <-taken {
			return
		}
	}
}

// peer waits until somebody is bound; nil once the test has ended.
func (c *carrier) peer() *smpp.Peer {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		c.mu.Lock()
		for p := range c.peers {
			c.mu.Unlock()
			return p
		}
		c.mu.Unlock()
		select {
		case <-tick.C:
		case <-c.ctx.Done():
			return nil
		}
	}
}

func (c *carrier) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

func (c *carrier) numbers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.byNumber)
}
