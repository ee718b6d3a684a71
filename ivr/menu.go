package ivr

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"canhgiac/ivr/prompts"
)

//go:embed menu.yaml
var menuYAML []byte

// Schema is the JSON Schema of the menu's file, as each node serves it at SchemaPath.
//
//go:embed menu.schema.json
var Schema []byte

// SchemaPath is where a node serves Schema.
const SchemaPath = "/menu.schema.json"

// document is menu.yaml as it is written.
type document struct {
	Call  callMenu            `yaml:"call"`
	USSD  screens             `yaml:"ussd"`
	SMS   map[string][]string `yaml:"sms"` // the words of each act, without diacritics
	Hours Hours               `yaml:"hours"`
}

// Menu is one version, checked: the engine may follow any name in it.
type Menu struct {
	document
	Version int64          // 0: the program's own
	words   *prompts.Words // with those that the version changes
}

// callMenu is the menu as it is spoken.
type callMenu struct {
	Start      string            `yaml:"start"`
	Outgoing   map[Why]string    `yaml:"outgoing"`  // where a call that we placed begins
	Officer    string            `yaml:"officer"`   // the node of key 0
	Lost       string            `yaml:"lost"`      // the node after three failures in a row
	Wait       int               `yaml:"wait"`      // seconds
	WrongKey   string            `yaml:"wrong_key"` // prompts said before a node is repeated
	Silent     string            `yaml:"silent"`
	Failure    string            `yaml:"failure"` // the prompt of a system error
	Everywhere map[string]string `yaml:"everywhere"`
	Nodes      map[string]*node  `yaml:"nodes"`
}

// again as a destination repeats the node.
const again = "again"

// node is one place of the menu. Exactly one of Keys, Number, Dial, Record, Next and Hangup says what it does.
type node struct {
	Divert  []divert `yaml:"divert,omitempty"`
	Say     []string `yaml:"say,flow"`
	Tail    string   `yaml:"tail,omitempty"`    // a condition for the words after the last placeholder
	Careful bool     `yaml:"careful,omitempty"` // keys typed ahead do not reach it
	Keys    choices  `yaml:"keys,omitempty"`
	Other   string   `yaml:"other,omitempty"`   // where any other key goes; "" counts it as a failure
	Silence string   `yaml:"silence,omitempty"` // where silence goes; "" counts it as a failure
	Wait    int      `yaml:"wait,omitempty"`    // seconds after the words; 0: the menu's
	Number  *number  `yaml:"number,omitempty,flow"`
	Dial    *dial    `yaml:"dial,omitempty,flow"`
	Record  *record  `yaml:"record,omitempty,flow"`
	Next    string   `yaml:"next,omitempty"`
	Hangup  bool     `yaml:"hangup,omitempty"`
}

// choices are a node's keys. None at all is a node that does not ask; an empty one takes any key (other).
type choices map[string]move

// IsZero keeps an empty one when a document is written (yaml.IsZeroer).
func (c choices) IsZero() bool { return c == nil }

type move struct {
	Goto string            `yaml:"goto"`
	Set  map[string]string `yaml:"set,omitempty,flow"`
	Do   string            `yaml:"do,omitempty"`
}

type divert struct {
	If   string            `yaml:"if"`
	Goto string            `yaml:"goto"`
	Set  map[string]string `yaml:"set,omitempty,flow"`
}

// number takes digits: * erases, # ends at once, # alone skips.
type number struct {
	Set     string `yaml:"set"`
	First   int    `yaml:"first"`   // seconds of silence before the first digit
	Between int    `yaml:"between"` // seconds of silence after one
	Goto    string `yaml:"goto"`
	Odd     string `yaml:"odd"` // for digits that no telephone has
	Skip    string `yaml:"skip"`
	Do      string `yaml:"do,omitempty"` // once a number is there
}

type dial struct {
	Ring     int    `yaml:"ring"` // seconds for each officer
	Answered string `yaml:"answered"`
	Nobody   string `yaml:"nobody"`
	Closed   string `yaml:"closed"` // outside the hours
}

type record struct {
	Max     int    `yaml:"max"`     // seconds
	Silence int    `yaml:"silence"` // seconds that end the message
	Goto    string `yaml:"goto"`
}

// asks says whether the node waits for one key.
func (n *node) asks() bool { return n.Keys != nil }

// loadMenu reads a menu and checks it with its words. sounding says whether a line has a sound that says its words. The error
// is Findings.
func loadMenu(src []byte, w *prompts.Words, sounding func(prompts.Line) bool) (*Menu, error) {
	doc, err := readDocument(src)
	if err != nil {
		return nil, Findings{{Place: "menu.yaml", Code: "unreadable", A: err.Error()}}
	}
	m := &Menu{document: doc, words: w}
	if all := m.check(sounding); len(all) > 0 {
		return nil, all
	}
	return m, nil
}

// written is one node as the document writes it.
func written(n any) string {
	b, err := yaml.Marshal(n)
	if err != nil {
		return err.Error() // nodes hold texts and numbers alone: never
	}
	return string(b)
}

// readDocument reads one document, strictly: a misspelt name is an error.
func readDocument(src []byte) (document, error) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	var d document
	if err := dec.Decode(&d); err != nil {
		return d, err
	}
	return d, complete(dec, d)
}

// complete: a document stands alone, and none of its nodes is empty, which nobody could follow.
func complete(dec *yaml.Decoder, d document) error {
	if err := dec.Decode(new(yaml.Node)); err == nil {
		return errors.New("more than one document")
	}
	for name, n := range d.Call.Nodes {
		if n == nil {
			return fmt.Errorf("node %s is empty", name)
		}
	}
	for name, n := range d.USSD.Nodes {
		if n == nil {
			return fmt.Errorf("node %s is empty", name)
		}
	}
	return nil
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
		add(n.Number.Goto, n.Number.Odd, n.Number.Skip)
	}
	if n.Dial != nil {
		add(n.Dial.Answered, n.Dial.Nobody, n.Dial.Closed)
	}
	if n.Record != nil {
		add(n.Record.Goto)
	}
	return to
}

func (m *callMenu) wait(n *node) time.Duration {
	if n.Wait > 0 {
		return seconds(n.Wait)
	}
	return seconds(m.Wait)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// writeDocument writes a document as readDocument reads it.
func writeDocument(d document) ([]byte, error) { return writeYAML(d) }

func writeYAML(d any) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("write the menu: %w", err)
	}
	return b.Bytes(), nil
}
