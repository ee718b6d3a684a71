package console

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"
	"github.com/lib/pq"
	"golang.org/x/sync/errgroup"

	"canhgiac/reports"
)

// hub asks what changed once for all open pages of this node, and tells them. A page names topics ("reports",
// "campaign-12"), hears a revision for each, and fetches its own fragment again when the revision is another.
type hub struct {
	log   *slog.Logger
	tick  <-chan time.Time // nil: every two seconds; a test hands in its own
	ended chan struct{}

	mu     sync.Mutex
	topics map[string]topic
	feeds  map[string]*feed // those that a page has open
}

type topic struct {
	roles    []Role
	revision func(ctx context.Context, id string) (string, error)
}

type feed struct {
	revision string
	pages    map[*subscriber]bool
}

// subscriber holds the newest revision of each topic until the page's writer fetches it: a slow page misses steps,
// never the last one.
type subscriber struct {
	mu    sync.Mutex
	news  map[string]string
	ready chan struct{}
}

func newHub(log *slog.Logger) *hub {
	return &hub{log: log, ended: make(chan struct{}), topics: map[string]topic{}, feeds: map[string]*feed{}}
}

// Topic offers pages of roles a topic by name. Where pages ask for "name-12", revision gets "12"; for "name", "".
// revision says where the topic stands, in a form that changes whenever a page should fetch again; it is asked every two
// seconds while a page is open, and at once on pg_notify(reports.Channel, 'name-12').
func (h *hub) Topic(name string, roles []Role, revision func(ctx context.Context, id string) (string, error)) {
	h.topics[name] = topic{roles, revision}
}

func (h *hub) find(name string) (topic, string, error) {
	if t, ok := h.topics[name]; ok {
		return t, "", nil
	}
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if t, ok := h.topics[name[:i]]; ok {
			return t, name[i+1:], nil
		}
	}
	return topic{}, "", errNoPage
}

func (h *hub) subscribe(names []string) (*subscriber, func()) {
	s := &subscriber{news: map[string]string{}, ready: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range names {
		if h.feeds[name] == nil {
			h.feeds[name] = &feed{pages: map[*subscriber]bool{}}
		}
		h.feeds[name].pages[s] = true
	}
	return s, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, name := range names {
			if f := h.feeds[name]; f != nil {
				if delete(f.pages, s); len(f.pages) == 0 {
					delete(h.feeds, name)
				}
			}
		}
	}
}

func (s *subscriber) tell(name, revision string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.news[name] = revision
	s.wake()
}

func (s *subscriber) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// begin says where a topic stands as its page opens, unless the hub was quicker: what it has told meanwhile is newer, and
// it would not say it again.
func (s *subscriber) begin(name, revision string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, told := s.news[name]; !told {
		s.news[name] = revision
		s.wake()
	}
}

func (s *subscriber) take() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := s.news
	s.news = map[string]string{}
	return news
}

// ask tells the open pages of name where it stands, if that changed.
func (h *hub) ask(ctx context.Context, name string) {
	t, id, err := h.find(name)
	if err != nil {
		return
	}
	h.mu.Lock()
	open := h.feeds[name] != nil
	h.mu.Unlock()
	if !open {
		return
	}
	revision, err := t.revision(ctx, id)
	if err != nil {
		if ctx.Err() == nil {
			h.log.Warn("live topic", "topic", name, "error", err)
		}
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[name]
	if f == nil || f.revision == revision {
		return
	}
	f.revision = revision
	for page := range f.pages {
		page.tell(name, revision)
	}
}

func (h *hub) open() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	names := make([]string, 0, len(h.feeds))
	for name := range h.feeds {
		names = append(names, name)
	}
	return names
}

func (h *hub) run(ctx context.Context, databaseURL string) error {
	defer close(h.ended)
	g, ctx := errgroup.WithContext(ctx)
	tick := h.tick
	if tick == nil {
		ticker := time.NewTicker(2 * time.Second)
		defer ticker.Stop()
		tick = ticker.C
	}
	var notified <-chan *pq.Notification
	if databaseURL != "" {
		listener := pq.NewListener(databaseURL, time.Second, 30*time.Second, func(_ pq.ListenerEventType, err error) {
			if err != nil && ctx.Err() == nil {
				h.log.Warn("live listener", "error", err)
			}
		})
		notified = listener.Notify
		g.Go(func() error { // Listen waits for its first connection, which must not keep the poll waiting
			if err := listener.Listen(reports.Channel); err != nil && ctx.Err() == nil {
				h.log.Warn("live listener", "error", err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			return listener.Close()
		})
	}
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case n := <-notified:
				if n != nil {
					h.ask(ctx, n.Extra)
					continue
				}
				// The listener was away for a while, and what was said meanwhile is lost: ask for all.
			case <-tick:
			}
			for _, name := range h.open() {
				h.ask(ctx, name)
			}
		}
	})
	if err := g.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

func (c *Console) livePages(r *mux.Router) {
	c.open(r, "GET", "/live", c.liveEvents)
}

// liveEvents is a text/event-stream of the topics in ?t=. Each begins with where the topic stands now, so that a page
// that was cut off for a while finds out what it missed. When the sign-in leaves the stage at which the stream began, by
// another tab's hand, the clock or an operator, it says so in an event "signin" and ends.
func (c *Console) liveEvents(w http.ResponseWriter, r *http.Request) error {
	s := signinOf(r)
	names := r.URL.Query()["t"]
	if len(names) == 0 || len(names) > 8 {
		return errBadForm
	}
	for _, name := range names {
		t, _, err := c.live.find(name)
		if err != nil {
			return err
		}
		if s.Stage == stageLocked && name == urgentTopic && has(t.roles, s.User.Role) {
			continue
		}
		if err := c.admit(w, r, t.roles); err != nil {
			return err
		}
	}
	own := fmt.Sprintf("%s-%d", signinTopic, s.ID)
	names = append(names, own)
	takesLong(r)
	sub, cancel := c.live.subscribe(names)
	defer cancel()
	for _, name := range names {
		t, id, _ := c.live.find(name)
		revision, err := t.revision(r.Context(), id)
		if err != nil {
			return err
		}
		sub.begin(name, revision)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	send := func(format string, args ...any) error {
		// The server's own write time-out is for pages; here each event has its own. Not every writer can set one.
		_ = out.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			return err
		}
		return out.Flush()
	}
	alive := time.NewTicker(20 * time.Second) // proxies close what is silent, and a page takes silence for a lost connection
	defer alive.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-c.live.ended:
			return nil
		case <-alive.C:
			if send("event: alive\ndata: 1\n\n") != nil {
				return nil
			}
		case <-sub.ready:
			for name, revision := range sub.take() {
				if name == own {
					if revision == string(s.Stage) {
						continue
					}
					_ = send("event: signin\ndata: %s\n\n", revision)
					return nil
				}
				if send("event: %s\ndata: %s\n\n", name, revision) != nil {
					return nil
				}
			}
		}
	}
}
