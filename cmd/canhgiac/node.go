package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"canhgiac/api"
	"canhgiac/campaigns"
	"canhgiac/console"
	"canhgiac/gateway"
	"canhgiac/internal/certs"
	"canhgiac/internal/jobs"
	"canhgiac/internal/nodes"
	"canhgiac/ivr"
	"canhgiac/ivr/africastalking"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/sip"
	"canhgiac/ivr/sounds"
	"canhgiac/ivr/webhook"
	"canhgiac/migrations"
	"canhgiac/reports"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// How long each part of a node may take to stop; a test keeps the sum of the stages under the 10 s that a service manager waits.
const (
	senderGrace   = 5 * time.Second
	callsGrace    = 5 * time.Second
	callsOutGrace = 2 * time.Second
	shortGrace    = 500 * time.Millisecond
	practiceGrace = 100 * time.Millisecond
	tellGrace     = 100 * time.Millisecond
	httpGrace     = 2200 * time.Millisecond
)

// node is one running copy of the program. It holds nothing that another node could miss: all state is in the database.
type node struct {
	config    Config
	log       *slog.Logger
	db        *sql.DB
	now       func() time.Time
	words     *prompts.Words
	hours     schedules.Hours
	residents *residents.Store
	schedules *schedules.Store
	campaigns *campaigns.Store
	queue     *gateway.Store
	hotline   *ivr.Hotline
	sounds    *sounds.Store
	outgoing  *ivr.Outgoing
	fetcher   *ivr.Fetcher
	lost      *lostCalls
	reports   *reports.Store
	users     *console.Users
	console   *console.Console
	sender    *gateway.Sender
	runner    *schedules.Runner
	practice  *practiceWard // nil where the database has no address
	jobs      *jobs.Runner
	routes    http.Handler
	metrics   *prometheus.Registry

	sipAt sip.Options
	sip   *sip.Server // nil: no SIP; set by listen

	certificates certs.Source // nil: plain HTTP
	teller       *nodes.Teller

	public, admin net.Listener // set by listen
	plain         net.Listener // nil without http.plain_addr
}

