package ivr

import (
	"time"

	"canhgiac/ivr/prompts"
)

// outcome is what came of one asking of a node.
type outcome string

const (
	outKey     outcome = "key"     // one of its keys, or a number
	outAgain   outcome = "again"   // the wish to hear it again
	outOfficer outcome = "officer" // the officer's key
	outOn      outcome = "on"      // silence, or any key, where the menu goes on by it
	outWrong   outcome = "wrong"   // a key that it has not
	outSilent  outcome = "silent"  // nothing, where it waited for something
	outRang    outcome = "rang"    // an officer's telephone was rung to its end
	outSpoke   outcome = "spoke"   // a message was left
	outLeft    outcome = "left"    // the conversation ended before the node was answered
	outDone    outcome = "done"    // it ended where nothing more was asked
)

// stay is one asking of one node.
type stay struct {
	node    string
	outcome outcome
	key     string        // with outKey, where it was one of the node's own
	words   time.Duration // how long they last
	waited  time.Duration // from their beginning to what came
	heard   bool          // what came, came after them
	failed  bool          // it was the third failure in a row
}

// waitEdges divide the time to an answer; the medians of the page are read between them.
var waitEdges = []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second, 6 * time.Second, 8 * time.Second, 10 * time.Second, 13 * time.Second,
	16 * time.Second, 20 * time.Second, 25 * time.Second, 30 * time.Second, 40 * time.Second, 60 * time.Second}

func waitBucket(d time.Duration) int {
	for i, edge := range waitEdges {
		if d < edge {
			return i
		}
	}
	return len(waitEdges)
}

// median reads the middle of a division by waitEdges, evenly within its part; 0 where there is nothing. The last part has no
// end: its beginning is said.
func median(waited []int64) time.Duration {
	sum := int64(0)
	for _, n := range waited {
		sum += n
	}
	before := int64(0)
	for i, n := range waited {
		if 2*(before+n) < sum || n == 0 {
			before += n
			continue
		}
		from := time.Duration(0)
		if i > 0 {
			from = waitEdges[i-1]
		}
		if i == len(waitEdges) {
			return from
		}
		return from + time.Duration(float64(waitEdges[i]-from)*(float64(sum)/2-float64(before))/float64(n))
	}
	return 0
}

// length is how long the words of a reply last before the caller's turn.
func (r Reply) length(of func(prompts.Voice, string) time.Duration) time.Duration {
	sum := time.Duration(0)
	for _, a := range r.Actions {
		if a.Play != "" {
			sum += of(r.Voice, a.Play)
		}
		if a.Gather != nil {
			for _, line := range a.Gather.Play {
				sum += of(r.Voice, line)
			}
			return sum
		}
	}
	return sum
}

// asksSomething says whether a caller who leaves at n left a question open. A node with one key gives advice and says how to
// go on: "call your bank; to report, press 1". To hang up there is to do what it says.
func (n *node) asksSomething() bool { return n != nil && (len(n.Keys) > 1 || n.Number != nil) }

// rests says whether who has come to n has had what a call can give: it asks for nothing, or takes a message.
func (n *node) rests() bool { return n != nil && (n.asks() && len(n.Keys) == 0 || n.Record != nil) }

// outcomeOf judges what came at a node as turn does. It must not differ from it: TestWhatIsCountedIsWhatTheMenuDid.
func (m *callMenu) outcomeOf(n *node, e pastEvent) (outcome, string) {
	keysCame := e.input == InputKeys || e.input == InputAhead
	switch {
	case e.input == InputDialed:
		return outRang, ""
	case e.input == InputRecorded:
		return outSpoke, ""
	case n == nil, e.input == InputAhead && n.Careful:
		return outOn, ""
	case n.Dial == nil && n.Record == nil && !n.asks() && n.Number == nil:
		return outOn, "" // told to end, the line asked again
	case !keysCame && n.Silence != "":
		return outOn, ""
	case !keysCame:
		return outSilent, ""
	case n.Number != nil:
		return numberOutcome(e.raw), ""
	}
	key := e.raw[:min(1, len(e.raw))]
	everywhere := m.Everywhere[key]
	switch _, own := n.Keys[key]; {
	case own:
		return outKey, key
	case everywhere == again:
		return outAgain, ""
	case everywhere != "":
		return outOfficer, ""
	case n.Other != "":
		return outOn, ""
	}
	return outWrong, ""
}

func numberOutcome(typed string) outcome {
	switch number, ended := lastNumber(typed); {
	case number == "" && !ended:
		return outAgain
	case number == "0":
		return outOfficer
	case !keepable(number):
		return outWrong
	}
	return outKey
}
