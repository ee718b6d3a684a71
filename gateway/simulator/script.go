package simulator

import (
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"canhgiac/gateway/sms"
)

// Script is a run of the simulated network: how it is from the start, and what happens to it later. The zero value is a
// network at its best to which nothing happens. docs/simulator.yaml shows each key.
type Script struct {
	Seed    uint64  `yaml:"seed"` // the same seed treats the same messages the same way; 0 draws one
	Network Network `yaml:"network"`
	Phases  []Phase `yaml:"phases"`
}

// Phase is something that happens, once or again and again.
type Phase struct {
	At    Mark `yaml:"at"`    // counted from the first bind; absent: one Every from it, or at once
	For   Mark `yaml:"for"`   // absent: what it does to the network stays
	Every Mark `yaml:"every"` // from one beginning to the next; absent: once
	Do    Act  `yaml:"do"`
}

// Act is what a phase does.
type Act struct {
	Network overlay  `yaml:"network"` // these keys replace the script's own
	Drop    bool     `yaml:"drop"`    // cuts every link; with a for, lets nobody connect until it is over
	Unbind  bool     `yaml:"unbind"`  // ends every link in order
	Stall   bool     `yaml:"stall"`   // connections stay, but nothing is read and nothing answered
	Text    *Texting `yaml:"text"`
	USSD    *Dialog  `yaml:"ussd"`
}

// Texting is an SMS that handsets send.
type Texting struct {
	From     string        `yaml:"from"`
	Handsets int           `yaml:"handsets"` // so many send it, their numbers counting up from From; absent: 1
	To       string        `yaml:"to"`
	Text     string        `yaml:"text"`
	Split    sms.Scheme    `yaml:"split"`
	Apart    time.Duration `yaml:"apart"` // from one handset to the next
}

// Dialog is a USSD code that a handset dials, and what its owner answers to each question.
type Dialog struct {
	From    string   `yaml:"from"`
	Code    string   `yaml:"code"`
	Answers []string `yaml:"answers"`
	Cancel  bool     `yaml:"cancel"` // press the red button at the question that no answer is left for
}

// overlay is a network of which only some keys are given. It was read once over an empty one, so that its mistakes are known.
type overlay struct{ node *yaml.Node }

// over gives base with the overlay's keys in place of its own.
func (o overlay) over(base Network) Network {
	if o.node != nil {
		r := reader{}
		r.read(o.node, "network", &base) // its mistakes were told when the script was read
	}
	return base
}

// ReadScript reads a script from a file.
func ReadScript(file string) (Script, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Script{}, fmt.Errorf("read the simulator's script: %w", err)
	}
	return ParseScript(file, text)
}

// ParseScript reads a script. Each mistake is told as file:line: key: what was expected.
func ParseScript(file string, text []byte) (Script, error) {
	var s Script
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return s, fmt.Errorf("read the simulator's script %s: %w", file, err)
	}
	if len(document.Content) == 0 {
		return s, nil // a script of comments alone
	}
	r := reader{file: file}
	r.read(document.Content[0], "", &s)
	return s, r.problems()
}

func (p Phase) check() string {
	a := p.Do
	switch {
	case a.Network.node == nil && !a.Drop && !a.Unbind && !a.Stall && a.Text == nil && a.USSD == nil:
		return "does nothing: want do with one of network, drop, unbind, stall, text, ussd"
	case a.Stall && p.For.After == 0:
		return "stalls without an end: want for with a time, such as 5s"
	case a.Drop && p.For.Messages > 0:
		return "no message comes while links are down: want for with a time, such as 5s"
	case p.Every.After > 0 && p.Every.After <= p.For.After:
		return "begins again before it is over: want every longer than for"
	case p.Every.Messages > 0 && p.Every.Messages <= p.For.Messages:
		return "begins again before it is over: want every more than for"
	case p.At.Messages > 0 && p.Every.After > 0, p.At.After > 0 && p.Every.Messages > 0:
		return "at and every count different things: want times or messages in both"
	}
	return ""
}

func (t *Texting) check() string {
	if _, err := parseNumber(t.From); err != nil {
		return `from: want a number in quotes, such as "0901234567"`
	}
	if _, err := parseNumber(t.To); err != nil {
		return `to: want a number or a short code in quotes, such as "8088"`
	}
	if t.Text == "" {
		return "text: want the words of the SMS"
	}
	if !isScheme(t.Split) {
		return "split: want one of udh, udh16, sar, payload"
	}
	return ""
}

func (d *Dialog) check() string {
	if _, err := parseNumber(d.From); err != nil {
		return `from: want a number in quotes, such as "0901234567"`
	}
	if !isCode(d.Code) {
		return `code: want a code in quotes, such as "*8088#"`
	}
	return ""
}

func (r *Refusal) preset() { r.Share = 1 }
func (o *Outcome) preset() { o.Share = 1 }
func (r Refusal) check() string {
	if r.Status == 0 {
		return "status: want the error it answers with, such as ESME_RSYSERR"
	}
	return ""
}

func (o Outcome) check() string {
	if o.State == "" {
		return "state: want how they end, such as UNDELIV"
	}
	return ""
}
