package ivr

import (
	"bytes"
	_ "embed"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"canhgiac/ivr/prompts"
)

//go:embed menu.yaml
var menuYAML []byte

// menu is menu.yaml, checked: the engine may follow any name in it.
type menu struct {
	Start      string            `yaml:"start"`
	Outgoing   map[Why]string    `yaml:"outgoing"`  // where a call that we placed begins
	Officer    string            `yaml:"officer"`   // the node of key 0
	Lost       string            `yaml:"lost"`      // the node after three failures in a row
	WrongKey   string            `yaml:"wrong_key"` // prompts said before a node is repeated
	Silent     string            `yaml:"silent"`
	Failure    string            `yaml:"failure"` // the prompt of a system error
	Wait       int               `yaml:"wait"`    // seconds
	Everywhere map[string]string `yaml:"everywhere"`
	Nodes      map[string]*node  `yaml:"nodes"`
}

// again as a destination repeats the node.
const again = "again"

// node is one place of the menu. Exactly one of Keys, Number, Dial, Record, Next and Hangup says what it does.
type node struct {
	Divert  []divert        `yaml:"divert"`
	Say     []string        `yaml:"say"`
	Tail    string          `yaml:"tail"` // a condition for the words after the last placeholder
	Keys    map[string]move `yaml:"keys"`
	Other   string          `yaml:"other"`   // where any other key goes; "" counts it as a failure
	Silence string          `yaml:"silence"` // where silence goes; "" counts it as a failure
	Wait    int             `yaml:"wait"`    // seconds after the words; 0: the menu's
	Number  *number         `yaml:"number"`
	Dial    *dial           `yaml:"dial"`
	Record  *record         `yaml:"record"`
	Next    string          `yaml:"next"`
	Hangup  bool            `yaml:"hangup"`
}

type move struct {
	Goto string            `yaml:"goto"`
	Set  map[string]string `yaml:"set"`
	Do   string            `yaml:"do"`
}

type divert struct {
	If   string            `yaml:"if"`
	Goto string            `yaml:"goto"`
	Set  map[string]string `yaml:"set"`
}

// number takes digits: * erases, # ends at once, # alone skips.
type number struct {
	Set     string `yaml:"set"`
	Min     int    `yaml:"min"` // digits
	Max     int    `yaml:"max"`
	First   int    `yaml:"first"`   // seconds of silence before the first digit
	Between int    `yaml:"between"` // seconds of silence after one
	Goto    string `yaml:"goto"`
	Skip    string `yaml:"skip"`
}

type dial struct {
	Ring     int    `yaml:"ring"` // seconds for each officer
	Answered string `yaml:"answered"`
	Nobody   string `yaml:"nobody"`
}

type record struct {
	Max     int    `yaml:"max"`     // seconds
	Silence int    `yaml:"silence"` // seconds that end the message
	Goto    string `yaml:"goto"`
}

// begins is where a call of ours begins.
func (m *menu) begins(why Why) string { return m.Outgoing[why] }

// asks says whether the node waits for one key.
func (n *node) asks() bool { return n.Keys != nil }

// loadMenu reads the menu and checks it against the words.
func loadMenu(src []byte, w *prompts.Words) (*menu, error) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	var m menu
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("menu.yaml: %w", err)
	}
	if err := m.check(w); err != nil {
		return nil, fmt.Errorf("menu.yaml: %w", err)
	}
	return &m, nil
}

// destinations are all nodes that n may lead to by itself, the menu's own (officer, lost) left out.
func (n *node) destinations() []string {
	var to []string
	add := func(names ...string) {
		for _, name := range names {
			if name != "" && name != again {
				to = append(to, name)
			}
		}
	}
	for _, d := range n.Divert {
		add(d.Goto)
	}
	for _, m := range n.Keys {
		add(m.Goto)
	}
	add(n.Other, n.Silence, n.Next)
	if n.Number != nil {
		add(n.Number.Goto, n.Number.Skip)
	}
	if n.Dial != nil {
		add(n.Dial.Answered, n.Dial.Nobody)
	}
	if n.Record != nil {
		add(n.Record.Goto)
	}
	return to
}

func (m *menu) wait(n *node) time.Duration {
	if n.Wait > 0 {
		return seconds(n.Wait)
	}
	return seconds(m.Wait)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
