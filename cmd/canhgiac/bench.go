package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lib/pq"
	"github.com/spf13/cobra"

	"canhgiac/internal/postgres"
	"canhgiac/migrations"
)

func newBenchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine, on a private database that is thrown away",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBenchGatewayCommand(), newBenchExpandCommand(), newBenchPagesCommand(), newBenchVoiceCommand())
	return cmd
}

// checkMessages bounds what a bench is asked for: a phone number of the bench has eight digits of its own.
func checkMessages(n int) error {
	if n < 1 || n > 99_999_999 {
		return fmt.Errorf("--messages %d: want 1 to 99999999", n)
	}
	return nil
}

// groupSize is how many residents the bench settles in a group (tổ dân phố): more than a real one has, so that a run for a
// group is worth measuring.
const groupSize = 1000

// rig is a peopled database of the bench's own, with fsync and synchronous_commit on as a real one.
type rig struct {
	server *postgres.Server
	dir    string
	kept   bool // the folder outlives the bench
	db     *sql.DB
	people
}

// people are where the bench's residents live.
type people struct {
	ward   int64
	groups []int64 // of groupSize residents, the last of what is left
}

func newRig(ctx context.Context, residents int, progress io.Writer) (_ *rig, err error) {
	r, err := newServerRig(ctx, "")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.db, err = sql.Open("postgres", r.server.URL()); err != nil {
		return nil, err
	}
	if err = migrations.Up(ctx, r.db); err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "settling %d residents\n", residents)
	r.people, err = settle(ctx, r.db, residents)
	return r, err
}

// newServerRig is a server without a schema or people yet, in a folder that is kept, or in one of its own where dir is "".
func newServerRig(ctx context.Context, dir string) (_ *rig, err error) {
	r := &rig{dir: dir, kept: dir != ""}
	if !r.kept {
		if r.dir, err = os.MkdirTemp("", "canhgiac-bench"); err != nil {
			return nil, err
		}
	}
	if r.server, err = postgres.Start(ctx, postgres.Options{Dir: r.dir}); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *rig) close() error {
	var errs []error
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	if r.server != nil {
		errs = append(errs, r.server.Stop())
	}
	if r.kept {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, postgres.Remove(r.dir), os.RemoveAll(r.dir))...)
}

const settleWardSQL = `insert into units (kind, name, fold, valid_from) values ('ward', 'Thanh Khê', 'thanh khe', '2025-07-01') returning id`

const settleGroupsSQL = `
insert into units (kind, parent_id, name, fold, valid_from)
select 'group', $1, 'Tổ ' || i, 'to ' || i, '2025-07-01' from generate_series(1, $2::int) i returning id`

const settleResidentsSQL = `
insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
select '+849' || lpad(i::text, 8, '0'), 'mobile', '', '', ($1::bigint[])[i / $3 + 1], now(), now(), now()
from generate_series(0, $2::int - 1) i`

// settle peoples a database that nobody else uses; a real one gets its residents from an import. The checkpoint keeps the
// writing out of what is measured.
func settle(ctx context.Context, db *sql.DB, n int) (p people, err error) {
	if err := db.QueryRowContext(ctx, settleWardSQL).Scan(&p.ward); err != nil {
		return p, fmt.Errorf("settle a ward: %w", err)
	}
	rows, err := db.QueryContext(ctx, settleGroupsSQL, p.ward, (n+groupSize-1)/groupSize)
	if err != nil {
		return p, fmt.Errorf("settle groups: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return p, fmt.Errorf("settle groups: %w", err)
		}
		p.groups = append(p.groups, id)
	}
	if err := rows.Err(); err != nil {
		return p, fmt.Errorf("settle groups: %w", err)
	}
	if _, err := db.ExecContext(ctx, settleResidentsSQL, pq.Array(p.groups), n, groupSize); err != nil {
		return p, fmt.Errorf("settle %d residents: %w", n, err)
	}
	for _, q := range []string{`vacuum analyze residents`, `checkpoint`} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return p, fmt.Errorf("settle %d residents: %w", n, err)
		}
	}
	return p, nil
}
