package main

import (
	"fmt"
	"log/slog"

	"canhgiac/gateway"
	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// gatewayCarriers is what the sender must know of each carrier.
func gatewayCarriers(c Config, log *slog.Logger) ([]gateway.Carrier, error) {
	var carriers []gateway.Carrier
	for _, r := range c.Gateway.Carriers {
		secure, err := r.tlsConfig()
		if err != nil {
			return nil, fmt.Errorf("carrier %s: %w", r.Name, err)
		}
		carriers = append(carriers, gateway.Carrier{
			Name: r.Name,
			Link: smpp.ClientConfig{
				Addr:            r.Addr,
				TLS:             secure,
				SystemID:        r.SystemID,
				Password:        r.Password,
				SystemType:      r.SystemType,
				Window:          r.Window,
				EnquireLink:     r.EnquireLink,
				ResponseTimeout: r.ResponseTimeout,
				Log:             log.With("part", "smpp", "carrier", r.Name),
			},
			Binds:             r.Binds,
			Separate:          r.Bind == "separate",
			Rate:              r.Rate,
			Source:            smpp.Address{TON: byte(r.Source.TON), NPI: byte(r.Source.NPI), Addr: r.Source.Addr},
			TextRules:         textRules(r),
			ReceiptID:         gateway.ReceiptID(r.ReceiptID),
			ReceiptDeadline:   r.ReceiptDeadline,
			QuerySM:           r.QuerySM,
			UnknownSubscriber: r.UnknownSubscriber,
			USSD:              ussdProfile(r),
		})
	}
	return carriers, nil
}

func textRules(r CarrierConfig) gateway.TextRules {
	return gateway.TextRules{Split: sms.Scheme(r.Split), GSM7Only: !r.Unicode, Forbidden: r.Forbidden, Cost: r.Cost}
}

// routing is what the queue must know to say which carrier a number leaves by.
func routing(c Config) gateway.StoreOptions {
	o := gateway.StoreOptions{FailoverAfter: c.Gateway.FailoverAfter}
	for _, r := range c.Gateway.Carriers {
		o.Routes = append(o.Routes, gateway.Route{Carrier: r.Name, Prefixes: r.Prefixes, Fallback: r.Fallback, TextRules: textRules(r)})
	}
	return o
}
