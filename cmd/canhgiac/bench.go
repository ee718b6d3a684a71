package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/gateway"
	"canhgiac/gateway/simulator"
	"canhgiac/gateway/smpp"
	"canhgiac/internal/postgres"
	"canhgiac/migrations"
	"canhgiac/residents"
	"canhgiac/schedules"
)

func newBenchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine, on a private database that is thrown away",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBenchGatewayCommand())
	return cmd
}

// gatewayResult is counted at the simulator's end where it can be: lost and doubled are what residents would feel.
type gatewayResult struct {
	Rate      float64 `json:"rate"` // messages a second, from the enqueuing to the last receipt
	Delivered int     `json:"delivered"`
	Lost      int     `json:"lost"`    // never reached the simulator
	Doubled   int64   `json:"doubled"` // reached it more than once
	InDoubt   int     `json:"in_doubt"`
	Seconds   float64 `json:"seconds"`
}

func newBenchGatewayCommand() *cobra.Command {
	var messages int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Send a run to the simulator and back: enqueue, submit, response, receipt, delivered",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if messages < 1 || messages > 99_999_999 {
				return fmt.Errorf("--messages %d: want 1 to 99999999", messages)
			}
			r, err := benchGateway(cmd.Context(), messages, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d delivered in %.1f s: %.0f a second; %d lost, %d doubled, %d in doubt\n",
				r.Delivered, r.Seconds, r.Rate, r.Lost, r.Doubled, r.InDoubt)
			return err
		},
	}
	cmd.Flags().IntVar(&messages, "messages", 100_000, "how many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// benchGateway works on a database of its own, with fsync on as a real one.
func benchGateway(ctx context.Context, messages int, progress io.Writer) (r gatewayResult, err error) {
	dir, err := os.MkdirTemp("", "canhgiac-bench")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, err := postgres.Start(ctx, postgres.Options{Dir: dir})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, server.Stop(), postgres.Remove(dir)) }()
	db, err := sql.Open("postgres", server.URL())
	if err != nil {
		return r, err
	}
	defer db.Close()
	if err := migrations.Up(ctx, db); err != nil {
		return r, err
	}
	fmt.Fprintf(progress, "settling %d residents\n", messages)
	ward, err := settle(ctx, db, messages)
	if err != nil {
		return r, err
	}

	quiet := slog.New(slog.DiscardHandler)
	sim, err := simulator.New(simulator.Options{SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Log: quiet})
	if err != nil {
		return r, err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ends := make(chan error, 2)
	go func() { ends <- sim.Run(running) }()
	select {
	case <-sim.Ready():
	case err := <-ends:
		return r, err
	}
	queue := gateway.NewStore(db, time.Now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "simulator"}}})
	sender, err := gateway.NewSender(queue, []gateway.Carrier{{
		Name: "simulator", Link: smpp.ClientConfig{Addr: sim.SMPPAddr(), SystemID: "bench", Window: 500, Log: quiet},
		Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"},
	}}, nil, nil, gateway.SenderOptions{Log: quiet})
	if err != nil {
		return r, err
	}
	go func() { ends <- sender.Run(running) }()

	fmt.Fprintf(progress, "sending\n")
	start := time.Now()
	p, err := sendRun(ctx, db, queue, gateway.Run{ID: 1, Campaign: 1, Text: "CATHANHKHEX: KHONG SO HAI. Ai goi doa bat, doa phat, ba con binh tinh tat may, bao cong an.",
		Hours: schedules.Hours{From: 0, To: 24 * 60}, Audience: residents.Audience{Units: []int64{ward}, Channel: "sms"}})
	if err != nil {
		return r, err
	}
	seconds := time.Since(start).Seconds()
	counts := sim.Accepted()
	stop()
	err = errors.Join(<-ends, <-ends)
	return gatewayResult{
		Rate: float64(p.Delivered) / seconds, Delivered: p.Delivered, Lost: messages - int(counts.Distinct),
		Doubled: counts.Doubled, InDoubt: p.Unknown, Seconds: seconds,
	}, err
}

// settleSQL peoples a database that nobody else uses; a real one gets its residents from an import.
const settleSQL = `
with w as (insert into units (kind, name, fold, valid_from) values ('ward', 'Thanh Khê', 'thanh khe', '2025-07-01') returning id),
r as (insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
	select '+849' || lpad(i::text, 8, '0'), 'mobile', '', '', w.id, now(), now(), now() from w, generate_series(1, $1::int) i)
select id from w`

func settle(ctx context.Context, db *sql.DB, n int) (ward int64, err error) {
	if err := db.QueryRowContext(ctx, settleSQL, n).Scan(&ward); err != nil {
		return 0, fmt.Errorf("settle %d residents: %w", n, err)
	}
	if _, err := db.ExecContext(ctx, `analyze residents`); err != nil {
		return 0, fmt.Errorf("settle %d residents: %w", n, err)
	}
	return ward, nil
}

// sendRun enqueues run and waits until each of its messages has ended.
func sendRun(ctx context.Context, db *sql.DB, queue *gateway.Store, run gateway.Run) (p gateway.Progress, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return p, fmt.Errorf("enqueue: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := queue.EnqueueRun(ctx, tx, run); err != nil {
		return p, err
	}
	if err := tx.Commit(); err != nil {
		return p, fmt.Errorf("enqueue: %w", err)
	}
	every := time.NewTicker(200 * time.Millisecond)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return p, ctx.Err()
		}
		if p, err = queue.Progress(ctx, []int64{run.ID}); err != nil {
			return p, err
		}
		if p.Queued+p.Submitting+p.Accepted == 0 {
			return p, nil
		}
	}
}
