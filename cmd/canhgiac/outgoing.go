package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"canhgiac/campaigns"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// outgoingOptions are voice.outbound and voice.missed_call, at work.
func (n *node) outgoingOptions() (ivr.OutgoingOptions, error) {
	v := n.config.Voice
	o := ivr.OutgoingOptions{
		Ring: v.Outbound.Ring, PerDay: v.Outbound.PerDay, Orders: orders{&n.campaigns}, Log: n.log.With("part", "calls out"), Metrics: n.metrics,
		Missed: ivr.Missed{Numbers: v.MissedCall.Numbers, Ring: v.MissedCall.Ring,
			Limits: ivr.CallbackLimits{PerHour: v.MissedCall.PerHour, PerDay: v.MissedCall.PerDay, PerNumber: v.MissedCall.PerNumber}},
		Own: append([]string{n.config.Words.Hotline, n.config.Words.Shortcode}, v.Officers...),
	}
	lines, err := webhookLines(n.config, n.now, o.Log)
	if err != nil {
		return o, err
	}
	for _, t := range v.SIP.Trunks {
		o.Own = append(o.Own, t.CallerID, t.Register.User)
		lines = append(lines, ivr.Line{Provider: t.Name, CallerID: t.CallerID, PerSecond: t.CallsPerSecond, Concurrent: t.MaxCalls, Dialer: trunkDialer{n, t.Name}})
	}
	for _, p := range v.Providers {
		o.Own = append(o.Own, p.CallerID)
	}
	for _, name := range v.Outbound.Providers {
		for _, l := range lines {
			if l.Provider == name {
				o.Lines = append(o.Lines, l)
			}
		}
	}
	return o, nil
}

// trunkDialer dials by a trunk's server, which is there once the node listens.
type trunkDialer struct {
	node *node
	name string
}

func (t trunkDialer) Place(ctx context.Context, p ivr.Placing) (string, error) {
	if t.node.sip != nil {
		if d := t.node.sip.Dialer(t.name); d != nil {
			return d.Place(ctx, p)
		}
	}
	return "", fmt.Errorf("trunk %s is not open: %w", t.name, ivr.ErrRefused)
}

// allReminders names the six in a row, as something that a campaign's calls can say.
const allReminders = "loi_nhac"

// voices are what campaigns' calls can say: each of the six, and all of them.
func voices(w *prompts.Words) ([]campaigns.Voice, error) {
	var all []campaigns.Voice
	for _, name := range w.ReminderPrompts() {
		text, err := w.Prompt(name)
		if err != nil {
			return nil, err
		}
		all = append(all, campaigns.Voice{Name: name, Words: text})
	}
	return append(all, campaigns.Voice{Name: allReminders}), nil
}

// caller hands a campaign's calls to the hotline.
type caller struct {
	out   *ivr.Outgoing
	words *prompts.Words
}

func (c caller) Call(ctx context.Context, tx *sql.Tx, run int64, voice string, to []residents.Phone) error {
	says := []string{voice}
	if voice == allReminders {
		says = c.words.ReminderPrompts()
	}
	keys := make([]string, len(to))
	for i, p := range to {
		keys[i] = campaigns.RunSource(run) + ":" + string(p)
	}
	return c.out.WantAll(ctx, tx, ivr.Wanted{Why: ivr.Reminder, Source: campaigns.RunSource(run), Says: says}, keys, to)
}

func (c caller) Withdraw(ctx context.Context, tx *sql.Tx, run int64) error {
	return c.out.Withdraw(ctx, tx, campaigns.RunSource(run))
}

// orders ask a campaign about its calls, and tell it what became of them.
type orders struct{ campaigns **campaigns.Store }

func (o orders) run(w ivr.Wanted) (int64, error) {
	run, ok := campaigns.ParseRunSource(w.Source)
	if !ok {
		return 0, fmt.Errorf("nobody knows whose the call of %q is", strings.ToValidUTF8(w.Source, "?"))
	}
	return run, nil
}

func (o orders) Ask(ctx context.Context, tx *sql.Tx, w ivr.Wanted, now time.Time) (ivr.Verdict, error) {
	run, err := o.run(w)
	if err != nil {
		return ivr.Verdict{}, err
	}
	a, err := (*o.campaigns).MayDial(ctx, tx, run, now)
	return ivr.Verdict(a), err
}

func (o orders) Count(ctx context.Context, tx *sql.Tx, w ivr.Wanted, _ time.Time) (string, error) {
	run, err := o.run(w)
	if err != nil {
		return "", err
	}
	return (*o.campaigns).CountCall(ctx, tx, run, w.To)
}

func (o orders) Uncount(ctx context.Context, tx *sql.Tx, w ivr.Wanted) error {
	run, err := o.run(w)
	if err != nil {
		return err
	}
	return (*o.campaigns).UncountCall(ctx, tx, run, w.To)
}

func (o orders) Ended(ctx context.Context, tx *sql.Tx, w ivr.Wanted, r ivr.Result, at time.Time) error {
	run, err := o.run(w)
	if err != nil {
		return err
	}
	return (*o.campaigns).CallEnded(ctx, tx, run, w.To, string(r), at)
}

// withCalls lets campaigns call by out.
func withCalls(o campaigns.Options, c OutboundConfig, out *ivr.Outgoing, w *prompts.Words) (campaigns.Options, error) {
	var err error
	if o.Voices, err = voices(w); err != nil {
		return o, err
	}
	if o.CallHours, err = schedules.ParseHours(c.Hours); err != nil {
		return o, err // validated; never
	}
	o.Caller, o.CallAfter = caller{out, w}, c.After
	return o, nil
}
