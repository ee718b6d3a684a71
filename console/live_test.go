package console

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"canhgiac/reports"
)

// listen opens the stream of topics and gives its lines "name revision" as they come.
func (b *browser) listen(ctx context.Context, query string) <-chan string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", b.home+"/live?"+query, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		b.t.Fatalf("%d %s", resp.StatusCode, got)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		defer resp.Body.Close()
		name := ""
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			if n, ok := strings.CutPrefix(s.Text(), "event: "); ok {
				name = n
			}
			if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
				lines <- name + " " + data
			}
		}
	}()
	return lines
}

func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case l := <-lines:
		return l
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		return ""
	}
}

func TestAnOpenPageHearsOfAChangeByPollAndByNotify(t *testing.T) {
	h := newHouse(t)
	var revision atomic.Value
	revision.Store("1")
	var asked atomic.Value
	h.live.Topic("box", []Role{Ward}, func(_ context.Context, id string) (string, error) {
		asked.Store(id)
		return revision.Load().(string), nil
	})
	tick := make(chan time.Time)
	h.live.tick = tick
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.live.run(ctx, dsn(t, h)) }()

	lines := h.as(Ward).listen(ctx, "t=box-12")
	if got := next(t, lines); got != "box-12 1" || asked.Load() != "12" {
		t.Fatalf("at first: %q, asked for %v", got, asked.Load())
	}
	tick <- time.Now()
	revision.Store("2")
	tick <- time.Now()
	got := next(t, lines)
	if got == "box-12 1" { // the hub's own first look says it once more
		got = next(t, lines)
	}
	if got != "box-12 2" {
		t.Fatalf("after a poll: %q", got)
	}
	// The listener connects on its own time, so the notice is repeated until it is heard; nobody ticks any more.
	revision.Store("3")
	heard := make(chan string)
	go func() { heard <- <-lines }()
	for told := false; !told; {
		if _, err := h.db.Exec(`select pg_notify($1, 'box-12')`, reports.Channel); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-heard:
			if told = true; got != "box-12 3" {
				t.Fatalf("after a notice: %q", got)
			}
		case <-time.After(20 * time.Millisecond):
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
}

func TestAPageThatOpensWhileItsTopicMovesHearsTheNewerStand(t *testing.T) {
	h := newHouse(t)
	var looks atomic.Int32
	h.live.Topic("box", []Role{Ward}, func(ctx context.Context, _ string) (string, error) {
		if looks.Add(1) > 1 {
			return "2", nil
		}
		h.live.ask(ctx, "box") // the topic moves between the page's look and its answer
		return "1", nil
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if got := next(t, h.as(Ward).listen(ctx, "t=box")); got != "box 2" {
		t.Errorf("the page heard %q, which the hub would not mend: it has told the newer one", got)
	}
}

// dsn asks the test's database for its own address.
func dsn(t *testing.T, h *house) string {
	t.Helper()
	var name, dir string
	if err := h.db.QueryRow(`select current_database(), setting from pg_settings where name = 'unix_socket_directories'`).Scan(&name, &dir); err != nil {
		t.Fatal(err)
	}
	var user string
	if err := h.db.QueryRow(`select current_user`).Scan(&user); err != nil {
		t.Fatal(err)
	}
	return "host=" + dir + " dbname=" + name + " user=" + user + " sslmode=disable"
}

func TestTopicsAreForTheirRoles(t *testing.T) {
	h := newHouse(t)
	h.live.Topic("box", []Role{Police}, func(context.Context, string) (string, error) { return "1", nil })
	for is, c := range map[string]struct {
		role  Role
		query string
		want  int
	}{
		"another role's topic":  {Ward, "t=box", http.StatusForbidden},
		"no such topic":         {Police, "t=cellar", http.StatusNotFound},
		"no topic":              {Police, "", http.StatusBadRequest},
		"nobody":                {"", "t=box", http.StatusSeeOther},
		"one of two is allowed": {Ward, "t=box&t=box-2", http.StatusForbidden},
	} {
		if got := h.as(c.role).get("/live?" + c.query); got.status != c.want {
			t.Errorf("%s: %d, want %d", is, got.status, c.want)
		}
	}
}

func TestASlowPageHearsTheLastRevision(t *testing.T) {
	h := newHub(slog.New(slog.DiscardHandler))
	s, cancel := h.subscribe([]string{"box"})
	defer cancel()
	for _, r := range []string{"1", "2", "3"} {
		s.tell("box", r)
	}
	<-s.ready
	if got := s.take(); got["box"] != "3" {
		t.Errorf("%v", got)
	}
}

// runLive keeps the hub of the house running until the test ends.
func (h *house) runLive() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	h.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
	})
}
