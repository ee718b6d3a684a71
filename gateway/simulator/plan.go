package simulator

import (
	"math"
	"time"
)

// plan knows which of a script's phases are on. It moves by the time since the first bind and by the messages since then;
// whoever holds it guards it.
type plan struct {
	script Script
	stage  []stage
	now    Network // with the overlays of the phases that are on

	nextAt       time.Duration // nothing changes before this time,
	nextMessages int64         // nor before this message
}

// stage is where one phase stands.
type stage struct {
	on, over bool
	begin    Mark // of the next turn
	end      Mark // of this one
}

// change is a phase that begins or ends.
type change struct {
	do    Act
	lasts bool // it has an end
	ends  bool
}

func newPlan(s Script) *plan {
	p := &plan{script: s, stage: make([]stage, len(s.Phases)), now: s.Network}
	for i := range s.Phases {
		p.stage[i].begin = s.Phases[i].At
		if s.Phases[i].At == (Mark{}) {
			p.stage[i].begin = s.Phases[i].Every
		}
	}
	return p
}

// at moves the plan to a moment and gives what begins and ends there.
func (p *plan) at(since time.Duration, messages int64) []change {
	if since < p.nextAt && messages < p.nextMessages {
		return nil
	}
	var changes []change
	network := false
	for i := range p.stage {
		st, ph := &p.stage[i], &p.script.Phases[i]
		if st.on && reached(st.end, since, messages) {
			st.on = false
			changes = append(changes, change{do: ph.Do, lasts: true, ends: true})
			network = true
		}
		if st.on || st.over || !reached(st.begin, since, messages) {
			continue
		}
		lasts := ph.For != Mark{}
		changes = append(changes, change{do: ph.Do, lasts: lasts})
		network = true
		switch {
		case lasts && ph.For.Messages > 0:
			st.end = Mark{Messages: messages + ph.For.Messages}
		case lasts:
			st.end = Mark{After: since + ph.For.After}
		case ph.Do.Network.node != nil:
			st.end = Mark{Messages: math.MaxInt64} // for good
		}
		st.on = st.end != Mark{}
		switch every := ph.Every; {
		case every.Messages > 0:
			st.begin.Messages += every.Messages
		case every.After > 0:
			st.begin.After += every.After
		default:
			st.over = true
		}
	}
	if network {
		p.now = p.script.Network
		for i := range p.stage {
			if p.stage[i].on {
				p.now = p.script.Phases[i].Do.Network.over(p.now)
			}
		}
	}
	p.look()
	return changes
}

func reached(m Mark, since time.Duration, messages int64) bool {
	if m.Messages > 0 {
		return messages >= m.Messages
	}
	return since >= m.After
}

// look finds when something may change next.
func (p *plan) look() {
	p.nextAt, p.nextMessages = math.MaxInt64, math.MaxInt64
	for i := range p.stage {
		st := &p.stage[i]
		next := st.begin
		if st.on {
			next = st.end
		} else if st.over {
			continue
		}
		if next.Messages > 0 {
			p.nextMessages = min(p.nextMessages, next.Messages)
		} else {
			p.nextAt = min(p.nextAt, next.After)
		}
	}
}
