package ivr

import (
	"context"
	"slices"
	"strings"

	"canhgiac/ivr/prompts"
)

// Lines are all that may have to be said, sorted by name: the program's own, and what the version that answers and the one
// that is being written say in other words.
func (s *Menus) Lines(ctx context.Context) ([]prompts.Line, error) {
	versions, err := s.Versions(ctx, 20)
	if err != nil {
		return nil, err
	}
	lines := s.words.Lines()
	for _, v := range versions {
		if v.State == Approved {
			continue
		}
		w, err := s.wordsOf(v.ID, v.texts)
		if err != nil {
			continue // the menu's own check tells it
		}
		changed, err := w.Changed()
		if err != nil {
			continue
		}
		lines = append(lines, changed...)
	}
	slices.SortStableFunc(lines, func(a, b prompts.Line) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(lines, func(a, b prompts.Line) bool { return a.Name == b.Name }), nil
}
