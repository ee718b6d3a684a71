package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/console"
	"canhgiac/internal/postgres"
	"canhgiac/residents"
)

// pagesOptions are one bench of the pages.
type pagesOptions struct {
	residents int
	dir       string // keeps the ward for the next bench; "": it is thrown away
	times     int    // each address, by one client and again by all
	clients   int
}

// pagesResult is how long each page took, at the client's end of a real connection.
type pagesResult struct {
	Residents int        `json:"residents"`
	Messages  int        `json:"messages"`
	Building  float64    `json:"building_seconds"`
	Pages     []pageTime `json:"pages"`
	Skipped   []string   `json:"skipped,omitempty"` // streams, and patterns that the bench has no id for
	Together  clientTime `json:"together"`
}

// pageTime is one address as one role sees it; times in milliseconds.
type pageTime struct {
	Role   console.Role `json:"role"`
	Path   string       `json:"path"`
	Status int          `json:"status"`
	KB     float64      `json:"kb"`
	Asks   int          `json:"asks"`  // the database, so often
	First  float64      `json:"first"` // before the others, and not among them
	P50    float64      `json:"p50"`
	P95    float64      `json:"p95"`
	Max    float64      `json:"max"`
	Crowd  float64      `json:"crowd_p95"` // while the other clients are at it
}

// clientTime is all addresses together, asked by several clients at once.
type clientTime struct {
	Clients int     `json:"clients"`
	Rate    float64 `json:"rate"` // pages a second
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
}

