package conversations

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// move is one exchange: what is heard, prompts joined by "+", and what the resident does then.
type move struct{ hears, does string }

func (m move) String() string { return m.hears + " " + m.does }

// heard says whether m's words hold a prompt.
func (m move) heard(prompt string) bool { return slices.Contains(strings.Split(m.hears, "+"), prompt) }

// asks is the last prompt heard, which names the question.
func (m move) asks() string { return m.hears[strings.LastIndexByte(m.hears, '+')+1:] }

// conversation is one row of the table.
type conversation struct {
	Is        string            `yaml:"is"`
	From      string            `yaml:"from"`
	Hour      string            `yaml:"hour"`
	Known     known             `yaml:"known"`
	But       map[string]string `yaml:"but"`
	Call      string            `yaml:"call"`
	USSD      string            `yaml:"ussd"`
	Keeps     []report          `yaml:"keeps"`
	USSDKeeps *[]report         `yaml:"ussd_keeps"` // where the two are not the same talk to its end
	Consent   []string          `yaml:"consent"`
	Texts     []string          `yaml:"texts"`

	call, ussd []move
}

// known is a number that people have reported before.
type known struct {
	Number string `yaml:"number"`
	People int    `yaml:"people"`
}

type table struct {
	Parts         map[string]map[string]string `yaml:"parts"`
	Conversations []*conversation              `yaml:"conversations"`
}

func readTable(t *testing.T) []*conversation {
	t.Helper()
	src, err := os.ReadFile("testdata/conversations.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all table
	d := yaml.NewDecoder(strings.NewReader(string(src)))
	d.KnownFields(true)
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range all.Conversations {
		if seen[c.Is] {
			t.Fatalf("two conversations are %q", c.Is)
		}
		seen[c.Is] = true
		c.From, c.Hour = cmp.Or(c.From, "mobile"), cmp.Or(c.Hour, "day")
		c.call, c.ussd = all.moves(t, "call", c.Call), all.moves(t, "ussd", c.USSD)
	}
	return all.Conversations
}

// moves reads "chao 5, menu_chinh 2", with the beginnings that $ names.
func (all table) moves(t *testing.T, by, written string) (moves []move) {
	t.Helper()
	if written == "" {
		return nil
	}
	for _, one := range strings.Split(written, ",") {
		one = strings.TrimSpace(one)
		if part, is := strings.CutPrefix(one, "$"); is {
			if all.Parts[by][part] == "" {
				t.Fatalf("no part %q of a %s", part, by)
			}
			moves = append(moves, all.moves(t, by, all.Parts[by][part])...)
			continue
		}
		hears, does, ok := strings.Cut(one, " ")
		if !ok {
			t.Fatalf("%q: expected what is heard, then what is done", one)
		}
		moves = append(moves, move{hears, does})
	}
	return moves
}

// talk is a conversation by one way, as it is to be held.
type talk struct {
	is    string
	from  string
	hour  string
	known known
	but   map[string]string
	moves []move
	want  kept
}

// talks are the conversations by one way: each as it is written, then hung up at every point. What several have in common
// up to a point is hung up there once.
func talks(all []*conversation, by string) (out []talk) {
	seen := map[string]bool{}
	for _, c := range all {
		moves, reports := c.call, c.Keeps
		if by == "ussd" {
			moves, reports = c.ussd, onUSSD(c.Keeps)
			if c.USSDKeeps != nil {
				reports = *c.USSDKeeps
			}
		}
		if moves == nil {
			continue
		}
		whole := talk{is: c.Is, from: c.From, hour: c.Hour, known: c.Known, but: c.But, moves: moves, want: kept{reports, c.Consent, c.Texts}}
		out = append(out, whole)
		seen[whole.key()] = true
	}
	for _, whole := range slices.Clone(out) {
		for i, m := range whole.moves {
			cut := whole
			cut.moves = append(slices.Clone(whole.moves[:i]), move{m.hears, hangUp(by)})
			cut.is = fmt.Sprintf("%s, hung up at %d, %s", whole.is, i+1, m.hears)
			if m.does == "ends" || strings.Contains(m.does, "s_again") || seen[cut.key()] {
				continue
			}
			seen[cut.key()] = true
			cut.want = keptOf(cut, by)
			out = append(out, cut)
		}
	}
	return out
}

func hangUp(by string) string {
	if by == "ussd" {
		return "leaves"
	}
	return "hangs_up"
}

func (c talk) key() string { return fmt.Sprint(c.from, c.hour, c.known, c.but, c.moves) }
