package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Simulator is one SMSC, one voice provider and any number of handsets. Run it once.
type Simulator struct {
	o     Options
	line  *provider // nil: no voice
	other *provider // by Stringee; nil: none
	phone *handsets
	smsc  *smsc
	ready chan struct{}

	mu       sync.Mutex
	officer  Officer
	smppAddr net.Addr
	httpAddr net.Addr
	records  recordings
	calls    sync.WaitGroup
	base     context.Context // of the calls; set by Run
}

// New checks the options; it does not listen yet.
func New(o Options) (*Simulator, error) {
	o = o.withDefaults()
	for _, a := range []string{o.SMPPAddr, o.HTTPAddr} {
		if err := checkAddr(a, o.AllowRemote); err != nil {
			return nil, err
		}
	}
	s := &Simulator{o: o, phone: newHandsets(o.KeepTexts, o.Now), ready: make(chan struct{}), officer: o.Officer}
	s.smsc = newSMSC(o, s.phone)
	if o.VoiceURL != "" {
		var err error
		if s.line, err = newProvider(o, o.VoiceProvider, "", o.VoiceSecret); err != nil {
			return nil, err
		}
		if o.Stringee.Provider != "" {
			if s.other, err = newProvider(o, o.Stringee.Provider, stringee, o.Stringee.SigningKey); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// checkAddr refuses an address that others than this machine could reach: whoever reaches it may act as any resident.
func checkAddr(addr string, remote bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("simulator address %q: want host:port: %w", addr, err)
	}
	if remote || host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("simulator address %q: want a loopback address such as 127.0.0.1", addr)
	}
	return nil
}

// Run listens until ctx ends. It returns when every call has been reported over and every connection is closed.
func (s *Simulator) Run(ctx context.Context) error {
	sms, err := net.Listen("tcp", s.o.SMPPAddr)
	if err != nil {
		return fmt.Errorf("simulator's smpp: %w", err)
	}
	web, err := net.Listen("tcp", s.o.HTTPAddr)
	if err != nil {
		_ = sms.Close()
		return fmt.Errorf("simulator's http: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	s.mu.Lock()
	s.smppAddr, s.httpAddr, s.base = sms.Addr(), web.Addr(), ctx
	s.mu.Unlock()

	srv := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	g.Go(func() error {
		if err := srv.Serve(web); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("simulator's http: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		// Watching pages see their context end; the rest is short.
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
		defer cancel()
		if srv.Shutdown(late) != nil {
			return srv.Close() // whoever still hangs on has no business that the stop must wait for
		}
		return nil
	})
	g.Go(func() error { return s.smsc.serve(ctx, sms) })
	close(s.ready)
	err = g.Wait()
	s.calls.Wait()
	return err
}

// Ready is closed once both addresses listen.
func (s *Simulator) Ready() <-chan struct{} { return s.ready }

// SMPPAddr is where the SMSC listens; call it after Ready.
func (s *Simulator) SMPPAddr() string { return s.smppAddr.String() }

// HTTPAddr is where handsets are driven; call it after Ready.
func (s *Simulator) HTTPAddr() string { return s.httpAddr.String() }

var errNoVoice = errors.New("the simulator was given no voice address")

// lastWords is how long the simulator, once told to stop, still reports calls over and unbinds its links.
const lastWords = 500 * time.Millisecond

// Call rings to from a handset. It returns as soon as the call rings; the handset's events tell the rest.
func (s *Simulator) Call(from, to string, withheld bool) error {
	return s.ring(s.line, from, to, withheld)
}

// CallByStringee rings as Call does, carried by the provider of that dialect.
func (s *Simulator) CallByStringee(from, to string, withheld bool) error {
	return s.ring(s.other, from, to, withheld)
}

func (s *Simulator) ring(line *provider, from, to string, withheld bool) error {
	n, err := parseNumber(from)
	if err != nil {
		return err
	}
	hotline, err := parseNumber(to)
	if err != nil {
		return err
	}
	if line == nil {
		return errNoVoice
	}
	c := s.newCall(line, n)
	c.from, c.to, c.first = n.international(), hotline.international(), line.base+"/call"
	if withheld {
		c.from = "anonymous" // as the provider names a caller who hides the number
	}
	if err := s.phone.take(n, c); err != nil {
		return err
	}
	s.carry(c, func() { s.phone.release(n) })
	return nil
}

// newCall is a call of n's handset, which shows it.
func (s *Simulator) newCall(line *provider, n number) *call {
	c := &call{
		id: newSID("CA"), line: line, officer: s.onDuty, record: s.keepRecording,
		log: s.o.Log, now: s.o.Now, keys: make(chan byte, 64), gone: make(chan struct{}), state: "ringing",
	}
	c.tell = func(e Event) { s.phone.during(n, c, e) }
	return c
}

// Press sends keys from a handset into its call.
func (s *Simulator) Press(from, keys string) error {
	c, err := s.callOf(from)
	if err != nil {
		return err
	}
	for _, k := range []byte(keys) {
		c.press(k)
	}
	return nil
}

// HangUp presses a handset's red button.
func (s *Simulator) HangUp(from string) error {
	c, err := s.callOf(from)
	if err != nil {
		return err
	}
	c.hangUp()
	return nil
}

func (s *Simulator) callOf(from string) (*call, error) {
	n, err := parseNumber(from)
	if err != nil {
		return nil, err
	}
	return s.phone.inCall(n)
}

// SetOfficer changes how the duty officer's phone answers from now on.
func (s *Simulator) SetOfficer(o Officer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.officer = o
}

func (s *Simulator) onDuty() Officer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.officer
}

// Seed is what the network's chances are drawn from: the script's, or the one that stands for it.
func (s *Simulator) Seed() uint64 { return s.smsc.seed }
