// Package reports keeps what residents tell about scammers: taken in key by key, ordered by urgency, received by an
// officer, with an append-only record of how each report was made.
//
// Allowed moves; there is no "refused", because BLTTHS Điều 145 makes every report received:
//
//	new ──> received ──> verifying ──┬─> transferred ──┬─> closed ──> reopened ──> verifying
//	 │                               └─> answered ─────┘
//	 the machine's                   received is the first act of an officer
package reports

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"io"
	"time"

	"canhgiac/residents"
)

var (
	ErrNotFound = errors.New("no such report")
	ErrMove     = errors.New("the report's state does not allow this")
	ErrReason   = errors.New("a reason is needed")
	ErrNote     = errors.New("a note has 1 to 2000 characters")
	ErrDraft    = errors.New("the draft holds a value that no key gives")
)

// Draft is what is known so far. It is saved again at every key, so that a caller who hangs up leaves what was said.
type Draft struct {
	Origin     string          // "call", "sms", "ussd", "api"
	Ref        string          // call id or inbound id: with Origin it names one report
	Reporter   residents.Phone // "" when withheld
	Kind       int             // 1..8 as on the keypad, 0 unknown
	ScamNumber string          // digits as keyed, "" unknown
	Channel    int             // 1 call, 2 message, 3 social network, 4 in person, 5 other; 0 unknown
	Money      string          // "", "none", "lost", "about" (is about to be lost)
	When       string          // "", "today", "yesterday", "earlier"; "before": yesterday or earlier, as USSD asks
	Band       int             // 1 under 2 million VND, 2 under 50, 3 under 200, 4 more, 5 not remembered; 0 unknown
	Callback   string          // "", "yes", "no"
	Cancelled  bool            // the reporter chose not to send; what was keyed is kept all the same
	Complete   bool
}

// Report is a draft with what the ward adds to it.
type Report struct {
	ID       int64
	Code     string // "2608-0417"
	State    State
	Urgency  Urgency
	Partial  bool    // not sent to the end: the caller hung up, or is still on the line
	Draft            // Complete is !Partial
	Term     Term    // how long it may take
	Officer  Officer // whether the reporter, put through to an officer, reached one
	Messages int     // left after the tone
	UnitID   int64
	UnitName string // the reporter's unit on the day of the report, "" when the number is not known here

	CreatedAt, UpdatedAt    time.Time
	CompletedAt, ReceivedAt time.Time // zero: not yet
	ReceivedBy              string
	AlsoNamed               int // how many other reports name the same number
	Revision                int64
}

// By is the officer (or token, or command) who reads or acts; Name, Role and Addr go into the audit row.
type By struct {
	Name, Role, Addr string
	Scope            residents.Scope
	Opened           []string // codes outside of Scope that were opened by Open
}

// Store is the only writer of reports, report_messages and report_events.
type Store struct {
	Deadlines Deadlines // those of DefaultDeadlines, unless set before use

	db     *sql.DB
	now    func() time.Time
	random io.Reader
}

func NewStore(db *sql.DB, now func() time.Time) *Store {
	return &Store{Deadlines: DefaultDeadlines(), db: db, now: now, random: rand.Reader}
}
