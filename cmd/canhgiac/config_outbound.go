package main

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"canhgiac/schedules"
)

// OutboundConfig is calls that the hotline places.
type OutboundConfig struct {
	Providers []LineConfig  `mapstructure:"providers"`
	Ring      time.Duration `mapstructure:"ring"`
	Hours     string        `mapstructure:"hours"`
	PerDay    int           `mapstructure:"per_day"`
	After     time.Duration `mapstructure:"after"`
}

// LineConfig is a provider that calls go out by.
type LineConfig struct {
	Name           string  `mapstructure:"name"`
	CallerID       string  `mapstructure:"caller_id"`
	CallsPerSecond float64 `mapstructure:"calls_per_second"`
	Concurrent     int     `mapstructure:"concurrent"`
}

// MissedCallConfig is the service for who rings and hangs up.
type MissedCallConfig struct {
	Numbers []string      `mapstructure:"numbers"`
	Ring    time.Duration `mapstructure:"ring"`
}

func defaultOutbound() OutboundConfig {
	return OutboundConfig{Providers: []LineConfig{}, Ring: 30 * time.Second, Hours: "08:00-17:00", PerDay: 1, After: 24 * time.Hour}
}

// lineDefaults lays a line's keys over the defaults, since a list's elements have none of their own.
func lineDefaults(_, to reflect.Type, data any) (any, error) {
	given, ok := data.(map[string]any)
	if !ok || to != reflect.TypeFor[LineConfig]() {
		return data, nil
	}
	full := map[string]any{"calls_per_second": 1.0, "concurrent": 10}
	for k, v := range given {
		full[k] = v
	}
	return full, nil
}

func (k *check) outbound(c VoiceConfig) {
	var callers []string
	for _, p := range c.Providers {
		callers = append(callers, p.Name)
	}
	seen := map[string]bool{}
	for i, l := range c.Outbound.Providers {
		at := fmt.Sprintf("voice.outbound.providers[%d]", i)
		k.that(slices.Contains(callers, l.Name) && !seen[l.Name], at+".name", fmt.Sprintf("the name of a provider of voice.providers, each once: one of %v", callers), l.Name)
		seen[l.Name] = true
		k.that(phoneForm.MatchString(l.CallerID), at+".caller_id", "a phone number of 3 to 15 digits", l.CallerID)
		k.that(l.CallsPerSecond > 0 && l.CallsPerSecond <= 100, at+".calls_per_second", "more than 0, at most 100", l.CallsPerSecond)
		k.that(l.Concurrent >= 1 && l.Concurrent <= 2000, at+".concurrent", "1 to 2000 calls at a time", l.Concurrent)
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
	k.that(len(c.MissedCall.Numbers) == 0 || len(o.Providers) > 0, "voice.outbound.providers", "a provider to call back with, since voice.missed_call.numbers is set", o.Providers)
}
