package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"canhgiac/gateway/simulator"
)

func newSimulatorCommand(load func() (Config, error)) *cobra.Command {
	var b simulator.Behaviour
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: "Play the carrier, the residents' phones and the voice provider on this machine",
		Long: `Play the carrier, the residents' phones and the voice provider on this machine.

The carrier listens for SMPP binds at simulator.smpp_addr; the phones are driven over HTTP at simulator.http_addr, which
the console's handset page uses. Calls go to http.public_url as signed requests of the first voice provider.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			o := simulatorOptions(c, newLog(c))
			o.Behaviour = b
			s, err := simulator.New(o)
			if err != nil {
				return err
			}
			go func() {
				select {
				case <-s.Ready():
					fmt.Fprintf(cmd.OutOrStdout(), "SMPP at %s, phones at http://%s\n", s.SMPPAddr(), s.HTTPAddr())
				case <-cmd.Context().Done():
				}
			}()
			return s.Run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.DurationVar(&b.Latency, "latency", 0, "from a message to its response")
	f.DurationVar(&b.ReceiptAfter, "receipt-after", 0, "from the response to the receipt")
	f.Float64Var(&b.Rate, "rate", 0, "parts a second taken from an account; above it ESME_RTHROTTLED; 0 takes any")
	f.Float64Var(&b.Undelivered, "undelivered", 0, "share of messages that never reach their phone, 0 to 1")
	f.Float64Var(&b.ReceiptLost, "receipts-lost", 0, "share of receipts never sent, 0 to 1")
	f.Float64Var(&b.ReceiptTwice, "receipts-twice", 0, "share of receipts sent twice, 0 to 1")
	f.Float64Var(&b.ReceiptFirst, "receipts-first", 0, "share of receipts sent before the response, 0 to 1")
	f.BoolVar(&b.ReceiptHex, "receipts-hex", false, "write the ids of receipts in hexadecimal")
	return cmd
}

// simulatorOptions plays the other side of c: its first TwiML provider, and its carrier's account. With several carriers
// the simulator is all of them, and takes any account.
func simulatorOptions(c Config, log *slog.Logger) simulator.Options {
	o := simulator.Options{SMPPAddr: c.Simulator.SMPPAddr, HTTPAddr: c.Simulator.HTTPAddr, Log: log}
	if len(c.Gateway.Carriers) == 1 {
		o.SystemID, o.Password = c.Gateway.Carriers[0].SystemID, c.Gateway.Carriers[0].Password
	}
	for _, p := range c.Voice.Providers {
		if p.Dialect == "twiml" {
			o.VoiceURL, o.VoiceProvider, o.VoiceAccount, o.VoiceSecret = c.HTTP.PublicURL, p.Name, p.Account, p.Secret
			break
		}
	}
	return o
}
