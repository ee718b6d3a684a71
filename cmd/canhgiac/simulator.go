package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"canhgiac/gateway/simulator"
)

func newSimulatorCommand(load func() (Config, error)) *cobra.Command {
	var script string
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: "Play the carrier, the residents' phones and the voice provider on this machine",
		Long: `Play the carrier, the residents' phones and the voice provider on this machine.

The carrier listens for SMPP binds at simulator.smpp_addr; the phones are driven over HTTP at simulator.http_addr, which
the console's handset page uses. Calls go to http.public_url as signed requests of the first voice provider.

Where one carrier is configured it takes that one's system_id and password alone. With several, or none, it is all of
them, and takes any account.

Without a script the carrier takes every message at once and delivers it. A script makes it slow, forgetful, strict or
absent, from the start or for a time: docs/simulator.yaml shows all that it can say.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			o := simulatorOptions(c, newLog(c))
			if script != "" {
				if o.Script, err = simulator.ReadScript(script); err != nil {
					return err
				}
			}
			s, err := simulator.New(o)
			if err != nil {
				return err
			}
			go func() {
				select {
				case <-s.Ready():
					fmt.Fprintf(cmd.OutOrStdout(), "SMPP at %s, phones at http://%s, seed %d\n", s.SMPPAddr(), s.HTTPAddr(), s.Seed())
				case <-cmd.Context().Done():
				}
			}()
			return s.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&script, "script", "", "a YAML file that says how the carrier behaves, and when")
	return cmd
}

// simulatorOptions plays the other side of c: its first TwiML provider and its first Stringee, and its carrier's account. With several carriers
// the simulator is all of them, and takes any account.
func simulatorOptions(c Config, log *slog.Logger) simulator.Options {
	o := simulator.Options{SMPPAddr: c.Simulator.SMPPAddr, HTTPAddr: c.Simulator.HTTPAddr, Log: log}
	if len(c.Gateway.Carriers) == 1 {
		o.SystemID, o.Password = c.Gateway.Carriers[0].SystemID, c.Gateway.Carriers[0].Password
	}
	for _, p := range c.Voice.Providers {
		switch {
		case p.Dialect == dialectTwiML && o.VoiceProvider == "":
			o.VoiceURL, o.VoiceProvider, o.VoiceAccount, o.VoiceSecret = c.HTTP.PublicURL, p.Name, p.Account, p.Secret
		case p.Dialect == dialectStringee && o.Stringee.Provider == "":
			o.VoiceURL, o.Stringee = c.HTTP.PublicURL, simulator.Stringee{Provider: p.Name, SigningKey: p.Secret}
		}
	}
	return o
}
