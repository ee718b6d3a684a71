package ivr

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/ivr/prompts"
)

// WalkedQuestion asks how people went through the menu from From until To, which it does not hold; both are midnights of the
// ward.
type WalkedQuestion struct {
	From, To time.Time
	Origin   Origin
	Version  int64 // AllVersions: of every one
}

// AllVersions is no version of the menu's.
const AllVersions int64 = -1

// Walked is how people went through the menu: conversations and askings in numbers, nobody by name.
type Walked struct {
	Versions []int64      // that conversations of that time and origin had, the newest first
	Path     []WalkedNode // the steps that no report passes by, in their order
	Nodes    []WalkedNode // every node that somebody came to; the most came to first
	Main     string       // the node that offers the choices
	Choices  map[string]string
}

// WalkedNode is one node. Came and those below it count conversations, each once; Asked and those below it, askings.
type WalkedNode struct {
	Name, Words string // Words are its own, cut to a line; "" where the menu that is looked at has no such node
	Officer     bool   // it rings an officer's telephone

	Came, Left, Failed, Wrong, Astray int

	Asked, Heard                       int
	WrongKeys, Silent, Again, Officers int
	Keys                               map[string]int
	Length                             time.Duration // of its words, in the middle
	Answer                             time.Duration // median from the beginning of the words to a key; 0: none was pressed
}

const comingsSQL = `
select version, node, sum(n), sum(left_at), sum(failed), sum(wrong), sum(astray) from menu_comings
where day >= $1 and day < $2 and origin = $3 group by version, node`

var staysSQL = `
select node, outcome, key, sum(n), sum(heard), sum(words_ms), array[` + waitSums() + `] from menu_stays
where day >= $1 and day < $2 and origin = $3 and ($4 = -1 or version = $4) group by node, outcome, key`

func waitSums() string {
	var sums []string
	for i := range len(waitEdges) + 1 {
		sums = append(sums, fmt.Sprintf("coalesce(sum(waited[%d]), 0)::bigint", i+1))
	}
	return strings.Join(sums, ", ")
}

// Walked reads what was counted. Nodes are named as the asked version names them, or as the menu that answers now does.
func (s *Menus) Walked(ctx context.Context, q WalkedQuestion) (Walked, error) {
	w, err := s.walked(ctx, q)
	if err != nil {
		return w, fmt.Errorf("the menu's paths: %w", err)
	}
	return w, nil
}

func (s *Menus) walked(ctx context.Context, q WalkedQuestion) (w Walked, err error) {
	nodes := map[string]*WalkedNode{}
	if w.Versions, err = s.comings(ctx, q, nodes); err != nil {
		return w, err
	}
	if err := s.askings(ctx, q, nodes); err != nil {
		return w, err
	}
	m, err := s.namedBy(ctx, q.Version)
	if err != nil {
		return w, err
	}
	for name, n := range nodes {
		n.Name, n.Words = name, m.opening(q.Origin, name)
		spoken := m.Call.Nodes[name]
		n.Officer = q.Origin != ByUSSD && spoken != nil && spoken.Dial != nil
		w.Nodes = append(w.Nodes, *n)
	}
	slices.SortFunc(w.Nodes, func(a, b WalkedNode) int {
		return cmp.Or(cmp.Compare(b.Came, a.Came), cmp.Compare(a.Name, b.Name))
	})
	path := m.callSpine()
	if q.Origin == ByUSSD {
		path = m.ussdSpine()
	}
	for _, name := range path {
		n := WalkedNode{Name: name, Words: m.opening(q.Origin, name)}
		if nodes[name] != nil {
			n = *nodes[name]
		}
		w.Path = append(w.Path, n)
	}
	w.Main, w.Choices, err = m.mainChoices(q.Origin)
	return w, err
}

// namedBy is the menu whose words name the nodes; the one that answers now where the version is unknown to this program.
func (s *Menus) namedBy(ctx context.Context, version int64) (*Menu, error) {
	if version == AllVersions {
		return s.Live(ctx)
	}
	m, err := s.version(ctx, s.db, version)
	if errors.Is(err, errUnusable) || errors.Is(err, sql.ErrNoRows) {
		return s.Live(ctx)
	}
	return m, err
}

