// Package sip answers telephone calls in this process, straight from a SIP trunk, and drives the hotline's menu as the
// webhook dialects do.
//
//	INVITE -> answer -> Hotline.Start -> [say, ask | ring an officer | record] -> Hotline.Step -> ... -> BYE, Hotline.Ended
//
// The dialogs are diago's. What comes from outside passes guards first (guard.go, sdp.go), since that library trusts its
// peers; the sound, its clock and its keys are ours (line.go, beat.go, dtmf.go).
package sip

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/media"
	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
)

// Hotline is the menu (ivr.Hotline).
type Hotline interface {
	Start(ctx context.Context, in ivr.Incoming) (ivr.Reply, error)
	Step(ctx context.Context, provider, sid string, in ivr.Input) (ivr.Reply, error)
	Pressed(ctx context.Context, provider, sid string, in ivr.Input) error
	Ended(ctx context.Context, provider, sid, status string) error
	Failure() []ivr.Action
}

// Sounds gives what is played for a line of the menu (prompts.Sound).
type Sounds interface {
	Find(v prompts.Voice, line string) (prompts.Kept, prompts.Voice, error)
}

// Options are what a server needs.
type Options struct {
	Listen     []Listen
	Trunks     []Trunk
	RTPFirst   int // the first and the last port of sound; 0: the system's
	RTPLast    int
	ExternalIP net.IP // the address that others see, behind NAT; nil: our own
	TLS        *tls.Config
	Hotline    Hotline
	Outgoing   Outgoing // nil: no calls are placed
	Node       string   // this one's id, which the calls bear
	Spoken     Spoken
	Spool      string // a folder for messages while they are spoken; "": none are taken
	Sounds     Sounds
	Silent     time.Duration // a call from which so long nothing came, neither RTP nor RTCP, is over; 0: never
	Frame      time.Duration // 0: 20 ms. A test lets the calls' time run faster.
	Log        *slog.Logger
}

// Server is one node's end of its trunks.
type Server struct {
	o      Options
	log    *slog.Logger
	laws   *laws
	beat   *beat
	ports  *ports
	spool  *spool // nil: none
	trunks []*trunk
	doors  []*door
	ua     *sipgo.UserAgent
	sip    *sipgo.Server
	diago  *diago.Diago

	talks   sync.Map    // Call-ID -> *talk
	gate    sync.Mutex  // over both: nobody comes in behind Run's back as it waits
	closing atomic.Bool // no new calls
	running sync.WaitGroup
	stop    context.Context // ends when running calls must
	halt    context.CancelCauseFunc
}

