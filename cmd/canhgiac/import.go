package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"canhgiac/residents"
)

// newImportCommand takes a ward's list into the database. What it prints on standard output is counts alone: rows with
// names and numbers go to the rejects file.
func newImportCommand(load func() (Config, error)) *cobra.Command {
	var o residents.ImportOptions
	var asJSON bool
	var rejects string
	cmd := &cobra.Command{
		Use:   "import FILE.csv|.xlsx",
		Short: "Take a list of residents, row by row; bad rows are counted and written to the rejects file",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			file, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("import: %w", err)
			}
			defer file.Close()
			db, err := openMigrated(cmd.Context(), c)
			if err != nil {
				return err
			}
			defer db.Close()
			o.FileName, o.By, o.Role = filepath.Base(args[0]), "command", "operator"
			result, err := importWithBar(cmd.Context(), residents.NewImporter(db, time.Now), file, o, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if rejects != "" {
				if err := writeRejects(rejects, result.Rejects); err != nil {
					return err
				}
			}
			return printResult(cmd.OutOrStdout(), result, asJSON)
		},
	}
	cmd.Flags().StringVar(&o.Ward, "unit", "", "the ward that the list's groups belong to (default: the ward of this installation)")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "count only, change nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the counts as JSON")
	cmd.Flags().StringVar(&rejects, "rejects", "", "write the rows that were not taken, with their numbers and reasons, to this CSV file")
	return cmd
}

// importWithBar shows a bar where somebody watches: not in a log, not in a pipe.
func importWithBar(ctx context.Context, i *residents.Importer, list io.Reader, o residents.ImportOptions, screen io.Writer) (residents.Result, error) {
	if f, ok := screen.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		var bar *progressbar.ProgressBar
		o.Progress = func(done, total int) {
			if bar == nil {
				bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(o.FileName),
					progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(50*time.Millisecond))
			}
			_ = bar.Set(done) // a bar that cannot be drawn is no reason to stop
		}
	}
	return i.Import(ctx, list, o)
}

// writeRejects makes the file for its owner alone: it holds people's names and numbers.
func writeRejects(name string, r residents.Rejects) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("rejects: %w", err)
	}
	return errors.Join(r.WriteCSV(f), f.Close())
}

func printResult(w io.Writer, r residents.Result, asJSON bool) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if asJSON {
		_, err = fmt.Fprintf(w, "%s\n", text)
		return err
	}
	var counts map[string]any // the same keys, one a line
	if err := json.Unmarshal(text, &counts); err != nil {
		return err
	}
	rejected, _ := counts["rejected"].(map[string]any)
	delete(counts, "rejected")
	for key, n := range rejected {
		counts["rejected."+key] = n
	}
	var keys []string
	for key := range counts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if _, err := fmt.Fprintf(w, "%-32s %7.0f\n", key, counts[key]); err != nil {
			return err
		}
	}
	return nil
}