// comings reads the conversations, and of which versions there were any.
func (s *Menus) comings(ctx context.Context, q WalkedQuestion, nodes map[string]*WalkedNode) ([]int64, error) {
	rows, err := s.db.QueryContext(ctx, comingsSQL, q.From, q.To, q.Origin)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	versions := map[int64]bool{}
	for rows.Next() {
		var version int64
		var name string
		var n WalkedNode
		if err := rows.Scan(&version, &name, &n.Came, &n.Left, &n.Failed, &n.Wrong, &n.Astray); err != nil {
			return nil, err
		}
		versions[version] = true
		if q.Version != AllVersions && q.Version != version {
			continue
		}
		if nodes[name] == nil {
			nodes[name] = &WalkedNode{Keys: map[string]int{}}
		}
		all := nodes[name]
		all.Came, all.Left, all.Failed, all.Wrong, all.Astray = all.Came+n.Came, all.Left+n.Left, all.Failed+n.Failed, all.Wrong+n.Wrong, all.Astray+n.Astray
	}
	list := slices.Sorted(maps.Keys(versions))
	slices.Reverse(list)
	return list, rows.Err()
}

func (s *Menus) askings(ctx context.Context, q WalkedQuestion, nodes map[string]*WalkedNode) error {
	rows, err := s.db.QueryContext(ctx, staysSQL, q.From, q.To, q.Origin, q.Version)
	if err != nil {
		return err
	}
	defer rows.Close()
	lengths, waits := map[string]int64{}, map[string][]int64{}
	for rows.Next() {
		var name, key string
		var o outcome
		var asked, heard int
		var words int64
		var waited pq.Int64Array
		if err := rows.Scan(&name, &o, &key, &asked, &heard, &words, &waited); err != nil {
			return err
		}
		n := nodes[name]
		if n == nil { // every stay is a coming: only a row that somebody took away
			continue
		}
		n.Asked, n.Heard, lengths[name] = n.Asked+asked, n.Heard+heard, lengths[name]+words
		switch o {
		case outWrong:
			n.WrongKeys += asked
		case outSilent:
			n.Silent += asked
		case outAgain:
			n.Again += asked
		case outOfficer:
			n.Officers += asked
		case outKey:
			n.Keys[key] += asked
		}
		if waits[name] == nil {
			waits[name] = make([]int64, len(waitEdges)+1)
		}
		for i := range waited {
			waits[name][i] += waited[i]
		}
	}
	for name, n := range nodes {
		if n.Asked > 0 {
			n.Length = time.Duration(lengths[name]/int64(n.Asked)) * time.Millisecond
		}
		n.Answer = median(waits[name])
	}
	return rows.Err()
}

// openingLength is how many letters name a node on a page.
const openingLength = 48

// opening is how a node's words begin, whole words only.
func (m *Menu) opening(o Origin, name string) string {
	text := ""
	if n := m.USSD.Nodes[name]; o == ByUSSD && n != nil {
		text = m.page(name).Text
	} else if n := m.Call.Nodes[name]; o != ByUSSD && n != nil && len(n.Say) > 0 {
		text, _ = m.words.Prompt(n.Say[0]) // the menu's check has seen it
	}
	for _, value := range prompts.Placeholders(text) {
		text = strings.ReplaceAll(text, "{"+value+"}", "…")
	}
	text = strings.Join(strings.Fields(text), " ")
	letters := []rune(text)
	if len(letters) <= openingLength {
		return text
	}
	cut := string(letters[:openingLength])
	if space := strings.LastIndexByte(cut, ' '); space > 0 {
		cut = cut[:space]
	}
	return strings.TrimRight(cut, ",.;:") + "…"
}

// mainChoices are the node that offers what the menu has, and what each of its keys is for.
func (m *Menu) mainChoices(o Origin) (string, map[string]string, error) {
	a, err := m.Ask("call", m.offering(m.mainNode()))
	name := m.Call.Start
	if o == ByUSSD {
		name = m.USSD.Start
		a, err = m.Ask("ussd", m.USSD.Nodes[name].Screen)
	} else {
		for at, n := range m.Call.Nodes {
			if n == m.mainNode() {
				name = at
			}
		}
	}
	if errors.Is(err, ErrFreeWords) { // then keys stand for themselves
		err = nil
	}
	choices := map[string]string{}
	for _, c := range a.Offers {
		choices[c.Key] = c.Says
	}
	return name, choices, err
}
