package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"
	"strings"

	"canhgiac/gateway/sms"
	"canhgiac/residents"
)

// TextRules are what a carrier makes of texts.
type TextRules struct {
	Split     sms.Scheme // how it is given a text of several parts
	GSM7Only  bool       // it takes no Unicode, and so no Vietnamese with its marks
	Forbidden string     // characters that it refuses
	Cost      int        // VND a part; 0: not known
}

// Refusal is why a carrier will not take a text.
type Refusal struct {
	Carrier string
	Unicode bool     // it takes no Unicode, and Letters are what makes the text that
	Letters []string // each once, in the order of the text
}

// refusal gives why the carrier will not take text; false when it will.
func (r TextRules) refusal(carrier, text string) (Refusal, bool) {
	found := Refusal{Carrier: carrier}
	seen := map[rune]bool{}
	for _, c := range text {
		if strings.ContainsRune(r.Forbidden, c) && !seen[c] {
			seen[c] = true
			found.Letters = append(found.Letters, string(c))
		}
	}
	if len(found.Letters) == 0 && r.GSM7Only {
		for _, c := range text {
			if !sms.InGSM7(c) && !seen[c] {
				seen[c] = true
				found.Letters = append(found.Letters, string(c))
			}
		}
		found.Unicode = true
	}
	return found, len(found.Letters) > 0
}

// spelled are the characters that carriers refuse, in words that they take.
var spelled = map[string]string{
	"#": "số", "&": "và", "@": "a còng", "%": "phần trăm", "<": "(", ">": ")", "[": "(", "]": ")", "{": "(", "}": ")",
	`\`: "/", "|": "/", "^": "mũ", "~": "khoảng", "`": "'", "_": "-", "€": "euro", "$": "đô la",
}

// Instead gives what to write for each of the letters, as "& → và"; those without a stand-in are to be left out.
func (r Refusal) Instead() string {
	var all []string
	for _, l := range r.Letters {
		if s, ok := spelled[l]; ok {
			all = append(all, l+" → "+s)
		}
	}
	return strings.Join(all, ", ")
}

// shown is how many letters a person is shown of those that a carrier refuses.
const shown = 8

// List names the letters.
func (r Refusal) List() string {
	if len(r.Letters) > shown {
		return strings.Join(r.Letters[:shown], " ") + " …"
	}
	return strings.Join(r.Letters, " ")
}

// reason is what a message's history says.
func (r Refusal) reason() string {
	if r.Unicode {
		return r.Carrier + " takes no Unicode"
	}
	return r.Carrier + " refuses " + r.List()
}

// Refusals gives why carriers will not take text, as it would be sent. An audience may leave by any of them: numbers are
// ported, and a carrier that is down has others stand in for it.
func (s *Store) Refusals(text string) []Refusal {
	text = sms.Normalise(text)
	var all []Refusal
	for _, name := range s.routes.names {
		if r, refused := s.texts[name].refusal(name, text); refused {
			all = append(all, r)
		}
	}
	return all
}

const portedToSQL = `select carrier from ported_numbers where phone = $1 and carrier = any($2)`

// RefusalFor gives why text cannot go to a number: false when its carrier or one of its equals takes it.
func (s *Store) RefusalFor(ctx context.Context, to residents.Phone, text string) (why Refusal, refused bool, err error) {
	text = sms.Normalise(text)
	own := s.routes.carrier(to)
	err = s.db.QueryRowContext(ctx, portedToSQL, string(to), pq.Array(s.routes.names)).Scan(&own)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Refusal{}, false, fmt.Errorf("look for a ported number: %w", err)
	}
	if why, refused = s.texts[own].refusal(own, text); !refused {
		return Refusal{}, false, nil
	}
	for _, other := range s.routes.equals(own) {
		if _, refused := s.texts[other].refusal(other, text); !refused {
			return Refusal{}, false, nil
		}
	}
	return why, true, nil
}

// Measure gives the size of text, as it would be sent, at the carrier that makes the most parts of it.
func (s *Store) Measure(text string) sms.Size {
	text = sms.Normalise(text)
	size := sms.Measure(text)
	for i, name := range s.routes.names {
		if at := s.texts[name].Split.Measure(text); i == 0 || at.Parts > size.Parts {
			size = at
		}
	}
	return size
}

// Quote is what texts to an audience come to.
type Quote struct {
	Audience int // to whom each text goes
	Parts    int // messages to pay for
	Cost     int // VND, of the parts whose price is known
	Unpriced int // parts whose price is not
}

// Quote counts what it takes to send each of texts to all of a: what the sender would make of it now.
func (s *Store) Quote(ctx context.Context, a residents.Audience, texts []string) (Quote, error) {
	shares, err := s.shares(ctx, a)
	if err != nil {
		return Quote{}, fmt.Errorf("quote a price: %w", err)
	}
	var q Quote
	for carrier, n := range shares {
		q.Audience += n
		rules := s.texts[carrier]
		for _, text := range texts {
			parts := n * rules.Split.Measure(sms.Normalise(text)).Parts
			q.Parts += parts
			q.Cost += parts * rules.Cost
			if rules.Cost == 0 {
				q.Unpriced += parts
			}
		}
	}
	return q, nil
}
