package campaigns

import (
	"strconv"
	"strings"
	"time"

	"canhgiac/gateway"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// Form is the way a text is written on its way to the phone.
type Form string

const (
	Plain    Form = "plain"    // không dấu: 160 units a part, readable on every phone
	Accented Form = "accented" // with diacritics: 70 units a part
)

// The channels that campaigns go by. SMSThenCall calls whom no message can reach, at once, and whom none did reach, later; whom
// that does not reach either is the tổ trưởng's.
const (
	ChannelSMS         = "sms"
	ChannelCall        = "call"
	ChannelSMSThenCall = "sms_call"
)

// Content is one text in both forms; the campaign's Form says which leaves.
type Content struct {
	Text  string `json:"text"`            // with diacritics
	Plain string `json:"plain"`           // không dấu, written by hand: dropping the marks alone can turn a meaning round
	Voice string `json:"voice,omitempty"` // what is said in its place on a call (Voice.Name)
}

// In gives the text of a form.
func (c Content) In(f Form) string {
	if f == Accented {
		return c.Text
	}
	return c.Plain
}

// Campaign is what is said to whom, when. Its schedule fires once for each of its contents, in order.
type Campaign struct {
	ID           int64
	Name         string
	Contents     []Content
	Form         Form
	Units        []int64 // groups; a ward means all its groups
	Channel      string
	Cron         string // Asia/Ho_Chi_Minh
	Hours        schedules.Hours
	Caps         gateway.Caps
	Urgent       bool   // cảnh báo khẩn: not held by hours and caps, and so approved by two
	UrgentReason string // why; logged with the approval
	Resend       bool   // send again what is in doubt after a broken link: may reach somebody twice

	// Kept by the store; Create and Update ignore them, but Update reads Revision.
	State          State
	Author         string
	Editors        []string // who changed the draft after its author
	Approver       string
	SecondApprover string // urgent only
	CopiedFrom     int64
	Revision       int // counts edits of the draft: an Update of an older one is refused
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Wrote tells whether name wrote the campaign or changed its draft.
func (c Campaign) Wrote(name string) bool {
	if strings.EqualFold(c.Author, name) {
		return true
	}
	for _, e := range c.Editors {
		if strings.EqualFold(e, name) {
			return true
		}
	}
	return false
}

// MayApprove tells whether name may give the next approval: not who wrote it, and not who gave the first.
func (c Campaign) MayApprove(name string) bool {
	return !c.Wrote(name) && !strings.EqualFold(c.Approver, name)
}

// Calls tells whether the campaign places calls.
func (c Campaign) Calls() bool { return c.Channel == ChannelCall || c.Channel == ChannelSMSThenCall }

// Audience is what residents are asked for.
func (c Campaign) Audience() residents.Audience {
	return residents.Audience{Units: c.Units, Channel: c.Channel}
}

// User is who acts, for the audit log and for the rule that two people stand behind a campaign.
type User struct {
	Name string // sign-in name
	Role string
	Addr string // network address, empty from the shell

	Scope residents.Scope // a campaign that names any other unit is not theirs to write or to move
}

// machine is who acts when a schedule does.
var machine = User{Name: "schedule", Role: "system"}

// Subject is the campaign's name in schedules.
func Subject(id int64) string { return "campaign:" + strconv.FormatInt(id, 10) }

// ParseSubject reads what Subject gives.
func ParseSubject(s string) (id int64, ok bool) {
	digits, ok := strings.CutPrefix(s, "campaign:")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil
}
