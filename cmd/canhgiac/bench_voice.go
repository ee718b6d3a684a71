package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/ivr"
	"canhgiac/ivr/callers"
	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

func newBenchVoiceCommand() *cobra.Command {
	o := callers.Options{}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "voice",
		Short: "Let made-up people ring the hotline, and hold it to what they heard",
		Long: "Slow, forgetful and wrong-keyed people ring the hotline and dial its USSD code, on lines that break off and tell things twice. " +
			"Each complains where a way has no end, somebody is hung up on, or a report that was begun is not kept as it was told; one complaint is a failure.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Calls < 1 || o.Lines < 1 || o.First < 0 {
				return fmt.Errorf("--calls %d --lines %d --person %d: want 1 or more calls and lines, and a person from 0", o.Calls, o.Lines, o.First)
			}
			r, err := benchVoice(cmd.Context(), o, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			} else {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d people, %d calls and %d USSD sessions of %d steps in %.0f s: %.0f steps a second\n"+
					"%d reports begun and kept: %d sent, %d cancelled, %d broken off; %d gone on with in a later conversation\n"+
					"%d steps told again, %d officers asked for, %d messages left, %d complaints\n",
					r.People, r.Calls, r.Sessions, r.Steps, r.Seconds, float64(r.Steps)/r.Seconds,
					r.Reports, r.Sent, r.Cancelled, r.Partial, r.WentOn, r.Repeated, r.Officers, r.Messages, len(r.Broken))
			}
			return errors.Join(err, r.Error(func(person int) string {
				return fmt.Sprintf("canhgiac bench voice --seed %d --person %d --calls 1 --lines 1", o.Seed, person)
			}))
		},
	}
	cmd.Flags().IntVar(&o.Calls, "calls", 10_000, "how many calls and USSD sessions, at least")
	cmd.Flags().IntVar(&o.Lines, "lines", 4, "how many people at once")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "of the people: the same seed lets the same people ring")
	cmd.Flags().IntVar(&o.First, "person", 0, "number of the first person")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func benchVoice(ctx context.Context, o callers.Options, progress io.Writer) (r callers.Result, err error) {
	rig, err := newRig(ctx, 1, progress)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, rig.close()) }()
	words, err := prompts.Load()
	if err != nil {
		return r, err
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		return r, err
	}
	o.DB = rig.db
	o.Hotline = func(now func() time.Time) (*ivr.Hotline, error) {
		return ivr.NewHotline(rig.db, now, words, residents.NewStore(rig.db, now), reports.NewStore(rig.db, now), noTexts{}, ivr.Options{
			Brand: "CATHANHKHEX", Hotline: "02363111222", Officer: []string{"101", "102"}, Length: sound.Length, Log: slog.New(slog.DiscardHandler),
		})
	}
	return callers.Run(ctx, o)
}

// noTexts sends nothing: no carrier is measured.
type noTexts struct{}

func (noTexts) SendText(context.Context, *sql.Tx, residents.Phone, string, string) error { return nil }
