package prompts

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed labels.yaml
var labelsYAML []byte

// Gap is the line of silence between groups of digits: 0.6 s, which lets a listener write the group down.
const Gap = "im_lang"

// Line is one thing that the voice says in one breath: a prompt without placeholders, a piece of one with, or a label.
type Line struct {
	Name string // of its files, VOICE/NAME.wav and NAME.txt
	Text string // "" for silence
	own  map[Voice]string
}

// In gives the words as a voice says them: north and centre have a few of their own (nghìn and ngàn).
func (l Line) In(v Voice) string {
	if own, ok := l.own[v]; ok {
		return own
	}
	return l.Text
}

type labels struct {
	Prompts map[string]prompt `yaml:"prompts"`
	Labels  map[string]label  `yaml:"labels"`
	Screens map[string]Screen `yaml:"screens"`
}

// label is one text, or one for each voice.
type label map[Voice]string

func (l *label) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = label{Central: n.Value}
		return nil
	}
	own := map[Voice]string{}
	if err := n.Decode(&own); err != nil {
		return err
	}
	for v := range own {
		if !v.Known() {
			return fmt.Errorf("line %d: no voice is called %q", n.Line, v)
		}
	}
	if own[Central] == "" {
		return fmt.Errorf("line %d: no words for %s", n.Line, Central)
	}
	*l = own
	return nil
}

func (l label) line(name string) Line {
	own := map[Voice]string(l)
	if len(own) == 1 {
		own = nil
	}
	return Line{Name: name, Text: l[Central], own: own}
}

func readLabels() (labels, error) {
	var l labels
	if err := yaml.Unmarshal(labelsYAML, &l); err != nil {
		return l, fmt.Errorf("read labels.yaml: %w", err)
	}
	return l, nil
}

// Lines lists everything that has a sound, sorted by name.
func (w *Words) Lines() []Line {
	lines := []Line{{Name: Gap}}
	for name, text := range w.prompts {
		for _, p := range Pieces(name, text) {
			if p.Placeholder == "" {
				lines = append(lines, Line{Name: p.Name, Text: p.Text})
			}
		}
	}
	for _, s := range w.ScamTypes {
		lines = append(lines, Line{Name: KindLine(strconv.Itoa(s.Key)), Text: s.Voice})
	}
	for name, text := range w.labels {
		lines = append(lines, text.line(name))
	}
	slices.SortFunc(lines, func(a, b Line) int { return strings.Compare(a.Name, b.Name) })
	return lines
}

// KindLine, BandLine and NounLine name the lines of a scam kind, of an amount band and of a code word's noun, each by its key
// ("1" to "8", "1" to "5", "hoa_sen"), and DigitLine that of one digit.
func KindLine(key string) string  { return "loai-" + key }
func BandLine(key string) string  { return "muc-" + key }
func NounLine(key string) string  { return "noun-" + key }
func DigitLine(digit rune) string { return "so-" + string(digit) }

// Piece is a part of a prompt: words with a name of their own, or a placeholder that the menu fills with other lines.
type Piece struct {
	Name, Text  string
	Placeholder string // then Name and Text are empty
}

// Pieces cuts a prompt at its placeholders. One without any is a single piece under its own name; else the spoken
// pieces are NAME-1, NAME-2, in order.
func Pieces(name, text string) []Piece {
	cuts := placeholder.FindAllStringSubmatchIndex(text, -1)
	if len(cuts) == 0 {
		return []Piece{{Name: name, Text: text}}
	}
	var pieces []Piece
	spoken := 0
	say := func(s string) {
		if s = strings.TrimLeft(s, " .,;:"); strings.TrimSpace(s) != "" {
			spoken++
			pieces = append(pieces, Piece{Name: name + "-" + strconv.Itoa(spoken), Text: strings.TrimSpace(s)})
		}
	}
	at := 0
	for _, c := range cuts {
		say(text[at:c[0]])
		pieces = append(pieces, Piece{Placeholder: text[c[2]:c[3]]})
		at = c[1]
	}
	say(text[at:])
	return pieces
}

// addLabels takes labels.yaml in; a name that content.yaml has already would be said in two ways.
func (w *Words) addLabels() error {
	l, err := readLabels()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(l.Prompts)) {
		if _, taken := w.prompts[name]; taken {
			return fmt.Errorf("labels.yaml prompts.%s: stands in content.yaml too", name)
		}
		w.prompts[name] = l.Prompts[name].Text
	}
	for _, name := range slices.Sorted(maps.Keys(l.Screens)) {
		if _, taken := w.screens[name]; taken {
			return fmt.Errorf("labels.yaml screens.%s: stands in content.yaml too", name)
		}
		w.screens[name] = l.Screens[name]
	}
	w.labels = l.Labels
	seen := map[string]bool{}
	for _, line := range w.Lines() {
		if seen[line.Name] {
			return fmt.Errorf("labels.yaml: two lines are called %s", line.Name)
		}
		seen[line.Name] = true
	}
	return nil
}
