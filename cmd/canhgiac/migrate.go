package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newMigrateCommand(load func() (Config, error)) *cobra.Command {
	var sample bool
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
			if sample {
				err = migrateSample(cmd.Context(), c, db, cmd.OutOrStdout())
			}
			return errors.Join(err, db.Close())
		},
	}
	cmd.Flags().BoolVar(&sample, "sample", false, "also load the sample ward Thanh Khê: units, users, the reminders as a draft; never over existing data")
	return cmd
}

// migrateSample gives each sample user a password of its own and says it once; nothing keeps it but its hash.
func migrateSample(ctx context.Context, c Config, db *sql.DB, out io.Writer) error {
	n, err := newNode(c, db, newLog(c), time.Now)
	if err != nil {
		return err
	}
	passwords := map[string]string{}
	for _, u := range sampleUsers() {
		passwords[u.Name] = newPassword()
	}
	added, err := n.loadSampleWard(ctx, passwords)
	if err != nil {
		return err
	}
	for _, u := range added {
		fmt.Fprintf(out, "%-9s %-9s %s   %s\n", u.Role, u.Name, passwords[u.Name], u.Note)
	}
	return n.draftReminders(ctx)
}

func newPassword() string { return strings.ToLower(rand.Text()[:16]) }
