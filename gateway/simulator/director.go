package simulator

import "time"

// moveOn brings the plan to now and gives what begins and ends; the caller holds mu, and hands them to act without it.
func (c *smsc) moveOn(now time.Time) []change {
	changes := c.plan.at(now.Sub(c.began), c.submits)
	if len(changes) > 0 {
		network := c.plan.now
		c.network = &network
		select {
		case c.moved <- struct{}{}: // a phase that messages began may end by the time
		default:
		}
	}
	return changes
}

// direct moves the plan on by the time, since the first bind until the end.
func (c *smsc) direct() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-timer.C:
		case <-c.moved:
		}
		c.mu.Lock()
		now := c.o.Now()
		changes := c.moveOn(now)
		wait := min(c.plan.nextAt, 1<<62) - now.Sub(c.began)
		c.mu.Unlock()
		for i := range changes {
			c.act(changes[i])
		}
		timer.Reset(max(wait, 0))
	}
}

// act does what begins or ends.
func (c *smsc) act(ch change) {
	switch {
	case ch.do.Drop && ch.ends:
		c.air.cut.Store(false)
	case ch.do.Drop:
		c.air.cut.Store(ch.lasts)
		c.cut()
	}
	switch {
	case ch.do.Stall && ch.ends:
		c.air.flow()
	case ch.do.Stall:
		c.air.stall()
	}
	if ch.ends {
		return
	}
	if ch.do.Unbind {
		c.unbind()
	}
	if t := ch.do.Text; t != nil {
		c.texting(*t)
	}
	if d := ch.do.USSD; d != nil {
		n, _ := parseNumber(d.From) // checked when the script was read
		if err := c.dial(n, d.Code, d); err != nil {
			c.o.Log.Warn("a handset of the script", "error", err)
		}
	}
}
