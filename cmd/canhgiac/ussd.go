package main

import (
	"context"

	"canhgiac/gateway"
	"canhgiac/ivr"
)

// ussdOff is gateway.carriers[].ussd of a carrier that brings no USSD.
const ussdOff = "off"

// ussdProfile is a carrier's, as the gateway names it.
func ussdProfile(c CarrierConfig) string {
	if c.USSD == ussdOff {
		return ""
	}
	return c.USSD
}

// answerUSSD leads what carriers bring of USSD to the menu.
func answerUSSD(h *ivr.Hotline) gateway.USSDHandler {
	return func(ctx context.Context, in gateway.USSD) (gateway.USSDScreen, error) {
		d := ivr.Dialogue{Provider: in.Carrier, Session: in.Session, From: in.From, Code: in.Code}
		switch in.Kind {
		case gateway.USSDDropped:
			return gateway.USSDScreen{}, h.Dropped(ctx, d, in.Why)
		case gateway.USSDShown:
			return gateway.USSDScreen{}, h.Shown(ctx, d)
		case gateway.USSDDialled:
			s, err := h.Dialled(ctx, d, in.Step)
			return gateway.USSDScreen(s), err
		}
		s, err := h.Typed(ctx, d, in.Step, in.Text)
		return gateway.USSDScreen(s), err
	}
}
