package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/gateway"
	"canhgiac/residents"
)

// newRouteCommand is a dry run: it sends nothing.
func newRouteCommand(load func() (Config, error)) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "route NUMBER",
		Short: "Say which carrier a message to a number would leave by now, and why; nothing is sent",
		Long: `Say which carrier a message to a number would leave by now, and why; nothing is sent.

It asks, in this order, which carrier takes the number's prefix, whether the number is known to be ported, which carriers
said that they do not know it, and whose links are up on any node. Whether the number may be messaged at all (opt-out,
consent, do-not-call, hours, caps) is asked when a message leaves, not here.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := residents.ParsePhone(args[0])
			if err != nil || p.Kind != residents.Mobile {
				return fmt.Errorf("route %q: want a mobile number of Vietnam, like 0901234567", args[0])
			}
			c, err := load()
			if err != nil {
				return err
			}
			db, err := openMigrated(cmd.Context(), c)
			if err != nil {
				return err
			}
			defer db.Close()
			e, err := gateway.NewStore(db, time.Now, routing(c)).Explain(cmd.Context(), p.Phone)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(e)
			}
			for _, why := range e.Why {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), why); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
