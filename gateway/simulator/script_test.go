package simulator

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"canhgiac/gateway/smpp"
)

const example = "../../docs/simulator.yaml"

func TestTheDocumentedScriptReadsAndHasEveryKey(t *testing.T) {
	s, err := ReadScript(example)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Phases) != 8 || s.Phases[1].Every.Messages != 1500 || s.Network.Receipts.LateBy.Max != 3*time.Second {
		t.Errorf("read %+v", s)
	}
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	collect(document.Content[0], "", given)
	for _, want := range everyKey("", reflect.TypeFor[Script]()) {
		if !given[want] {
			t.Errorf("%s does not show %s", example, want)
		}
	}
}

// collect gathers the paths of n's keys; the items of a list share one.
func collect(n *yaml.Node, path string, into map[string]bool) {
	for i, c := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			collect(c, path, into)
		case i%2 == 0:
			at := strings.TrimPrefix(path+"."+c.Value, ".")
			into[at] = true
			if in, ok := strings.CutPrefix(at, "phases.do.network"); ok {
				into["network"+in] = true
			}
			collect(n.Content[i+1], at, into)
		}
	}
}

func everyKey(path string, t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.Tag.Get("yaml") != "" }) {
		return nil
	}
	var all []string
	for i := range t.NumField() {
		at := strings.TrimPrefix(path+"."+t.Field(i).Tag.Get("yaml"), ".")
		all = append(append(all, at), everyKey(at, t.Field(i).Type)...)
	}
	return all
}

func TestAMistakeInAScriptIsToldWithItsLineAndRemedy(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"an unknown key", "network:\n  recepts: {}", "s.yaml:2: network.recepts: unknown key, want one of binds, responses, refusals, throttle, outcomes, receipts, ussd"},
		{"a share of more than all", "network: {receipts: {lost: 2}}", `s.yaml:1: network.receipts.lost: got "2", want a share from 0 to 1, such as 0.05`},
		{"a time without its unit", "network: {responses: {after: 5}}", `s.yaml:1: network.responses.after: got "5", want a time such as 200ms, or a spread such as 20ms..2s`},
		{"a spread backwards", "network: {responses: {after: 2s..1s}}", "want a time such as 200ms"},
		{"a status that is none", "network: {refusals: [{status: ESME_RNOPE}]}", `network.refusals[0].status: got "ESME_RNOPE", want an error of SMPP 3.4 such as ESME_RINVDSTADR`},
		{"a refusal that accepts", "network: {refusals: [{status: ESME_ROK}]}", "want an error of SMPP 3.4"},
		{"a refusal without its status", "network: {refusals: [{to: '+84...'}]}", "network.refusals[0]: status: want the error it answers with"},
		{"an outcome without its state", "network: {outcomes: [{share: 0.1}]}", "network.outcomes[0]: state: want how they end"},
		{"a pattern of letters", "network: {outcomes: [{to: mobile, state: UNDELIV}]}", "want a number in international form"},
		{"a form of ids that is none", "network: {receipts: {id: {form: octal}}}", "want one of decimal hex HEX"},
		{"a list that is none", "phases: {at: 1s}", "s.yaml:1: phases: want a list"},
		{"a mapping that is none", "network: 3", "s.yaml:1: network: want keys and values: binds, responses"},
		{"a value that is none", "seed: [1]", "s.yaml:1: seed: want one value"},
		{"a key given twice", "phases:\n- at: 1s\n  at: 2s\n  do: {drop: true}", "s.yaml:3: phases[0].at: given twice"},
		{"a phase that does nothing", "phases:\n- at: 1s", "s.yaml:2: phases[0]: does nothing"},
		{"a mistake inside a phase's network", "phases:\n- do:\n    network:\n      throttle: {above: much}", `s.yaml:4: phases[0].do.network.throttle.above: got "much", want a number`},
		{"a stall without an end", "phases: [{do: {stall: true}}]", "stalls without an end: want for with a time"},
		{"links down until messages come", "phases: [{for: 3 messages, do: {drop: true}}]", "no message comes while links are down"},
		{"a phase that overtakes itself", "phases: [{for: 3s, every: 2s, do: {drop: true}}]", "want every longer than for"},
		{"a text from nobody", "phases: [{do: {text: {to: '8088', text: DK}}}]", "phases[0].do.text: from: want a number in quotes"},
		{"yes for true", "phases: [{do: {drop: yes}}]", `phases[0].do.drop: got "yes", want true or false`},
		{"no YAML at all", "a: b: c", "read the simulator's script s.yaml: yaml: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParseScript("s.yaml", []byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	_, err := ParseScript("s.yaml", []byte("sed: 1\nnetwork:\n  responses: {lots: 1}\n"))
	if n := len(strings.Split(fmt.Sprint(err), "\n")); n != 2 {
		t.Errorf("two mistakes are told in %d lines: %v", n, err)
	}
}

