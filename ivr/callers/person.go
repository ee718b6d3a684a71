package callers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"canhgiac/ivr"
)

// person is one who calls, with the notes that the hotline is held to.
type person struct {
	town   *town
	n      int
	rand   *rand.Rand
	node   *ivr.Hotline
	beside *ivr.Hotline // another node
	clock  *time.Time

	from string // as the network writes it; "" or a word where it is withheld
	seen bool   // whether the hotline sees a number

	slow, forgetful, unsteady, leaving, twice float64 // how often, of each
	wants                                     string
	story                                     story

	talks   []*talk
	reports []*report

	did        []string
	complaints []string

	calls, sessions, steps, repeated, wentOn, officers, messages, longest int
}

// story is what happened to the person.
type story struct {
	kind, channel, money, when, band, callback string // keys of the spoken menu
	number                                     string
}

// wishes are what people ring for.
var wishes = []string{"report", "report", "report", "report", "lost", "lost", "remind", "register", "stop", "check", "officer", "nothing"}

func newPerson(t *town, n int, node, beside *ivr.Hotline, clock *time.Time) *person {
	p := &person{town: t, n: n, rand: seeded(t.Seed, n), node: node, beside: beside, clock: clock, seen: true}
	p.from = fmt.Sprintf("+849%08d", n)
	switch p.rand.IntN(12) {
	case 0:
		p.from, p.seen = []string{"", "anonymous", "Restricted"}[p.rand.IntN(3)], false
	case 1:
		p.from = fmt.Sprintf("+842363%06d", n)
	}
	some := func(most float64) float64 { return p.rand.Float64() * most }
	p.slow, p.forgetful, p.unsteady, p.leaving, p.twice = some(.25), some(.15), some(.25), some(.08), some(.2)
	key := func(of int) string { return fmt.Sprint(1 + p.rand.IntN(of)) }
	p.story = story{kind: key(8), channel: key(5), money: key(3), when: key(3), band: key(5), callback: key(2),
		number: []string{"0905123456", "02363822333", "5656", "19001234", "0084212345678", "", "0381234567", "113"}[p.rand.IntN(8)]}
	p.wants = wishes[p.rand.IntN(len(wishes))]
	*clock = day.Add(time.Duration(p.rand.IntN(24*60)) * time.Minute)
	return p
}

func (p *person) chance(of float64) bool { return p.rand.Float64() < of }

func (p *person) between(from, to time.Duration) time.Duration {
	return from + time.Duration(p.rand.Int64N(int64(to-from)))
}

func (p *person) pass(d time.Duration) { *p.clock = p.clock.Add(d) }

func (p *person) tell(format string, a ...any) {
	p.did = append(p.did, p.clock.UTC().Add(7*time.Hour).Format("15:04:05 ")+fmt.Sprintf(format, a...))
}

func (p *person) complain(format string, a ...any) {
	what := fmt.Sprintf(format, a...)
	p.tell("!! %s", what)
	p.complaints = append(p.complaints, what)
}

// live is all that a person does: some calls and sessions, one after the other.
func (p *person) live(ctx context.Context) error {
	for again := true; again; again = p.chance(.45) && len(p.talks) < 6 {
		if len(p.talks) > 0 {
			p.pass([]time.Duration{
				p.between(5*time.Second, 4*time.Minute), p.between(4*time.Minute, 15*time.Minute),
				p.between(15*time.Minute, 40*time.Minute), p.between(time.Hour, 30*time.Hour),
			}[p.rand.IntN(4)])
		}
		p.town.talks.Add(1)
		var err error
		if p.chance(.3) {
			p.sessions++
			err = p.dialCode(ctx)
		} else {
			p.calls++
			err = p.ring(ctx)
		}
		if err != nil {
			return err
		}
		if len(p.complaints) > 0 {
			break // what follows would only follow from it
		}
	}
	if len(p.complaints) > 0 {
		return nil
	}
	return p.judge(ctx)
}