// newNode joins the rooms. What lies sideways between them meets here: a due schedule and the campaign it fires, an inbound
// SMS and the menu's actions, the hotline and the queue that carries its receipts.
func newNode(c Config, db *sql.DB, log *slog.Logger, now func() time.Time) (*node, error) {
	logs := nodes.Count(log.Handler())
	log = slog.New(logs)
	words, err := prompts.Load()
	if err != nil {
		return nil, err
	}
	hours, err := schedules.ParseHours(c.Sending.Hours)
	if err != nil {
		return nil, err // validated; never
	}
	n := &node{config: c, log: log, db: db, now: now, words: words, hours: hours, metrics: prometheus.NewRegistry()}
	n.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewDBStatsCollector(db, "canhgiac"))

	if n.sounds, err = openSounds(context.Background(), c.Voice, db, now, words, log.With("part", "sounds")); err != nil {
		return nil, err
	}
	sound := n.sounds.Playing()
	if n.certificates, err = certificates(c.HTTP, db, now, log.With("part", "http")); err != nil {
		return nil, err
	}
	caps := gateway.Caps{PerDay: c.Sending.Caps.PerDay, PerWeek: c.Sending.Caps.PerWeek}
	carriers, err := gatewayCarriers(c, log)
	if err != nil {
		return nil, err
	}
	n.teller = &nodes.Teller{DB: db, Node: nodes.NewNode(now()), Now: now, Log: log.With("part", "nodes"), Logs: logs,
		Schema: migrations.Newest(), BackupMark: c.Operator.BackupMark, Certificates: seenCertificates(carriers, n.certificates)}
	n.residents = residents.NewStore(db, now)
	n.schedules = schedules.NewStore(db, now)
	n.reports = reports.NewStore(db, now)
	n.reports.Deadlines = c.Reports.Deadlines.deadlines()
	n.users = console.NewUsers(db, now, mustHaveFactor(c)...)
	sending := routing(c)
	sending.Hours, sending.Caps = hours, caps
	n.queue = gateway.NewStore(db, now, sending)
	written := campaigns.Options{Traps: traps(words), Hours: hours, Caps: caps, Log: log.With("part", "campaigns")}
	placing, err := n.outgoingOptions()
	if err != nil {
		return nil, err
	}
	n.outgoing = ivr.NewOutgoing(db, now, n.residents, placing)
	calling := written
	if len(c.Voice.Outbound.Providers) > 0 { // else campaigns go by SMS alone
		if calling, err = withCalls(written, c.Voice.Outbound, n.outgoing, words); err != nil {
			return nil, err
		}
	}
	n.campaigns = campaigns.NewStore(db, now, n.queue, n.residents, n.schedules, calling)

	n.runner = schedules.NewRunner(db, now, n.fire)
	n.runner.Log = log.With("part", "schedules")
	n.hotline, err = ivr.NewHotline(db, now, words, n.residents, n.reports, texter{n.queue}, ivr.Options{
		Brand: c.Words.Brand, Hotline: c.Words.Hotline, Shortcode: c.Words.Shortcode, Officer: c.Voice.Officers, Official: c.Voice.Official,
		Form: prompts.Plain, Length: sound.Length, Sounding: sound.Says, Voice: n.sounds.VoiceOf, Tape: c.Voice.Recording.Calls, Outgoing: n.outgoing, Log: log.With("part", "hotline"),
	})
	if err != nil {
		return nil, err
	}
	recordings, err := recordingSources(c.Voice, now)
	if err != nil {
		return nil, err
	}
	n.fetcher = n.hotline.NewFetcher(recordings)
	n.lost = &lostCalls{nodes: nodes.NewStore(db), hotline: n.hotline, self: n.teller.Node.ID, now: now, log: log.With("part", "lost calls")}
	inbound := func(ctx context.Context, tx *sql.Tx, in gateway.Inbound) (string, error) {
		return n.hotline.Inbound(ctx, tx, in.Action, in.Rest, in.From, strconv.FormatInt(in.ID, 10))
	}
	n.sender, err = gateway.NewSender(n.queue, carriers, menuWords{n.hotline}, inbound, gateway.SenderOptions{Log: log.With("part", "sender"), Registerer: n.metrics, USSD: answerUSSD(n.hotline)})
	if err != nil {
		return nil, err
	}
	work := jobs.NewStore(db, now, reports.Channel)
	pages := console.Options{
		Outgoing: n.outgoing,
		DB:       db, DatabaseURL: c.Database.URL, Now: now, Log: log.With("part", "console"), PublicURL: c.HTTP.PublicURL, Words: words, Calls: n.hotline,
		Reports: n.reports, Residents: n.residents, Campaigns: n.campaigns, Gateway: n.queue, Jobs: work, Carriers: carriers, Schedules: n.schedules,
		Session: c.Console.Session, IdleLock: c.Console.IdleLock, TOTP: mustHaveFactor(c), Secrets: []string{c.Console.Secret, c.Console.SecretBefore},
		Spoken: n.hotline.Spoken, Taped: n.hotline.Taped, Sounds: n.sounds, HandsetURL: c.Console.HandsetURL, Hotline: c.Words.Hotline, Shortcode: c.Words.Shortcode,
	}
	if pages.DatabaseURL != "" {
		if pages.Practice, err = n.newPracticeWard(pages, sending, calling); err != nil {
			return nil, err
		}
	}
	n.console, err = console.New(pages)
	if err != nil {
		return nil, err
	}
	n.jobs = &jobs.Runner{Store: work, Works: n.console.Works(), Log: log.With("part", "jobs")}
	if n.routes, err = n.mount(sound); err != nil {
		return nil, err
	}
	if n.sipAt, err = n.sipOptions(sound); err != nil {
		return nil, err
	}
	return n, nil
}

// warnOfPromise: the words of consent promise a number that this configuration may break. Campaigns may set their own
// caps, so it is no error.
func warnOfPromise(c Config, log *slog.Logger) {
	if c.Sending.Caps.PerWeek != prompts.PromisedPerWeek {
		log.Warn("sending.caps.per_week is not what residents are promised when they register",
			"per_week", c.Sending.Caps.PerWeek, "promised", prompts.PromisedPerWeek)
	}
}

// mount gives each kind of visitor its path on the public address.
func (n *node) mount(sound *prompts.Sound) (http.Handler, error) {
	r := http.NewServeMux()
	providers, err := voiceProviders(n.config.Voice, n.now)
	if err != nil {
		return nil, err
	}
	r.Handle("/voice/", webhook.Handler(webhook.Options{
		Hotline: n.hotline, Sound: sound, Providers: providers, PublicURL: n.config.HTTP.PublicURL, Now: n.now, Log: n.log.With("part", "voice"),
	}))
	ussd := make([]africastalking.Provider, 0, len(n.config.USSD.Providers))
	for _, p := range n.config.USSD.Providers {
		ussd = append(ussd, africastalking.Provider{Name: p.Name, Secret: p.Secret})
	}
	r.Handle("/ussd/", africastalking.Handler(n.hotline, ussd, n.log.With("part", "ussd")))
	r.Handle("/api/v1/", api.New(api.Options{
		DB: n.db, Now: n.now, Log: n.log.With("part", "api"), Gateway: n.queue, Residents: n.residents,
		Importer: residents.NewImporter(n.db, n.now), Campaigns: n.campaigns, Reports: n.reports,
	}))
	r.HandleFunc("GET "+ivr.SchemaPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/schema+json")
		_, _ = w.Write(ivr.Schema) // whoever asked may have gone
	})
	r.Handle("/", n.console.Handler())
	trusted := make([]netip.Prefix, 0, len(n.config.HTTP.TrustedProxies))
	for _, p := range n.config.HTTP.TrustedProxies {
		network, err := proxyNetwork(p)
		if err != nil {
			panic(err) // validated
		}
		trusted = append(trusted, network)
	}
	return behindProxies(trusted, r), nil
}