func TestPhasesComeAndGoByTimeAndByMessages(t *testing.T) {
	s, err := ParseScript("s.yaml", []byte(`
network: {receipts: {lost: 0.25, twice: 0.5}}
phases:
  - {at: 10s, for: 5s, do: {drop: true}}
  - {every: 100 messages, do: {drop: true}}
  - {at: 20s, for: 50 messages, do: {network: {receipts: {lost: 1}}}}
  - {at: 30s, do: {network: {throttle: {above: 7}}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	p := newPlan(s)
	steps := []struct {
		after         time.Duration
		messages      int64
		begins, ends  int
		lost, twice   Share
		above         float64
		whatIsThisFor string
	}{
		{0, 0, 0, 0, 0.25, 0.5, 0, "nothing has begun"},
		{9 * time.Second, 99, 0, 0, 0.25, 0.5, 0, "still nothing"},
		{9 * time.Second, 100, 1, 0, 0.25, 0.5, 0, "the hundredth message"},
		{10 * time.Second, 101, 1, 0, 0.25, 0.5, 0, "the first phase"},
		{15 * time.Second, 200, 1, 1, 0.25, 0.5, 0, "its end, and the two hundredth message"},
		{20 * time.Second, 210, 1, 0, 1, 0.5, 0, "one key of the network takes the place of its own, the other stays"},
		{25 * time.Second, 259, 0, 0, 1, 0.5, 0, "until so many messages have come"},
		{25 * time.Second, 260, 0, 1, 0.25, 0.5, 0, "now they have"},
		{99 * time.Second, 261, 1, 0, 0.25, 0.5, 7, "what has no end stays"},
		{999 * time.Second, 262, 0, 0, 0.25, 0.5, 7, "for good"},
	}
	for _, st := range steps {
		begins, ends := 0, 0
		for _, ch := range p.at(st.after, st.messages) {
			if ch.ends {
				ends++
			} else {
				begins++
			}
		}
		got := []any{begins, ends, p.now.Receipts.Lost, p.now.Receipts.Twice, p.now.Throttle.Above}
		if d := cmp.Diff([]any{st.begins, st.ends, st.lost, st.twice, st.above}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", st.whatIsThisFor, d)
		}
	}
}

func TestTheSameSeedTreatsTheSameMessagesTheSameWay(t *testing.T) {
	n := script(t, "network:", "refusals: [{share: 0.3, status: ESME_RSYSERR}]", "outcomes: [{to: '+84...5', share: 0.5, state: UNDELIV}]", "receipts: {lost: 0.5, after: 0s..1h}").Network
	fates := func(seed uint64, before uint16) (all []fate) {
		for i := range 1000 {
			to := number("84901000000").plus(i)
			all = append(all, n.fate(newDraw(seed, to, []byte("KHONG SO HAI"), 0).nth(before), to, 0))
		}
		return all
	}
	same := func(a, b []fate) int {
		n := 0
		for i := range a {
			if a[i] == b[i] {
				n++
			}
		}
		return n
	}
	first := fates(1, 0)
	if n := same(first, fates(1, 0)); n != 1000 {
		t.Errorf("of 1000 messages %d have the same fate again", n)
	}
	if n := same(first, fates(2, 0)); n > 10 {
		t.Errorf("another seed gives %d of 1000 messages the same fate", n)
	}
	refused, undelivered := 0, 0
	for i, f := range first {
		if f.status == smpp.StatusSystemError {
			refused++
		}
		if f.state == undeliverable {
			if undelivered++; i%10 != 5 {
				t.Errorf("number %d is not of the pattern", i)
			}
		}
	}
	if refused < 250 || refused > 350 || undelivered < 30 || undelivered > 70 {
		t.Errorf("%d of 1000 refused, %d undelivered; want some 300 and 50", refused, undelivered)
	}
	again := 0
	for i, f := range fates(1, 1) {
		if first[i].status != smpp.StatusOK && f.status != smpp.StatusOK {
			again++
		}
	}
	if again == refused || again == 0 {
		t.Errorf("of %d refused messages %d are refused when they come again", refused, again)
	}
}
