package simulator

import (
	"log/slog"
	"net/http"
	"time"
)

// Options are the simulator's addresses, the voice provider it plays, and how its network behaves.
type Options struct {
	SMPPAddr    string // where the SMSC listens: "127.0.0.1:2775"; port 0 takes a free one
	HTTPAddr    string // where handsets are driven
	AllowRemote bool   // let either address be other than loopback; nothing here asks who calls
	SystemID    string // what a bind must name; "" takes any
	Password    string

	VoiceURL      string // the ward's public address, to which calls are brought; "" = no voice
	VoiceProvider string
	VoiceAccount  string
	VoiceSecret   string
	Stringee      Stringee // a second provider, of another dialect
	Resident      Resident // zero: takes a call after 4 s
	Officer       Officer  // zero: answers after 3 s and talks until the caller hangs up

	Script    Script
	KeepTexts int // texts kept for handsets' screens, over all handsets; 0 = 50,000

	Client *http.Client // for webhooks and sounds; nil = http.DefaultClient
	Now    func() time.Time
	Log    *slog.Logger
}

// Stringee is the provider of that dialect whose calls come by the same address. "" names none.
type Stringee struct{ Provider, SigningKey string }

// stringee names the dialect, and the line, of a call by it.
const stringee = "stringee"

func (o Options) withDefaults() Options {
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.KeepTexts == 0 {
		o.KeepTexts = 50_000
	}
	if o.Resident.Outcome == "" {
		o.Resident = Resident{Outcome: "answer", After: 4 * time.Second}
	}
	if o.Officer.Outcome == "" {
		o.Officer = Officer{Outcome: "answer", After: 3 * time.Second}
	}
	return o
}
