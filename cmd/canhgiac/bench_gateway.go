package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"canhgiac/gateway"
	"canhgiac/residents"
)

// gatewayOptions are one bench of the whole way: enqueue, submit, response, receipt, delivered.
type gatewayOptions struct {
	messages  int
	arrive    float64 // messages a second, in runs of one group; 0: one run of all
	perWeek   int     // the run's cap, which the claim asks for each number; 0: none
	transport string
	receipts  time.Duration // from the response to its receipt; 0: on its heels
}

// gatewayResult is counted at the simulator's end where it can be: lost and doubled are what residents would feel.
type gatewayResult struct {
	Rate      float64 `json:"rate"` // messages a second, from the enqueuing to the last receipt
	Delivered int     `json:"delivered"`
	Lost      int     `json:"lost"`    // never reached the simulator
	Doubled   int     `json:"doubled"` // reached it more than once
	InDoubt   int     `json:"in_doubt"`
	Seconds   float64 `json:"seconds"`

	// From the commit of the enqueuing to the wire, in seconds. What is enqueued all at once waits for its turn, so that it
	// says how fast the queue is only where the messages arrive in time (--arrive).
	QueueP50 float64 `json:"queue_to_submit_p50"`
	QueueP99 float64 `json:"queue_to_submit_p99"`
	ReplyP99 float64 `json:"reply_to_submit_p99"` // replies to residents that come in between

	CPU         float64 `json:"cpu_us"`          // microseconds of processor a message: this process, the simulator within it
	PostgresCPU float64 `json:"postgres_cpu_us"` // and PostgreSQL
	WAL         float64 `json:"wal_bytes"`       // a message
	Commits     float64 `json:"commits_per_100"` // transactions for a hundred messages
}

func newBenchGatewayCommand() *cobra.Command {
	var o gatewayOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Send a run to the simulator and back: enqueue, submit, response, receipt, delivered",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkMessages(o.messages); err != nil {
				return err
			}
			if o.receipts < 0 || o.receipts > patience/2 || o.receipts > 0 && o.transport == "noop" {
				return fmt.Errorf("--receipts-after %s: want 0s to %s, and the transport smpp", o.receipts, patience/2)
			}
			if o.arrive < 0 {
				return fmt.Errorf("--arrive %v: want a rate, or 0 for all at once", o.arrive)
			}
			r, err := benchGateway(cmd.Context(), o, cmd.ErrOrStderr())
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
	f := cmd.Flags()
	f.IntVar(&o.messages, "messages", 100_000, "how many")
	f.Float64Var(&o.arrive, "arrive", 0, "enqueue them at this rate a second, in runs of 1000; 0: one run of all at once")
	f.IntVar(&o.perWeek, "per-week", 2, "the cap that is asked for each number; 0: none")
	f.StringVar(&o.transport, "transport", "smpp", "smpp: to the simulator over loopback; noop: straight back, for comparison")
	f.DurationVar(&o.receipts, "receipts-after", 0, "how long each receipt comes after its response; at once, it is stored together with it")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// far is the other end, which counts what reached it.
type far interface {
	run(context.Context) error
	carrier(context.Context) (gateway.Carrier, error) // once it can be reached
	counts() farCounts
}

type farCounts struct{ distinct, doubled, receipts int }

// probeEvery is how often a reply is queued among the run's messages.
const probeEvery = 50 * time.Millisecond

func benchGateway(ctx context.Context, o gatewayOptions, progress io.Writer) (r gatewayResult, err error) {
	rig, err := newRig(ctx, o.messages, progress)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, rig.close()) }()
	quiet := slog.New(slog.DiscardHandler)
	other, err := newFar(o, quiet)
	if err != nil {
		return r, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ends, running := errgroup.WithContext(ctx)
	ends.Go(func() error { return other.run(running) })
	carrier, err := other.carrier(running)
	if err != nil {
		return r, errors.Join(err, stopAll(stop, ends))
	}
	queue := gateway.NewStore(rig.db, time.Now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: carrier.Name}}})
	sender, err := gateway.NewSender(queue, []gateway.Carrier{carrier}, nil, nil, gateway.SenderOptions{Log: quiet})
	if err != nil {
		return r, errors.Join(err, stopAll(stop, ends))
	}
	ends.Go(func() error { return sender.Run(running) })

	fmt.Fprintf(progress, "sending\n")
	before, err := measureCost(running, rig.db)
	if err != nil {
		return r, errors.Join(err, stopAll(stop, ends))
	}
	start := time.Now()
	replies, err := rig.send(running, queue, o, other)
	seconds := time.Since(start).Seconds()
	if err != nil {
		return r, errors.Join(err, stopAll(stop, ends))
	}
	after, err := measureCost(running, rig.db)
	if err != nil {
		return r, errors.Join(err, stopAll(stop, ends))
	}
	if err := stopAll(stop, ends); err != nil {
		return r, err
	}
	counts, cost, n := other.counts(), after.since(before), float64(o.messages)
	r = gatewayResult{
		Seconds: seconds, Rate: n / seconds, Lost: o.messages + replies - counts.distinct, Doubled: counts.doubled,
		CPU: cost.here.Seconds() * 1e6 / n, PostgresCPU: cost.postgres.Seconds() * 1e6 / n,
		WAL: float64(cost.wal) / n, Commits: float64(cost.commits) * 100 / n,
	}
	return r, rig.read(context.WithoutCancel(ctx), &r)
}

