package main

import (
	"fmt"
	"slices"
	"time"

	"canhgiac/schedules"
)

// OutboundConfig is calls that the hotline places.
type OutboundConfig struct {
	Providers []string      `mapstructure:"providers"`
	Ring      time.Duration `mapstructure:"ring"`
	Hours     string        `mapstructure:"hours"`
	PerDay    int           `mapstructure:"per_day"`
	After     time.Duration `mapstructure:"after"`
}

// MissedCallConfig is the service for who rings and hangs up.
type MissedCallConfig struct {
	Numbers   []string      `mapstructure:"numbers"`
	Ring      time.Duration `mapstructure:"ring"`
	PerHour   int           `mapstructure:"per_hour"`
	PerDay    int           `mapstructure:"per_day"`
	PerNumber int           `mapstructure:"per_number"`
}

func defaultMissedCall() MissedCallConfig {
	return MissedCallConfig{Numbers: []string{}, Ring: 8 * time.Second, PerHour: 60, PerDay: 400, PerNumber: 6}
}

func defaultOutbound() OutboundConfig {
	return OutboundConfig{Providers: []string{}, Ring: 30 * time.Second, Hours: "08:00-17:00", PerDay: 1, After: 24 * time.Hour}
}

func (k *check) outbound(c VoiceConfig) {
	var placing []string
	for _, p := range c.Providers {
		if p.places() {
			placing = append(placing, p.Name)
		}
	}
	for _, t := range c.SIP.Trunks {
		if t.Server != "" {
			placing = append(placing, t.Name)
		}
	}
	for i, name := range c.Outbound.Providers {
		k.that(slices.Contains(placing, name) && slices.Index(c.Outbound.Providers, name) == i, fmt.Sprintf("voice.outbound.providers[%d]", i),
			fmt.Sprintf("the name of a provider or trunk that places calls, each once: one of %v", placing), name)
	}
	o := c.Outbound
	k.that(o.Ring >= 10*time.Second && o.Ring <= 2*time.Minute, "voice.outbound.ring", "10s to 2m", o.Ring)
	_, err := schedules.ParseHours(o.Hours)
	k.that(err == nil, "voice.outbound.hours", `"HH:MM-HH:MM", like "08:00-17:00"`, o.Hours)
	k.that(o.PerDay >= 0, "voice.outbound.per_day", "0 (no cap) or more", o.PerDay)
	k.that(o.After >= time.Hour && o.After <= 72*time.Hour, "voice.outbound.after", "1h to 72h", o.After)
	for i, n := range c.MissedCall.Numbers {
		k.that(phoneForm.MatchString(n), fmt.Sprintf("voice.missed_call.numbers[%d]", i), "a phone number of 3 to 15 digits", n)
	}
	k.that(c.MissedCall.Ring >= 0 && c.MissedCall.Ring <= 20*time.Second, "voice.missed_call.ring", "0s to 20s", c.MissedCall.Ring)
	m := c.MissedCall
	k.that(m.PerHour >= 1 && m.PerHour <= 3600, "voice.missed_call.per_hour", "1 to 3600 calls back an hour", m.PerHour)
	k.that(m.PerDay >= m.PerHour && m.PerDay <= 86400, "voice.missed_call.per_day", "per_hour to 86400 calls back a day", m.PerDay)
	k.that(m.PerNumber >= 1 && m.PerNumber <= 144, "voice.missed_call.per_number", "1 to 144 calls back a day to one number", m.PerNumber)
	k.that(len(c.MissedCall.Numbers) == 0 || len(o.Providers) > 0, "voice.outbound.providers", "a provider to call back with, since voice.missed_call.numbers is set", o.Providers)
}
