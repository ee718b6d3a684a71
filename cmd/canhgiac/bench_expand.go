package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/gateway"
	"canhgiac/residents"
	"canhgiac/schedules"
)

type expandResult struct {
	Rate    float64 `json:"rate"` // recipients a second
	Seconds float64 `json:"seconds"`
}

func newBenchExpandCommand() *cobra.Command {
	var messages int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "expand",
		Short: "Expand a campaign's run into messages, as a due schedule does",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkMessages(messages); err != nil {
				return err
			}
			r, err := benchExpand(cmd.Context(), messages, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d recipients in %.1f s: %.0f a second\n", messages, r.Seconds, r.Rate)
			return err
		},
	}
	cmd.Flags().IntVar(&messages, "messages", 1_000_000, "how many recipients")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func benchExpand(ctx context.Context, messages int, progress io.Writer) (r expandResult, err error) {
	rig, err := newRig(ctx, messages, progress)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, rig.close()) }()
	queue := gateway.NewStore(rig.db, time.Now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "simulator"}}})
	start := time.Now()
	n, err := rig.enqueue(ctx, queue, gateway.Run{ID: 1, Campaign: 1, Text: benchText, Hours: wholeDay,
		Audience: residents.Audience{Units: []int64{rig.ward}, Channel: "sms"}})
	if err != nil {
		return r, err
	}
	if n != messages {
		return r, fmt.Errorf("expanded %d of %d recipients", n, messages)
	}
	seconds := time.Since(start).Seconds()
	return expandResult{Rate: float64(n) / seconds, Seconds: seconds}, nil
}

// benchText is a reminder of one part.
const benchText = "CATHANHKHEX: KHONG SO HAI. Ai goi doa bat, doa phat, ba con binh tinh tat may, bao cong an."

// wholeDay: a bench does not wait for the morning.
var wholeDay = schedules.Hours{From: 0, To: 24 * 60}

// enqueue commits a run and gives how many messages it has.
func (r *rig) enqueue(ctx context.Context, queue *gateway.Store, run gateway.Run) (int, error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("enqueue: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	n, err := queue.EnqueueRun(ctx, tx, run)
	if err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("enqueue: %w", err)
	}
	return n, nil
}
