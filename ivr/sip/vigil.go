package sip

import (
	"errors"
	"sync"
	"time"
)

// Why a call ends of which its other end does not tell.
var (
	errVanished = errors.New("nothing comes from the other end any more")
	errExpired  = errors.New("the other end did not renew the session")
)

const (
	// pauseFrames without a packet are a pause: 1 s.
	pauseFrames = 50
	// sparing is how many times longer the other end may be silent where it sends nothing while nobody speaks. Most send
	// RTCP even then.
	sparing = 5
)

// vigil notices that the other end of a leg is gone: a telephone without battery, a gateway that lost its network. No BYE
// comes from those. The beat counts its frames.
type vigil struct {
	path  *path
	limit int // frames without RTP or RTCP; 0: any

	mu     sync.Mutex
	gone   func(error)
	silent int
	spares bool // it stops sending in pauses of speech (RFC 3389, or just so)
	held   bool // it said that it sends nothing
	left   int  // frames until the session ends unless it is renewed; 0: it has no end
}

// watch has gone told when the other end is.
func (v *vigil) watch(gone func(error)) {
	v.mu.Lock()
	v.gone, v.silent = gone, 0
	v.mu.Unlock()
}

// hold: yes while nothing can be expected from the other end.
func (v *vigil) hold(yes bool) {
	v.mu.Lock()
	v.held, v.silent = yes, 0
	v.mu.Unlock()
}

// comfort: the other end has sent comfort noise, after which it may be silent as long as its room sounds the same.
func (v *vigil) comfort() {
	v.mu.Lock()
	v.spares = true
	v.mu.Unlock()
}

// renew: the session ends after so long without another one; 0: it does not.
func (v *vigil) renew(d time.Duration) {
	v.mu.Lock()
	v.left = frames(d)
	v.mu.Unlock()
}

// tick counts a frame.
func (v *vigil) tick() {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.path.heard.Swap(false):
		v.spares = v.spares || v.silent >= pauseFrames
		v.silent = 0
	case !v.held:
		v.silent++
	}
	if v.silent == pauseFrames {
		v.path.stale.Store(true)
	}
	limit := v.limit
	if v.spares {
		limit *= sparing
	}
	over := false
	if v.left > 0 {
		v.left--
		over = v.left == 0
	}
	switch {
	case v.gone == nil:
	case over:
		v.gone(errExpired)
	case limit > 0 && v.silent >= limit:
		v.gone(errVanished)
	}
}