// fire is what a due schedule does, in the transaction that marks it as fired.
func (n *node) fire(ctx context.Context, tx *sql.Tx, d schedules.Due) error {
	id, ok := campaigns.ParseSubject(d.Subject)
	if !ok {
		return fmt.Errorf("schedule %d: nobody knows the subject %q", d.ScheduleID, d.Subject)
	}
	return n.campaigns.Fire(ctx, tx, id, d.At, d.Nth)
}

// texter lets the hotline queue a receipt in its own transaction without knowing the gateway.
type texter struct{ queue *gateway.Store }

func (t texter) SendText(ctx context.Context, tx *sql.Tx, to residents.Phone, text, key string) error {
	_, err := t.queue.Send(ctx, tx, gateway.Single{To: to, Text: text, Purpose: gateway.Receipt, Key: key})
	return err
}

// menuWords are the SMS words of the menu that answers.
type menuWords struct{ hotline *ivr.Hotline }

func (m menuWords) Now(ctx context.Context, tx *sql.Tx) (gateway.Words, error) {
	return m.hotline.Words(ctx, tx)
}

func traps(w *prompts.Words) []campaigns.Trap {
	var all []campaigns.Trap
	for _, t := range w.Traps {
		all = append(all, campaigns.Trap{Phrase: t.Phrase, Why: t.Why})
	}
	return all
}

// listen takes all addresses, so that a start that cannot serve fails before it sends anything.
func (n *node) listen(ctx context.Context) (err error) {
	if n.public, err = listen("http.addr", n.config.HTTP.Addr); err != nil {
		return err
	}
	if n.admin, err = listen("admin.addr", n.config.Admin.Addr); err != nil {
		return errors.Join(err, n.closeListeners())
	}
	if n.config.HTTP.PlainAddr != "" {
		if n.plain, err = listen("http.plain_addr", n.config.HTTP.PlainAddr); err != nil {
			return errors.Join(err, n.closeListeners())
		}
	}
	if err = n.listenSIP(ctx); err != nil {
		return errors.Join(err, n.closeListeners())
	}
	return nil
}

func (n *node) closeListeners() error {
	var errs []error
	for _, ln := range []net.Listener{n.public, n.admin, n.plain} {
		if ln != nil {
			errs = append(errs, ln.Close())
		}
	}
	if n.sip != nil {
		errs = append(errs, n.sip.Close())
	}
	return errors.Join(errs...)
}

// parts are in the order of their start: whoever takes work in comes last, and so stops first. Schedules, practice and jobs
// each hand on through the database alone, and stop side by side.
func (n *node) parts() []part {
	return []part{
		{name: "admin", grace: shortGrace, run: func(ctx context.Context) error {
			return serveHTTP(ctx, n.log, n.admin, nil, adminHandler(n.db, n.metrics))
		}},
		{name: "nodes", grace: tellGrace, beside: true, run: n.teller.Run},
		{name: "sender", grace: senderGrace, run: n.sender.Run},
		{name: "calls", grace: callsGrace, beside: true, run: n.runCalls},
		{name: "calls out", grace: callsOutGrace, beside: true, run: n.outgoing.Run},
		{name: "recordings", grace: shortGrace, beside: true, run: n.fetcher.Run},
		{name: "lost calls", grace: shortGrace, beside: true, run: n.lost.run},
		{name: "old recordings", grace: shortGrace, beside: true, run: func(ctx context.Context) error {
			return n.hotline.KeepTapes(ctx, n.config.Voice.Recording.Keep)
		}},
		{name: "paths", grace: shortGrace, beside: true, run: n.hotline.KeepTally},
		{name: "campaigns", grace: shortGrace, run: n.campaigns.Run},
		{name: "schedules", grace: shortGrace, run: n.runner.Run},
		{name: "practice", grace: practiceGrace, beside: true, run: n.practice.run},
		{name: "jobs", grace: shortGrace, beside: true, run: n.jobs.Run},
		{name: "sounds", grace: shortGrace, beside: true, run: n.sounds.Run},
		{name: "http", grace: httpGrace, run: n.servePublic},
		{name: "live pages", grace: shortGrace, run: n.console.Run},            // open pages hang on it, and http waits for them
		{name: "new calls", grace: shortGrace, beside: true, run: n.takeCalls}, // first, so that those on the line have all the time there is
	}
}

// servePublic answers on the public address, and on the one without TLS where there is one.
func (n *node) servePublic(ctx context.Context) error {
	if n.certificates == nil {
		return serveHTTP(ctx, n.log, n.public, nil, n.routes)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serveHTTP(ctx, n.log, n.public, n.certificates.TLS(), n.routes) })
	if n.plain != nil {
		g.Go(func() error { return serveHTTP(ctx, n.log, n.plain, nil, n.certificates.Plain()) })
	}
	return g.Wait()
}