func stopAll(stop func(), ends *errgroup.Group) error {
	stop()
	return ends.Wait()
}

// send enqueues everything, with replies in between, and waits for the last receipt.
func (r *rig) send(ctx context.Context, queue *gateway.Store, o gatewayOptions, other far) (replies int, err error) {
	all, probing := errgroup.WithContext(ctx)
	probing, stopProbes := context.WithCancel(probing)
	all.Go(func() (err error) {
		replies, err = r.probe(probing, queue)
		return err
	})
	all.Go(func() error {
		defer stopProbes()
		if err := r.enqueueAll(ctx, queue, o); err != nil {
			return err
		}
		return awaitReceipts(ctx, o.messages, other)
	})
	if err := all.Wait(); err != nil {
		return 0, err
	}
	return replies, awaitReceipts(ctx, o.messages+replies, other)
}

func (r *rig) enqueueAll(ctx context.Context, queue *gateway.Store, o gatewayOptions) error {
	run := gateway.Run{ID: 1, Campaign: 1, Text: benchText, Hours: wholeDay, Caps: gateway.Caps{PerWeek: o.perWeek},
		SendBy: time.Now().Add(24 * time.Hour), Audience: residents.Audience{Units: []int64{r.ward}, Channel: "sms"}}
	if o.arrive == 0 {
		_, err := r.enqueue(ctx, queue, run)
		return err
	}
	start := time.Now()
	for i, group := range r.groups {
		due := start.Add(time.Duration(float64(i*groupSize) / o.arrive * float64(time.Second)))
		if !waitUntil(ctx, due) {
			return ctx.Err()
		}
		run.ID, run.Audience.Units = int64(i+1), []int64{group}
		if _, err := r.enqueue(ctx, queue, run); err != nil {
			return err
		}
	}
	return nil
}

func waitUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// probe queues a reply now and then until ctx ends: how long these take is what a resident who wrote would feel.
func (r *rig) probe(ctx context.Context, queue *gateway.Store) (n int, err error) {
	whole := context.WithoutCancel(ctx)
	for waitUntil(ctx, time.Now().Add(probeEvery)) {
		tx, err := r.db.BeginTx(whole, nil)
		if err != nil {
			return n, fmt.Errorf("queue a reply: %w", err)
		}
		_, err = queue.Send(whole, tx, gateway.Single{To: residents.Phone(fmt.Sprintf("+843%08d", n)), Text: "Da nhan tin bao.", Purpose: gateway.Reply})
		if err != nil {
			return n, errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return n, fmt.Errorf("queue a reply: %w", err)
		}
		n++
	}
	return n, nil
}

// patience is how long no receipt may come before the bench gives up waiting and tells what it has.
const patience = 20 * time.Second

func awaitReceipts(ctx context.Context, n int, other far) error {
	last, since := -1, time.Now()
	for {
		got := other.counts().receipts
		if got >= n || got == last && time.Since(since) > patience {
			return nil
		}
		if got != last {
			last, since = got, time.Now()
		}
		if !waitUntil(ctx, time.Now().Add(20*time.Millisecond)) {
			return ctx.Err()
		}
	}
}

const benchStatesSQL = `
select count(*) filter (where state = 'delivered'), count(*) filter (where state = 'unknown') from sent where message_id >= 1::bigint << 32`

const benchQueueSQL = `
select coalesce(percentile_cont(0.5) within group (order by lag), 0), coalesce(percentile_cont(0.99) within group (order by lag), 0)
from (select extract(epoch from s.submitted_at - o.queued_at) as lag
      from run_orders o join sent s on s.message_id >= o.run_id << 32 and s.message_id < (o.run_id + 1) << 32) l`

const benchRepliesSQL = `
select coalesce(percentile_cont(0.99) within group (order by extract(epoch from s.submitted_at - g.queued_at)), 0)
from singles g join sent s on s.message_id = g.message_id`

// read fills in what the database knows.
func (r *rig) read(ctx context.Context, result *gatewayResult) error {
	if err := r.db.QueryRowContext(ctx, benchStatesSQL).Scan(&result.Delivered, &result.InDoubt); err != nil {
		return fmt.Errorf("count the outcomes: %w", err)
	}
	if err := r.db.QueryRowContext(ctx, benchQueueSQL).Scan(&result.QueueP50, &result.QueueP99); err != nil {
		return fmt.Errorf("read the times in the queue: %w", err)
	}
	if err := r.db.QueryRowContext(ctx, benchRepliesSQL).Scan(&result.ReplyP99); err != nil {
		return fmt.Errorf("read the times of replies: %w", err)
	}
	return nil
}