func newBenchPagesCommand() *cobra.Command {
	var o pagesOptions
	var asJSON, firstDay bool
	cmd := &cobra.Command{
		Use:   "pages",
		Short: "Open each page of a large ward as each role: how long the server takes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.residents < 1000 || o.residents > 1_000_000 || o.times < 1 || o.clients < 1 {
				return fmt.Errorf("--residents %d --times %d --clients %d: want 1000 to 1000000 residents, and at least one of the others", o.residents, o.times, o.clients)
			}
			if firstDay {
				return benchFirstDay(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			r, err := benchPages(cmd.Context(), o, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			}
			return r.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().IntVar(&o.residents, "residents", 200_000, "how many residents the ward has")
	cmd.Flags().StringVar(&o.dir, "dir", "", "keep the ward in this folder, and measure the one that is there")
	cmd.Flags().IntVar(&o.times, "times", 40, "how often each address is asked for")
	cmd.Flags().IntVar(&o.clients, "clients", 8, "how many ask at once in the second round")
	cmd.Flags().BoolVar(&firstDay, "first-day", false, "go through an office's first day instead: import, campaign, report, export")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func benchPages(ctx context.Context, o pagesOptions, progress io.Writer) (r pagesResult, err error) {
	w, err := newBenchWard(ctx, bigWard(o.residents), o.dir, progress)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	r.Residents, r.Building = o.residents, w.took.Seconds()
	if err := w.db.QueryRowContext(ctx, `select count(*) from messages`).Scan(&r.Messages); err != nil {
		return r, err
	}
	visits, err := w.visits(ctx)
	if err != nil {
		return r, err
	}
	r.Skipped = visits.skipped
	fmt.Fprintf(progress, "%d addresses, %d times each\n", len(visits.all), o.times)
	if err := visits.alone(ctx, o.times); err != nil {
		return r, err
	}
	if r.Together, err = visits.together(ctx, o.clients, max(o.times/4, 1)); err != nil {
		return r, err
	}
	for _, v := range visits.all {
		r.Pages = append(r.Pages, v.time())
	}
	slices.SortFunc(r.Pages, func(a, b pageTime) int { return int(1e6 * (b.P95 - a.P95)) })
	return r, nil
}

func (r pagesResult) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "first\tp50\tp95\tmax\tcrowd p95\tKB\tasks\tstatus\trole\t  page")
	for _, p := range r.Pages {
		fmt.Fprintf(w, "%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%d\t%d\t%s\t  %s\n", p.First, p.P50, p.P95, p.Max, p.Crowd, p.KB, p.Asks, p.Status, p.Role, p.Path)
	}
	for _, path := range r.Skipped {
		fmt.Fprintf(w, "\t\t\t\t\t\t\t\t\t  not measured: %s\n", path)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nmilliseconds; %d residents, %d messages, built in %.0f s; %d clients at once: p50 %.0f, p95 %.0f, %.0f pages a second\n",
		r.Residents, r.Messages, r.Building, r.Together.Clients, r.Together.P50, r.Together.P95, r.Together.Rate)
	return err
}

// benchWard is a large ward behind a console that listens.
type benchWard struct {
	*rig
	node     *node
	asks     *statements
	server   *httptest.Server
	took     time.Duration // the building
	password string        // of all sample users
	stop     context.CancelFunc
	ended    chan error
}

func newBenchWard(ctx context.Context, size city, dir string, progress io.Writer) (_ *benchWard, err error) {
	w := &benchWard{stop: func() {}, password: newPassword()}
	if w.rig, err = newServerRig(ctx, dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	c := benchConfig(w.rig.server.URL())
	if w.rig.db, w.asks, err = openCounted(ctx, c); err != nil {
		return nil, err
	}
	if w.node, err = newNode(c, w.db, slog.New(slog.DiscardHandler), time.Now); err != nil {
		return nil, err
	}
	some, err := w.node.residents.Search(ctx, residents.Filter{Size: 1})
	if err != nil {
		return nil, err
	}
	if some.Total == 0 {
		start := time.Now()
		if err := size.build(ctx, w.node, progress); err != nil {
			return nil, err
		}
		w.took = time.Since(start)
	}
	for _, u := range sampleUsers() {
		err := w.node.users.SetPassword(ctx, u.Name, w.password)
		if errors.Is(err, console.ErrNoUser) {
			var as console.Standing
			if as, err = u.standing(ctx, w.node.residents); err == nil {
				_, err = w.node.users.Add(ctx, u.Name, as, w.password)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.export(ctx), w.speak(ctx)); err != nil {
		return nil, err
	}
	w.server = httptest.NewServer(w.node.routes)
	w.run()
	return w, nil
}

// openCounted opens the database as a node does, with a count of what is asked.
func openCounted(ctx context.Context, c Config) (*sql.DB, *statements, error) {
	db, err := openMigrated(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	if err := db.Close(); err != nil {
		return nil, nil, err
	}
	connector, err := postgres.Connector(c.Database.URL)
	if err != nil {
		return nil, nil, err
	}
	asks := &statements{Connector: connector}
	db = sql.OpenDB(asks)
	db.SetMaxOpenConns(poolSize)
	db.SetMaxIdleConns(poolSize)
	return db, asks, nil
}

// benchConfig is a ward with three carriers, whose numbers the ward's residents have.
func benchConfig(databaseURL string) Config {
	c := defaultConfig()
	c.Database.URL = databaseURL
	c.Console.TOTP = nil // it signs in with passwords, and measures what comes after
	for name, prefixes := range map[string][]string{"viettel": {"096", "097", "098", "032", "035"}, "vinaphone": {"091", "094"}, "mobifone": {}} {
		carrier := defaultCarrier()
		carrier.Name, carrier.Addr, carrier.SystemID, carrier.Password = name, "127.0.0.1:1", "bench", "bench"
		carrier.Source.Addr, carrier.Prefixes = c.Words.Brand, prefixes
		c.Gateway.Carriers = append(c.Gateway.Carriers, carrier)
	}
	slices.SortFunc(c.Gateway.Carriers, func(a, b CarrierConfig) int { return len(a.Prefixes) - len(b.Prefixes) })
	return c
}

// run keeps those parts of the node going that pages lean on; nothing is sent.
func (w *benchWard) run() {
	ctx, stop := context.WithCancel(context.Background())
	w.stop, w.ended = stop, make(chan error, 1)
	var parts []part
	for _, p := range w.node.parts() {
		if p.name != "admin" && p.name != "http" && p.name != "sender" && p.name != "schedules" {
			parts = append(parts, p)
		}
	}
	go func() { w.ended <- runParts(ctx, w.node.log, parts) }()
}

func (w *benchWard) close() error {
	var errs []error
	if w.ended != nil {
		w.stop()
		errs = append(errs, <-w.ended)
	}
	if w.server != nil {
		w.server.CloseClientConnections()
		w.server.Close()
	}
	return errors.Join(append(errs, w.rig.close())...)
}
