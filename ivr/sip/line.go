package sip

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtp"

	"canhgiac/ivr"
)

// keysKept is how many keys pressed between two questions are kept for the next.
const keysKept = 32

// line is what a caller hears and presses. Its clock are the frames: the beat has it speak, one frame or a silence, and counts
// the silences that the menu waits for. Nothing here reads a clock.
type line struct {
	leg *leg
	out func(samples []byte, l law, first bool) error

	mu      sync.Mutex
	now     *task
	ahead   []rune // pressed while nothing was asked
	resting bool   // silence was sent last
	mute    bool   // a bridge speaks in our place
	broken  []rune // of a question that the call ended in

	typing chan struct{} // a number has got another digit
}

// task is the one thing that the line does: say, ask, record, or play a tone until told otherwise.
type task struct {
	sounds [][]byte // A-law, what is left to say
	whole  [][]byte // as given
	again  bool     // begin anew at the end

	asks           bool
	one            bool
	first, between int // frames of silence
	keys           []rune

	recording *recording
	quiet     int // frames of silence since the words or the last key

	done chan outcome
}

// outcome is how a task ended.
type outcome struct {
	keys    string
	ahead   bool // they were pressed before it was asked
	silence bool // nobody pressed, or nobody spoke
}

func newLine(g *leg) *line {
	l := &line{leg: g, out: g.send, typing: make(chan struct{}, 1)}
	g.hear(l.hearing())
	return l
}

func (l *line) hearing() *hearing { return &hearing{key: l.key, audio: l.audio} }

// frames is a duration in beats, rounded up.
func frames(d time.Duration) int { return int((d + frame - 1) / frame) }

// say plays sounds to their end. Keys pressed meanwhile are kept for the next question.
func (l *line) say(ctx context.Context, sounds ...[]byte) error {
	_, err := l.do(ctx, &task{sounds: sounds})
	return err
}

// tone plays sounds over and over until the context ends.
func (l *line) tone(ctx context.Context, sounds ...[]byte) {
	_, _ = l.do(ctx, &task{sounds: sounds, again: true})
}

// ask plays sounds and takes keys, during them and after; the first key stops them at the next frame. Keys that were pressed
// before the question answer it, all at once: what is more than it asks for is the menu's to place.
func (l *line) ask(ctx context.Context, g ivr.Gather, sounds [][]byte) (outcome, error) {
	return l.do(ctx, &task{sounds: sounds, asks: true, one: g.One, first: frames(g.First), between: frames(g.Between)})
}

// silent has the line send nothing, while a bridge speaks in its place.
func (l *line) silent(yes bool) {
	l.mu.Lock()
	l.mute, l.ahead = yes, nil
	l.mu.Unlock()
}

func (l *line) do(ctx context.Context, t *task) (outcome, error) {
	t.done = make(chan outcome, 1)
	t.sounds, t.whole = slices.Clone(t.sounds), slices.Clone(t.sounds)
	l.mu.Lock()
	l.now = t
	if t.asks && len(l.ahead) > 0 {
		ahead := l.ahead
		l.ahead = nil
		t.sounds = nil
		t.keys = ahead
		if t.one || slices.Contains(ahead, '#') {
			l.end(outcome{keys: string(ahead), ahead: true})
		}
	}
	l.mu.Unlock()
	select {
	case o := <-t.done:
		return o, nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.now != t { // both happened: what was pressed counts
			return <-t.done, nil
		}
		l.now, l.broken = nil, t.keys
		return outcome{}, context.Cause(ctx)
	}
}

// typed is what was pressed so far at a question that takes more than one key.
func (l *line) typed() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil || !l.now.asks {
		return ""
	}
	return string(l.now.keys)
}

// left is what was pressed and never given to the menu when the call ended: at its last question, or behind its last answer.
func (l *line) left() outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.broken) > 0 {
		return outcome{keys: string(append(l.broken, l.ahead...))}
	}
	return outcome{keys: string(l.ahead), ahead: true}
}

// end is called with the lock held.
func (l *line) end(o outcome) {
	l.now.done <- o
	l.now = nil
}

// key takes one, from RTP or from SIP INFO.
func (l *line) key(k rune) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.now
	switch {
	case t != nil && t.recording != nil:
		if k == '#' {
			l.end(outcome{})
		}
	case t != nil && t.asks:
		t.sounds, t.quiet = nil, 0
		t.keys = append(t.keys, k)
		if t.one || k == '#' || len(t.keys) == keysKept {
			l.end(outcome{keys: string(t.keys)})
			return
		}
		select {
		case l.typing <- struct{}{}:
		default: // the last one is still to be taken, and takes this one too
		}
	case l.mute || t != nil && t.again: // for the officer's ears, or pressed in impatience at the tone
	case len(l.ahead) < keysKept:
		l.ahead = append(l.ahead, k)
	}
}

// audio is what the caller says; only a recording listens.
func (l *line) audio(p *rtp.Packet, from law) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.now; t != nil && t.recording != nil && len(t.sounds) == 0 {
		t.recording.take(p, from)
	}
}

// tick sends the next frame and counts; a recording of the call takes its next frame then.
func (l *line) tick() {
	if t := l.leg.tape.Load(); t != nil {
		defer t.tick()
	}
	l.mu.Lock()
	t := l.now
	samples, speaking := l.next()
	mute, first := l.mute, speaking && l.resting
	l.resting = !speaking
	last := speaking && t.said()
	l.mu.Unlock()
	if !mute {
		if err := l.out(samples, aLaw, first); err != nil {
			l.leg.log.Debug("frame not sent", "err", err)
		}
	}
	if !last {
		return
	}
	l.mu.Lock()
	if l.now == t { // words are over once their last frame is out: who is rung then, or hung up on, has heard them
		l.end(outcome{})
	}
	l.mu.Unlock()
}

// said: nothing is left to do but to say so.
func (t *task) said() bool {
	return len(t.sounds) == 0 && !t.again && !t.asks && t.recording == nil
}

// rest is a frame in which nothing is said: it keeps the way open through NAT.
var rest = func() (f [frameSamples]byte) {
	for i := range f {
		f[i] = aLaw.hush()
	}
	return
}()

// next is the frame to send now, and whether anything is said in it.
func (l *line) next() ([]byte, bool) {
	t := l.now
	if t == nil {
		return rest[:], false
	}
	if f := t.frame(); f != nil {
		return f, true
	}
	switch {
	case t.recording != nil:
		if over, silence := t.recording.tick(); over {
			l.end(outcome{silence: silence})
		}
	case t.asks:
		t.quiet++
		limit := t.first
		if len(t.keys) > 0 {
			limit = t.between
		}
		if t.quiet >= limit {
			l.end(outcome{keys: string(t.keys), silence: len(t.keys) == 0})
		}
	default:
		l.end(outcome{})
	}
	return rest[:], false
}

// frame takes 20 ms off the sounds; nil when there are none left.
func (t *task) frame() []byte {
	for len(t.sounds) > 0 && len(t.sounds[0]) == 0 {
		t.sounds = t.sounds[1:]
	}
	if len(t.sounds) == 0 && t.again {
		t.sounds = slices.Clone(t.whole)
	}
	if len(t.sounds) == 0 {
		return nil
	}
	s := t.sounds[0]
	if len(s) > frameSamples {
		t.sounds[0] = s[frameSamples:]
		return s[:frameSamples]
	}
	t.sounds = t.sounds[1:]
	if len(s) == frameSamples {
		return s
	}
	whole := rest
	copy(whole[:], s)
	return whole[:]
}
