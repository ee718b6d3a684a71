package main

import (
	"github.com/spf13/cobra"
)

func newMigrateCommand(load func() (Config, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to this program's",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			db, err := openMigrated(cmd.Context(), c)
			if err != nil {
				return err
			}
			return db.Close()
		},
	}
	return cmd
}
