// Package gateway keeps every message on its way: it queues, sends over SMPP, follows receipts and answers inbound words.
//
// A message's state, as drawn here, is one table of allowed moves (state.go):
//
//	queued ──claim──▶ submitting ──submit_sm_resp──▶ accepted ──receipt──▶ delivered | failed | expired
//	  │ ▲                │   │ └─refused for good──▶ failed                     ▲
//	  │ └──try later─────┘   └─link or node died──▶ unknown ────receipt─────────┘
//	  ├─▶ suppressed (opt-out, no consent, cap)      └──the run says Resend──▶ queued
//	  ├─▶ cancelled
//	  └─▶ expired (send_by passed)
//
// A message whose number its carrier does not know, by the response or by the receipt, is queued for another carrier, once.
//
// Only the outcome is stored, one row a message in sent. Before that the state follows from where the message stands in
// its chunk: at or above the watermark it is queued, below it is submitting. The watermark is committed before the first
// byte goes out, so that after a crash the messages in doubt are known, few, and nobody sends them a second time.
package gateway

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// ErrNotFound means that no message has the id.
var ErrNotFound = errors.New("no such message")

// MessageID names a message: run<<32 | resident for a run's, a sequence below 2^32 for a single. In JSON it is a string,
// since JavaScript would round it.
type MessageID int64

// ParseMessageID reads an id as String writes it.
func ParseMessageID(s string) (MessageID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, ErrNotFound
	}
	return MessageID(n), nil
}

func (id MessageID) String() string { return strconv.FormatInt(int64(id), 10) }

// MarshalText makes the id a JSON string.
func (id MessageID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *MessageID) UnmarshalText(b []byte) error {
	n, err := ParseMessageID(string(b))
	*id = n
	return err
}

// Purpose says why a single message is sent, and so which gates the claim asks.
type Purpose string

// Replies and receipts answer a resident's own act, so hours, caps and opt-out do not hold them (NĐ 91/2020 Điều 13 asks
// that even an opt-out be confirmed). An alert keeps the opt-out only: it is written for an emergency and has been approved.
// A message that another system sends by the API is held by all of them.
const (
	Reply   Purpose = "reply"
	Receipt Purpose = "receipt"
	Alert   Purpose = "alert"
	API     Purpose = "api"
)

// Single is one message outside any run.
type Single struct {
	To      residents.Phone
	Text    string
	Purpose Purpose
	SendBy  time.Time // zero: a day from now
	Key     string    // the same key again adds nothing and gives the first id; empty: no such check
	Carrier string    // the carrier to leave by; empty: by the number's prefix
	From    string    // the sender's address, as the short code that a resident wrote to; empty: the carrier's own
}

// Caps bound the messages of runs to one number, counted over rolling days; 0 is no bound.
type Caps struct{ PerDay, PerWeek int }

// Run is one sending of one text to an audience: what a due campaign hands over.
type Run struct {
	ID, Campaign int64
	Text         string
	Urgent       bool // cảnh báo khẩn: ahead of the rest, outside hours and caps; never past an opt-out
	Audience     residents.Audience
	Hours        schedules.Hours // not asked of an urgent run
	Caps         Caps
	SendAfter    time.Time
	SendBy       time.Time // zero: a day after SendAfter
	Resend       bool      // send again what is in doubt, at the price of a double now and then

	Progress func(done, total int) // hears how many messages are written; may be nil
}

// Progress counts messages by state.
type Progress struct {
	Total      int `json:"total"`
	Queued     int `json:"queued"`
	Submitting int `json:"submitting"`
	Accepted   int `json:"accepted"`
	Delivered  int `json:"delivered"`
	Unknown    int `json:"unknown"`
	Failed     int `json:"failed"`
	Expired    int `json:"expired"`
	Suppressed int `json:"suppressed"`
	Cancelled  int `json:"cancelled"`
}

// UnitProgress is the progress among the residents of one unit.
type UnitProgress struct {
	UnitID int64
	Progress
}

// Move is one step of a message's history. From is empty for the first.
type Move struct {
	At     time.Time `json:"at"`
	From   State     `json:"from,omitempty"`
	To     State     `json:"to"`
	Reason string    `json:"reason,omitempty"`
}

// Message is all that is known of one message.
type Message struct {
	ID               MessageID
	Run              int64 // 0 for a single
	Purpose          Purpose
	To               residents.Phone
	Text             string
	State            State
	Error            string // why it failed, was suppressed or is in doubt
	Size             sms.Size
	Carrier          string
	CarrierMessageID string // of the first part
	QueuedAt, SendBy time.Time
	History          []Move
}

// Carrier is one account with one network operator.
type Carrier struct {
	Name     string
	Link     smpp.ClientConfig // Window is each bind's
	Binds    int               // at one time; 0 is 1
	Separate bool              // each bind is a pair of transmitter and receiver
	Rate     float64           // parts a second; 0: as fast as the window lets
	Source   smpp.Address
	// UnknownSubscriber are the answers by which it says that it does not know a number, so that another carrier is asked:
	// names of statuses (ESME_RINVDSTADR) and error codes of UNDELIV receipts ("001"). nil: ESME_RINVDSTADR.
	UnknownSubscriber []string

	ReceiptID ReceiptID // how its receipts write the id of submit_sm_resp
	USSD      string    // of USSDProfiles; "": its USSD, if it sends any, is taken for SMS

	// ReceiptDeadline is how long after its acceptance a message's receipt is waited for [72h].
	ReceiptDeadline time.Duration
	QuerySM         bool // it is asked by query_sm before that

	TextRules

	// Transport makes another way to the carrier than SMPP by Link; nil: SMPP.
	Transport func(smpp.ClientHandler) Transport
}

// ReceiptID says how a carrier's receipts write an id, compared with its submit_sm_resp.
type ReceiptID string

// Carriers answer submit_sm in one base and write receipts in the other. Auto tries every form, against the receipt's
// number, until ten in a row leave no choice; it learns anew where the carrier changes its form.
const (
	ReceiptAuto ReceiptID = "auto"
	ReceiptSame ReceiptID = "same"
	ReceiptHex  ReceiptID = "hex" // the receipt is hexadecimal, the response decimal
	ReceiptDec  ReceiptID = "dec" // the receipt is decimal, the response hexadecimal
)

// Inbound is one SMS from a resident, whole and stored.
type Inbound struct {
	ID      int64
	From    residents.Phone
	To      string
	Text    string
	At      time.Time
	Carrier string
	Action  string // of Words; empty for an unknown word
	Rest    string // what followed the word
}

// InboundHandler acts on in within the transaction that stores it, and gives the reply; an empty reply sends nothing. The
// reply is queued in the same transaction, and only then is the carrier told that the message has arrived.
type InboundHandler func(ctx context.Context, tx *sql.Tx, in Inbound) (reply string, err error)