// Open listens on all addresses, so that a node that cannot take calls fails before it does anything. Run serves.
func Open(ctx context.Context, o Options) (*Server, error) {
	if o.Frame == 0 {
		o.Frame = frame
	}
	s := &Server{o: o, log: o.Log, laws: newLaws(), beat: newBeat(o.Frame), ports: newPorts(o.RTPFirst, o.RTPLast)}
	var err error
	if s.spool, err = newSpool(o.Spool); err != nil {
		return nil, err
	}
	s.stop, s.halt = context.WithCancelCause(context.Background())
	for _, t := range o.Trunks {
		t.Transport = cmp.Or(t.Transport, "udp")
		s.trunks = append(s.trunks, &trunk{Trunk: t})
	}
	s.resolve(ctx)
	for _, l := range o.Listen {
		d, err := s.openDoor(l)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.doors = append(s.doors, d)
	}
	library := slog.New(wordsOnly{o.Log.Handler()})
	s.ua, err = sipgo.NewUA(sipgo.WithUserAgent("canhgiac"),
		sipgo.WithUserAgentTransactionLayerOptions(gosip.WithTransactionLayerLogger(library)),
		sipgo.WithUserAgentTransportLayerOptions(gosip.WithTransportLayerLogger(library), gosip.WithTransportLayerReadFilter(s.filter)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start SIP: %w", err), s.Close())
	}
	if s.sip, err = sipgo.NewServer(s.ua, sipgo.WithServerLogger(library)); err != nil {
		return nil, errors.Join(fmt.Errorf("start SIP: %w", err), s.Close())
	}
	options := []diago.DiagoOption{diago.WithServer(s.sip), diago.WithLogger(library), diago.WithServerRequestMiddleware(s.guard)}
	for _, d := range s.doors {
		options = append(options, diago.WithTransport(s.transport(d)))
	}
	s.diago = diago.NewDiago(s.ua, options...)
	s.diago.HandleFunc(s.answer)
	s.own()
	return s, nil
}

// Addr is where it listens by a network: host:port, "" where it does not.
func (s *Server) Addr(network string) string {
	for _, d := range s.doors {
		if d.Network == network {
			return net.JoinHostPort(d.ip.String(), fmt.Sprint(d.port))
		}
	}
	return ""
}

// Close gives the addresses back where Run was never called.
func (s *Server) Close() error {
	var errs []error
	for _, d := range s.doors {
		errs = append(errs, d.close())
	}
	return errors.Join(errs...)
}

// errStopping ends the calls of a node that stops.
var errStopping = errors.New("this node stops")

// Door turns new calls away once ctx ends; those that run go on. It is told before Run is.
func (s *Server) Door(ctx context.Context) error {
	<-ctx.Done()
	s.shut()
	return nil
}

// enter counts one more call in; false: this node stops. Done goes with it. A call that runs may count others in by itself.
func (s *Server) enter() bool {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closing.Load() {
		return false
	}
	s.running.Add(1)
	return true
}

func (s *Server) shut() {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.closing.Store(true)
}

// Run takes calls until ctx ends. Then who still speaks hears an apology, and it returns when the last has hung up.
func (s *Server) Run(ctx context.Context) error {
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { s.beat.run(own) })
	if s.spool != nil {
		work.Go(func() { s.sweep(own) })
	}
	failed := make(chan error, len(s.doors))
	for _, d := range s.doors {
		work.Go(func() {
			if err := s.serveDoor(d); err != nil && own.Err() == nil {
				failed <- fmt.Errorf("serve %s://%s: %w", d.Network, d.Addr, err)
			}
		})
	}
	for _, t := range s.trunks {
		if t.User == "" {
			continue
		}
		r, err := s.newRegistration(t)
		if err != nil {
			s.log.Error("trunk not registered", "trunk", t.Name, "err", err)
			continue
		}
		work.Go(func() { r.run(ctx) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.shut()
	s.halt(errStopping)
	s.running.Wait()
	stop()
	err = errors.Join(err, s.ua.Close(), s.Close())
	work.Wait()
	return err
}

func (s *Server) serveDoor(d *door) error {
	switch d.Network {
	case "udp":
		return s.sip.ServeUDP(d.packet)
	case "tcp":
		return s.sip.ServeTCP(d.stream)
	}
	return s.sip.ServeTLS(d.stream)
}

// onTheCallsClock is how long a time of the menu takes here.
func (s *Server) onTheCallsClock(d time.Duration) time.Duration {
	return time.Duration(float64(d) / float64(frame) * float64(s.o.Frame))
}

// Quiet has the libraries log nothing by ways of their own, once in a process: whole packets would stand there.
func Quiet(log *slog.Logger) {
	library := slog.New(wordsOnly{log.Handler()})
	gosip.SetDefaultLogger(library)
	media.SetDefaultLogger(library)
}

// wordsOnly keeps the libraries' messages and drops their values: whole packets stand there, with telephone numbers.
type wordsOnly struct{ slog.Handler }

func (h wordsOnly) Enabled(ctx context.Context, l slog.Level) bool {
	return l > slog.LevelInfo && h.Handler.Enabled(ctx, slog.LevelDebug)
}

func (h wordsOnly) Handle(ctx context.Context, r slog.Record) error {
	return h.Handler.Handle(ctx, slog.NewRecord(r.Time, slog.LevelDebug, "SIP: "+r.Message, r.PC))
}

func (h wordsOnly) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h wordsOnly) WithGroup(string) slog.Handler      { return h }
