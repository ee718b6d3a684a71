package main

import (
	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
)

// voiceProviders are those that bring calls to our webhooks, each with its dialect.
func voiceProviders(c VoiceConfig) []webhook.Provider {
	all := make([]webhook.Provider, 0, len(c.Providers))
	for _, p := range c.Providers {
		all = append(all, webhook.Provider{Name: p.Name, Dialect: twiml.New(twiml.Account{SID: p.Account, Token: p.Secret})})
	}
	return all
}
