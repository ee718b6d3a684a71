package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/ivr/sip"
)

func newServeCommand(load func() (Config, error)) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run a node: sender, hotline, pages and API; as many as you like on one database",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			ctx, log := cmd.Context(), newLog(c)
			sip.Quiet(log)
			db, err := openMigrated(ctx, c)
			if err != nil {
				return err
			}
			n, err := newNode(c, db, log, time.Now)
			if err != nil {
				return errors.Join(err, db.Close())
			}
			if err := n.listen(ctx); err != nil {
				return errors.Join(err, db.Close())
			}
			warnOfPromise(c, log)
			log.Info("serving", "http", n.public.Addr().String(), "admin", n.admin.Addr().String(), "carriers", len(c.Gateway.Carriers))
			return errors.Join(runParts(ctx, log, n.parts()), db.Close())
		},
	}
}
