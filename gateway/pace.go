package gateway

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// late is how much of its time a link catches up with after it was held up: more would come as a burst.
const late = grantTime / 5

// pace keeps one link to its carrier's rate, which all nodes share: it spends grants part by part. take belongs to one
// goroutine, run to another.
type pace struct {
	store   *Store
	pool    *hotPool
	carrier string
	rate    float64 // as configured; 0: no limit
	flow    *flow
	log     *slog.Logger

	wants  chan int      // a grant is asked for, for so many parts
	grants chan grant    // and given
	slower chan struct{} // the carrier complained

	ahead  atomic.Int32 // parts that went out unasked, since the last take
	slowed atomic.Int32 // complaints that were told: grants from before them are void

	asked bool
	have  grant
	due   time.Time // when the next part may go out
}

func newPace(s *Store, pool *hotPool, c Carrier, f *flow, log *slog.Logger) *pace {
	return &pace{store: s, pool: pool, carrier: c.Name, rate: c.Rate, flow: f, log: log,
		wants: make(chan int, 1), grants: make(chan grant, 1), slower: make(chan struct{}, 1)}
}

// run gets grants and tells complaints until ctx ends.
func (p *pace) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.slower:
			p.try(ctx, func(h *hot) error {
				now, err := p.store.slow(ctx, h, p.carrier, p.rate, p.flow.perSecond(time.Now()))
				p.slowed.Add(1)
				if now > 0 {
					p.log.Warn("the carrier wants less", "parts_per_second", now)
				}
				return err
			})
		case n := <-p.wants:
			p.try(ctx, func(h *hot) error {
				g, err := p.store.grant(ctx, h, p.carrier, p.rate, n)
				if err == nil {
					g.slowed = p.slowed.Load()
					p.grants <- g
				}
				return err
			})
		}
	}
}

// try does work until it comes about or ctx ends.
func (p *pace) try(ctx context.Context, work func(h *hot) error) {
	for {
		err := p.pool.do(ctx, work)
		if err == nil || ctx.Err() != nil { // lib/pq tells of a cancel as 57014, not as a context error
			return
		}
		p.log.Error("keep the carrier's rate", "error", err)
		if !wait(ctx, ledgerRetry) {
			return
		}
	}
}

// complain notes that the carrier wants less.
func (p *pace) complain() {
	select {
	case p.slower <- struct{}{}:
	default:
	}
}

// take waits until the next part may go out; waiting is how many parts want to. It gives ctx's error.
func (p *pace) take(ctx context.Context, waiting int) error {
	for ctx.Err() == nil {
		p.look()
		now := time.Now()
		if !now.Before(p.have.until()) || p.have.slowed != p.slowed.Load() {
			p.have = grant{}
		}
		if p.have.ahead(now) && waiting > p.have.n {
			p.ask(waiting - p.have.n)
		}
		switch {
		case p.have.free:
			return nil
		case p.have.n > 0:
			p.yield()
			due := p.due
			if latest := now.Add(-late); due.Before(latest) {
				due = latest
			}
			if !due.After(now) {
				p.have.n--
				p.due = due.Add(p.have.every)
				return nil
			}
			wait(ctx, due.Sub(now))
		default:
			p.ask(waiting)
			select {
			case g := <-p.grants:
				p.got(g)
			case <-ctx.Done():
			}
		}
	}
	return ctx.Err()
}

// passed notes a part that could not wait: a screen of a session that is open. Those behind it make room.
func (p *pace) passed() { p.ahead.Add(1) }

// yield leaves room for what went ahead, as far as one grant's time: what went while the link was idle is paid for.
func (p *pace) yield() {
	n := time.Duration(p.ahead.Swap(0)) * p.have.every
	p.due = p.due.Add(min(n, grantTime))
}

// spare takes back leave that was given and not used.
func (p *pace) spare() {
	if !p.have.free {
		p.have.n++
		p.due = p.due.Add(-p.have.every)
	}
}

func (p *pace) ask(n int) {
	if !p.asked {
		p.asked = true
		p.wants <- n
	}
}

// look takes a grant that was asked for ahead, once the one in hand is used up.
func (p *pace) look() {
	if p.have.n > 0 {
		return
	}
	select {
	case g := <-p.grants:
		p.got(g)
	default:
	}
}

func (p *pace) got(g grant) {
	p.asked, p.have = false, g
	if g.start.After(p.due) {
		p.due = g.start
	}
}
