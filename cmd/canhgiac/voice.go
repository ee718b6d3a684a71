package main

import (
	"cmp"
	"log/slog"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/ncco"
	"canhgiac/ivr/stringee"
	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
)

// voiceProviders are those that bring calls to our webhooks, each with its dialect.
func voiceProviders(c VoiceConfig, now func() time.Time) ([]webhook.Provider, error) {
	all := make([]webhook.Provider, 0, len(c.Providers))
	for _, p := range c.Providers {
		dialect, err := dialectOf(p, now)
		if err != nil {
			return nil, err
		}
		all = append(all, webhook.Provider{Name: p.Name, Dialect: dialect})
	}
	return all, nil
}

func dialectOf(p ProviderConfig, now func() time.Time) (webhook.Dialect, error) {
	switch p.Dialect {
	case dialectStringee:
		return stringee.New(stringee.Account{
			SigningKey: p.Secret, Number: p.CallerID, Text: p.Speak == speakText, Voice: p.Voice, API: p.api(), KeySID: p.APIKey, KeySecret: p.APISecret,
		}, now), nil
	case dialectNCCO:
		a := ncco.Account{Application: p.Account, Secret: p.Secret, Number: p.CallerID, Text: p.Speak == speakText, API: p.api(), DetectMachines: p.DetectMachines}
		if p.PrivateKey != "" {
			var err error
			if a.Key, err = readPrivateKey(p.PrivateKey); err != nil {
				return nil, err
			}
		}
		return ncco.New(a, now), nil
	}
	return twiml.New(twiml.Account{
		SID: p.Account, Token: p.Secret, API: p.api(), Key: cmp.Or(p.APIKey, p.Account), KeySecret: cmp.Or(p.APISecret, p.Secret), DetectMachines: p.DetectMachines,
	}), nil
}

// recordingSources are where the providers keep what callers spoke.
func recordingSources(c VoiceConfig, now func() time.Time) (map[string]ivr.Source, error) {
	all := map[string]ivr.Source{}
	for _, p := range c.Providers {
		dialect, err := dialectOf(p, now)
		if err != nil {
			return nil, err
		}
		all[p.Name] = webhook.NewSource(webhook.Provider{Name: p.Name, Dialect: dialect}, p.api(), p.recordingHosts(), nil)
	}
	return all, nil
}

// webhookLines are the providers that calls go out by.
func webhookLines(c Config, now func() time.Time, log *slog.Logger) ([]ivr.Line, error) {
	var all []ivr.Line
	for _, p := range c.Voice.Providers {
		if !p.places() {
			continue
		}
		dialect, err := dialectOf(p, now)
		if err != nil {
			return nil, err
		}
		all = append(all, ivr.Line{Provider: p.Name, CallerID: p.CallerID, PerSecond: p.CallsPerSecond, Concurrent: p.MaxCalls,
			Dialer: webhook.NewDialer(webhook.Provider{Name: p.Name, Dialect: dialect}, c.HTTP.PublicURL, nil, log)})
	}
	return all, nil
}
