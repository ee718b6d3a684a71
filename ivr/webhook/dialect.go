// Package webhook answers voice providers that ask by HTTP what a call should do next. What they all have in common is
// here; what one family of them says and wants to hear is a Dialect, in a folder of its own.
//
//	/voice/{provider}/call                 a call comes in
//	/voice/{provider}/step?n=              keys, or silence
//	/voice/{provider}/dialed?n=            an officer's telephone was rung
//	/voice/{provider}/recorded?n=          a message was spoken
//	/voice/{provider}/held?n=              the line waits for the message just spoken, where a provider tells of it elsewhere
//	/voice/{provider}/taped                a recording of the whole call is ready
//	/voice/{provider}/status               the call is over
//	/voice/{provider}/answer?ref=          somebody took a call of ours
//	/voice/{provider}/placed?ref=          what became of a call of ours
//	GET /voice/sounds/VOICE/NAME.wav|.txt      what the voice says
//	GET /voice/sounds/VOICE/pcm/NAME~NAME.wav  several lines in one, of 16 bits
package webhook

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"canhgiac/ivr"
)

// Hook is a webhook's name, the last part of its address.
type Hook string

const (
	Call     Hook = "call"
	Step     Hook = "step"
	Dialed   Hook = "dialed"
	Recorded Hook = "recorded"
	Held     Hook = "held"
	Taped    Hook = "taped"
	Status   Hook = "status"
	Answer   Hook = "answer"
	Placed   Hook = "placed"
)

// hooks are all of them.
var hooks = []Hook{Call, Step, Dialed, Recorded, Held, Taped, Status, Answer, Placed}

// waits says whether a caller hangs on the answer. Nobody does where a provider merely tells something.
func (h Hook) waits() bool { return h != Status && h != Placed && h != Taped }

// Provider is one that may call us. Its name stands in the addresses given to it.
type Provider struct {
	Name    string
	Dialect Dialect
}

// Dialect is how one family of providers speaks, with the account that we have there.
type Dialect interface {
	Manner() Manner
	// Verify says whether the provider sent r. Nothing else is believed before. Error: Refuse, with 401 or 403.
	Verify(r Request) error
	// Parse reads what r says. Error: Refuse, with 400.
	Parse(r Request) (Told, error)
	// Render writes a reply as a document for the call of a.
	Render(a Addresses, reply ivr.Reply) []byte
	// Failure says that the hotline is out of order and rings every officer at once. Nothing in it may lead back to us, since
	// we could not answer.
	Failure(a Addresses, actions []ivr.Action) []byte
	// ComeBack has the provider ask address in a moment, without a word to the caller.
	ComeBack(a Addresses, address string, after time.Duration) []byte

	// Open puts our key on a request for a recording.
	Open(r *http.Request) error

	// Place writes the request that places a call.
	Place(a Addresses, p ivr.Placing) (*http.Request, error)
	// Placed reads its answer: the provider's name for the call, "" where it gives none. Errors: ivr.ErrNumber and
	// ivr.ErrRefused with the provider's words, where it surely placed none.
	Placed(status int, body []byte) (sid string, err error)
}

// Manner is what a dialect does differently around the documents.
type Manner struct {
	ContentType string
	// Seal: the provider signs what it says, not where it says it. So our addresses carry the call's name and a seal of our
	// own: one signed key must not be sent again as another step's, or as another call's.
	Seal []byte
	// Get are the hooks that are fetched; all others are posted. What is fetched must have its address signed.
	Get []Hook
	// TwoNames: a call comes in under one name, and what is told of it later bears another.
	TwoNames bool
}

// Request is a webhook as it came.
type Request struct {
	Hook    Hook
	Method  string
	Address string // whole, as the provider was given it: our public address, never what the request says of its host
	URI     string // path and query
	Query   url.Values
	Header  http.Header
	Body    []byte
	At      time.Time
}

// Told is what a webhook says, in no provider's words.
type Told struct {
	SID   string // the call's name at the provider
	Alias string // another name that the provider has for it

	From, To string    // Call, Answer; Status where the provider has two names for a call
	Machine  bool      // Answer: an answering machine took the call
	Input    ivr.Input // Step, Dialed, Recorded; its Step is the address's. Taped: its Recording alone, and none where the recording did not come about
	Aside    bool      // Dialed, Recorded: the line takes no document now, and asks for it later

	Over    string      // Status, Placed: the provider's word for the end; "" while the call goes on
	Met     bool        // Status: an officer and the caller had been connected
	Outcome ivr.Outcome // Status, Placed: what became of a call of ours that nobody took; "" for none
}

// refusal is an answer to a webhook that is not one of ours.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

// Refuse is the error of a webhook that a dialect does not take, with the HTTP status that the provider gets.
func Refuse(status int, format string, a ...any) error {
	return refusal{status, fmt.Sprintf(format, a...)}
}
