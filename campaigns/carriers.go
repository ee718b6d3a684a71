package campaigns

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"canhgiac/gateway"
	"canhgiac/gateway/sms"
)

// CheckCarriers gives why carriers would not take a text in the form in which it leaves. Any of them may get it: numbers
// are ported, an audience changes until it is sent to, and a carrier that is down has another stand in. What no không dấu
// text may hold is CheckContent's to tell.
func (s *Store) CheckCarriers(c Content, f Form) []Problem {
	field := "text"
	if f == Plain {
		field = "plain"
	}
	var found []Problem
	for _, r := range s.gw.Refusals(c.In(f)) {
		if f == Plain {
			r.Letters = slices.DeleteFunc(r.Letters, func(l string) bool { return strings.ContainsFunc(l, isBarred) })
		}
		if len(r.Letters) == 0 {
			continue
		}
		p := CarrierProblem(field, r)
		if f == Plain {
			p.Instead = sms.Unaccent(p.Instead)
		}
		found = append(found, p)
	}
	return found
}

// CarrierProblem is a carrier's refusal of the text in field.
func CarrierProblem(field string, r gateway.Refusal) Problem {
	p := Problem{Field: field, Code: "carrier_letters", Arg: r.List(), Carrier: r.Carrier, Instead: r.Instead()}
	switch {
	case r.Unicode:
		p.Code = "carrier_unicode"
	case p.Instead == "":
		p.Code = "carrier_letters_drop"
	}
	return p
}

// Measure gives the size of a text at the carrier that makes the most parts of it.
func (s *Store) Measure(text string) sms.Size { return s.gw.Measure(text) }

// Quote tells how many a campaign would reach if it were sent now, and what that costs.
func (s *Store) Quote(ctx context.Context, c Campaign) (gateway.Quote, error) {
	texts := make([]string, len(c.Contents))
	for i, content := range c.Contents {
		texts[i] = Clean(content.In(c.Form))
	}
	q, err := s.gw.Quote(ctx, c.Audience(), texts)
	if err != nil {
		return q, fmt.Errorf("quote campaign %d: %w", c.ID, err)
	}
	return q, nil
}
