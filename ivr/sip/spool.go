package sip

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"canhgiac/ivr"
)

// Spoken keeps messages, and recordings of whole calls (ivr.Hotline).
type Spoken interface {
	KeepSpoken(ctx context.Context, provider string, m ivr.LeftMessage) error
	AttachSpoken(ctx context.Context, provider string, m ivr.LeftMessage) error
	KeepTape(ctx context.Context, provider string, t ivr.Tape) error
}

// sweepEvery is how often the spool is looked through for what could not be kept before.
const sweepEvery = 15 * time.Second

// spool is the folder of this node where a message, or a call that is recorded, lies while it is spoken: SID.wav, and beside it SID.json which says whose it
// is. It goes to the database when the caller has ended; what a dead process left, or a database that was away did not take,
// is found here and brought there.
type spool struct {
	dir string

	mu   sync.Mutex
	busy map[string]bool // being spoken, or in the hands of a call
}

// label says whose a message is.
type label struct {
	SID     string       `json:"sid"`
	At      time.Time    `json:"at"`
	CallSID string       `json:"call"`
	Tape    bool         `json:"tape,omitempty"` // no message: the whole call
	In      ivr.Incoming `json:"incoming"`       // opens the call where the database was away from its start
}

func newSpool(dir string) (*spool, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the spool of messages: %w", err)
	}
	return &spool{dir: dir, busy: map[string]bool{}}, nil
}

func (p *spool) path(sid, ext string) string { return filepath.Join(p.dir, sid+ext) }

// begin labels a new message, or a new recording of the call (tape); the label is on the disk before the first sample.
func (p *spool) begin(in ivr.Incoming, at time.Time, tape bool) (label, error) {
	l := label{SID: map[bool]string{false: "msg-", true: "call-"}[tape] + strings.ToLower(rand.Text()), At: at.UTC(), CallSID: in.SID, Tape: tape, In: in}
	text, err := json.Marshal(l)
	if err != nil {
		return l, err
	}
	p.hold(l.SID, true)
	if err := os.WriteFile(p.path(l.SID, ".json"), text, 0o600); err != nil {
		p.hold(l.SID, false)
		return l, fmt.Errorf("record a message: %w", err)
	}
	return l, nil
}

func (p *spool) hold(sid string, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if yes {
		p.busy[sid] = true
	} else {
		delete(p.busy, sid)
	}
}

// forget removes a message that is kept elsewhere, or in which nobody spoke. The label goes last: without it the sound would
// be nobody's.
func (p *spool) forget(sid string) error {
	err := os.Remove(p.path(sid, ".wav"))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(p.path(sid, ".json")))
}

// load reads a message as the menu takes it.
func (p *spool) load(l label) (ivr.LeftMessage, error) {
	wav, seconds, err := readSpooled(p.path(l.SID, ".wav"), 1)
	return ivr.LeftMessage{SID: l.SID, CallSID: l.CallSID, At: l.At, Seconds: seconds, WAV: wav}, err
}

// left lists the messages that nobody holds.
func (p *spool) left() ([]label, error) {
	names, err := filepath.Glob(p.path("*", ".json"))
	if err != nil {
		return nil, err
	}
	var all []label
	for _, name := range names {
		p.mu.Lock()
		busy := p.busy[strings.TrimSuffix(filepath.Base(name), ".json")]
		p.mu.Unlock()
		if busy {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var l label
		if err := json.Unmarshal(text, &l); err != nil {
			continue // its writer died before the first sample
		}
		all = append(all, l)
	}
	return all, nil
}

// sweep brings what is left in the spool to the database, now and again until ctx ends.
func (s *Server) sweep(ctx context.Context) {
	for {
		left, err := s.spool.left()
		if err != nil {
			s.log.Error("spool not read", "err", err)
		}
		for _, l := range left {
			if err := s.bring(ctx, l); err != nil {
				s.log.Error("message still in the spool", "message", l.SID, "call", l.CallSID, "err", err)
			}
		}
		if sleep(ctx, sweepEvery) != nil {
			return
		}
	}
}

// bring keeps a message and puts it on its call's report.
func (s *Server) bring(ctx context.Context, l label) error {
	if l.Tape {
		return s.keepTape(ctx, l)
	}
	m, err := s.spool.load(l)
	if errors.Is(err, os.ErrNotExist) || err == nil && !s.speech(m.WAV) {
		return s.spool.forget(l.SID)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.o.Spoken.KeepSpoken(ctx, l.In.Provider, m); err != nil {
		return err
	}
	err = s.o.Spoken.AttachSpoken(ctx, l.In.Provider, m)
	if errors.Is(err, ivr.ErrUnknownCall) { // the database was away when the call began
		if _, err = s.o.Hotline.Start(ctx, l.In); err == nil {
			err = errors.Join(s.o.Spoken.AttachSpoken(ctx, l.In.Provider, m), s.o.Hotline.Ended(ctx, l.In.Provider, l.CallSID, statusFailed))
		}
	}
	if err != nil {
		return err
	}
	s.log.Info("message brought from the spool", "message", l.SID, "call", l.CallSID, "seconds", m.Seconds)
	return s.spool.forget(l.SID)
}

// speech says whether somebody speaks in a WAV of ours.
func (s *Server) speech(wav []byte) bool {
	for at := wavHeader; at+frameSamples <= len(wav); at += frameSamples {
		if s.laws.loudness(wav[at:at+frameSamples], aLaw) > voice {
			return true
		}
	}
	return false
}
