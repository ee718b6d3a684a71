package ivr

import (
	"errors"
	"slices"
	"testing"

	"canhgiac/ivr/prompts"
)

func TestEveryQuestionOfTheMenuIsAListWhoseTextComesTogetherAgain(t *testing.T) {
	m := theMenu(t)
	asks := m.Asks()
	if len(asks) < 30 || asks[0].Part != "call" || asks[0].Name != "menu_chinh" {
		t.Fatalf("%d questions, the first is %v", len(asks), asks[:1])
	}
	for _, a := range asks {
		if a.Free {
			t.Errorf("%s %s is free words", a.Part, a.Name)
			continue
		}
		s, err := m.sentence(a.Part, a.Name)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		if a.Part == "call" {
			text, err = m.words.Prompt(a.Name)
		} else {
			var screen prompts.Screen
			screen, err = m.words.USSD(a.Name)
			text = screen.Text
		}
		if got := s.write(a.Part); got != text || err != nil {
			t.Errorf("%s %s becomes\n%s\nfrom\n%s", a.Part, a.Name, got, text)
		}
	}
}

// Whatever two choices change places and keys, the menu stays one that may answer: only that its words have no sound yet.
func TestAnyTwoChoicesOfAnyQuestionChangePlacesAndKeys(t *testing.T) {
	for _, a := range theMenu(t).Asks() {
		m := theMenu(t)
		e := &Edit{menu: m, words: m.words}
		list := slices.Clone(a.Offers)
		var own []int
		for i, o := range list {
			if !o.Fixed() {
				own = append(own, i)
			}
		}
		if len(own) < 2 {
			continue
		}
		i, j := own[0], own[len(own)-1]
		list[i], list[j] = list[j], list[i]
		list[i].Key, list[j].Key = list[j].Key, list[i].Key
		if err := e.Offers(a.Part, a.Name, list); err != nil {
			t.Errorf("%s %s: %v", a.Part, a.Name, err)
			continue
		}
		w, err := m.words.With(e.changes, "+1")
		if err != nil {
			t.Fatal(err)
		}
		changed := &Menu{document: m.document, words: w}
		if all := changed.check(everySound); len(all) > 0 {
			t.Errorf("%s %s: %v", a.Part, a.Name, all)
		}
		again, err := changed.Ask(a.Part, a.Name)
		if err != nil || again.Offers[i].Says != list[i].Says || again.Offers[i].Key != list[i].Key {
			t.Errorf("%s %s reads %+v, %v", a.Part, a.Name, again.Offers, err)
		}
	}
}

func TestChoicesThatWouldLoseOneAreRefused(t *testing.T) {
	m := theMenu(t)
	e := &Edit{menu: m, words: m.words}
	a, err := m.Ask("call", "hoi_mat_tien")
	if err != nil {
		t.Fatal(err)
	}
	same := slices.Clone(a.Offers)
	same[0].Key = "2"
	for name, try := range map[string]struct {
		list []Offer
		want error
	}{
		"two of one key":  {same, ErrSameKey},
		"one too few":     {a.Offers[:2], ErrFreeWords},
		"one twice":       {[]Offer{a.Offers[0], a.Offers[0], a.Offers[1]}, ErrFreeWords},
		"one of no other": {[]Offer{a.Offers[0], a.Offers[1], {"7", "7", "x"}}, ErrFreeWords},
	} {
		if err := e.Offers("call", "hoi_mat_tien", try.list); !errors.Is(err, try.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !e.changes.None() {
		t.Errorf("a refused change changed %v", e.changes)
	}
}
