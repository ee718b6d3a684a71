package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/gateway"
)

// newPortedCommand takes a list of numbers that were ported, as the operators' clearing house gives it out. What it does
// not name stays as it is.
func newPortedCommand(load func() (Config, error)) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ported FILE.csv",
		Short: "Take a list of ported numbers, with the columns phone and carrier; all of it or, where a row is wrong, none",
		Long: `Take a list of ported numbers: all of it or, where a row is wrong, none.

The file is CSV in UTF-8, its first line "phone,carrier"; other columns are left. phone is a mobile number as people write
it, carrier the name of one under gateway.carriers. What the list does not name stays as it is.`,
		Example: "  canhgiac ported ported.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			file, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("ported: %w", err)
			}
			defer file.Close()
			db, err := openMigrated(cmd.Context(), c)
			if err != nil {
				return err
			}
			defer db.Close()
			store := gateway.NewStore(db, time.Now, routing(c))
			r, err := store.ImportPorted(cmd.Context(), file, gateway.PortedList{Name: filepath.Base(args[0]), By: "command"})
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d numbers: %d added, %d changed\n", r.Numbers, r.Added, r.Changed)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the counts as JSON")
	return cmd
}
