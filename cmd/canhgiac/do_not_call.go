package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/residents"
)

// newDoNotCallCommand takes a dated edition of the national list, which 5656 keeps: no reminder goes to its numbers.
func newDoNotCallCommand(load func() (Config, error)) *cobra.Command {
	var l residents.DoNotCallList
	var dated, rejects string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "do-not-call FILE.csv --dated 2026-11-20",
		Short: "Put an edition of the national Do-Not-Call list in the place of the one before",
		Long: `Put an edition of the national Do-Not-Call list in the place of the one before. No reminder goes to its numbers; answers to
what a resident sent and urgent alerts still do.

The file is CSV or plain text in UTF-8, one row a number, the number first; a heading is passed over. Rows that begin with no
number are told, the rest is taken. An edition older than the one before is refused, and so is one that drops more than
half of the numbers, as a file does that was cut off: --shrink says that it is meant.`,
		Example: "  canhgiac do-not-call dnc.csv --dated 2026-11-20 --rejects rejects.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if l.Dated, err = time.Parse(time.DateOnly, dated); err != nil {
				return fmt.Errorf("--dated %q: want the day that the list tells of, as 2026-11-20", dated)
			}
			if l.Dated.After(time.Now()) {
				return fmt.Errorf("--dated %s: this day is yet to come", dated)
			}
			c, err := load()
			if err != nil {
				return err
			}
			file, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("do-not-call: %w", err)
			}
			defer file.Close()
			db, err := openMigrated(cmd.Context(), c)
			if err != nil {
				return err
			}
			defer db.Close()
			l.Name, l.By = filepath.Base(args[0]), "command"
			r, err := residents.NewStore(db, time.Now).ReplaceDoNotCall(cmd.Context(), file, l)
			if err != nil {
				return err
			}
			if rejects != "" {
				if err := writeRejects(rejects, r.Rejects); err != nil {
					return err
				}
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d numbers: %d added, %d removed; %d rows rejected\n", r.Numbers, r.Added, r.Removed, r.Rejected)
			return err
		},
	}
	cmd.Flags().StringVar(&dated, "dated", "", "the day that the list tells of")
	cmd.Flags().BoolVar(&l.Shrink, "shrink", false, "the list may drop more than half of the numbers")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the counts as JSON")
	cmd.Flags().StringVar(&rejects, "rejects", "", "write the rows that were not taken, with their numbers and reasons, to this CSV file")
	_ = cmd.MarkFlagRequired("dated") // the flag is there
	return cmd
}
