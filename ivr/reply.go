package ivr

import (
	"time"

	"canhgiac/ivr/prompts"
)

// Reply is what the line should do next, in no provider's dialect. It is kept with the step that it answers.
type Reply struct {
	Step    int           `json:"step"` // to be carried by the webhook that this reply leads to
	Voice   prompts.Voice `json:"voice,omitempty"`
	Actions []Action      `json:"actions"`
}

// Action is one thing to do; exactly one field is set. What comes after a Gather or a Record happens on silence:
// there the line asks again with the same step.
type Action struct {
	Play   string  `json:"play,omitempty"` // a line's name (prompts.Line)
	Gather *Gather `json:"gather,omitempty"`
	Dial   *Dial   `json:"dial,omitempty"`
	Record *Record `json:"record,omitempty"`
	Hangup bool    `json:"hangup,omitempty"`
	Reject *Reject `json:"reject,omitempty"`
	Tape   bool    `json:"tape,omitempty"` // what was played before it has been heard: from here on the call is recorded, both sides, to its end
}

// Reject ends a call that was not answered, so that the caller pays nothing: 486 on SIP, <Reject/>, an empty SCCO. It is a
// reply's only action, and no webhook follows from it.
type Reject struct {
	Ring time.Duration `json:"ring"` // how long the line rings before, where it can; else it ends at once
}

// Gather takes keys while its lines play and after; the first key stops them. One takes # and * like any other key;
// a number ends at # at once.
type Gather struct {
	Play    []string      `json:"play"`
	One     bool          `json:"one"`     // one key; else all until # or a silence
	First   time.Duration `json:"first"`   // silence after the lines, before any key
	Between time.Duration `json:"between"` // silence after a key, where not One
}

// Dial connects the caller with an officer.
type Dial struct {
	Number string        `json:"number"` // as configured
	Ring   time.Duration `json:"ring"`
}

// Record takes a spoken message after a tone, until #, a silence, or Max.
type Record struct {
	Max     time.Duration `json:"max"`
	Silence time.Duration `json:"silence"`
}

// Input is what a webhook brings.
type Input struct {
	Step int // as the reply before gave it
	Kind InputKind

	Keys      string // InputKeys, InputAhead: as received; # at the end where the provider says that it was pressed
	Answered  bool   // InputDialed
	Status    string // InputDialed: the provider's word for how it ended
	Recording Recording

	Gone bool // the caller has hung up: keys of a number may not be all of them
}

// InputKind says what happened on the line.
type InputKind string

const (
	InputKeys     InputKind = "keys"
	InputAhead    InputKind = "ahead"    // keys pressed before the question was asked: none for a careful one
	InputSilence  InputKind = "silence"  // nobody pressed a key, or nobody spoke; where a number was asked, perhaps # alone
	InputDialed   InputKind = "dialed"   // an officer's telephone was rung
	InputRecorded InputKind = "recorded" // a message was left

	inputStart   InputKind = "start"
	inputPressed InputKind = "pressed" // keys that were never handed in
	inputEnded   InputKind = "ended"
)

// Recording is a spoken message, kept by the provider until it is fetched.
type Recording struct {
	SID     string
	URL     string
	Seconds int
}
