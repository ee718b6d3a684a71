package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// health is how one thing stands.
type health string

const (
	ok   health = "ok"
	warn health = "warn" // works, and somebody should see to it
	bad  health = "bad"
)

// diagnosis is one line of the doctor's.
type diagnosis struct {
	What   string `json:"what"`
	State  health `json:"state"`
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitempty"`
}

var errSick = errors.New("something is bad: see above")

func newDoctorCommand(load func() (Config, error)) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything that a node needs, and say what is wrong and what to do; exit 1 when something is bad",
		Long: `Look at everything that a node needs: the configuration, the database and its schema, its clock, disks, certificates, the
menu that answers and its sounds, providers and carriers, addresses. It changes nothing, and may run beside running nodes.
Each line is ok, warn (it works, see to it) or bad, with what to do. It exits 1 when a line is bad.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := doctor{now: time.Now}
			d.examine(cmd.Context(), load)
			if asJSON {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"healthy": !d.sick(), "checks": d.lines}); err != nil {
					return err
				}
			} else if err := printDiagnoses(cmd.OutOrStdout(), d.lines); err != nil {
				return err
			}
			if d.sick() {
				return errSick
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// doctor looks at one node's needs, one after the other. What hangs on something bad is left out.
type doctor struct {
	now   func() time.Time
	lines []diagnosis
}

func (d *doctor) say(what string, state health, remedy, says string, a ...any) {
	if state == ok {
		remedy = ""
	}
	d.lines = append(d.lines, diagnosis{what, state, fmt.Sprintf(says, a...), remedy})
}

func (d *doctor) sick() bool {
	for _, l := range d.lines {
		if l.State == bad {
			return true
		}
	}
	return false
}

func (d *doctor) examine(ctx context.Context, load func() (Config, error)) {
	c, err := load()
	if err != nil {
		d.say("config", bad, "write the key as config.yaml shows it", "%s", oneLine(err))
		return
	}
	d.say("config", ok, "", "read, and every key is known")
	running := d.database(ctx, c)
	d.addresses(c, running)
	d.providers(c)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func printDiagnoses(out io.Writer, all []diagnosis) error {
	for _, l := range all {
		if _, err := fmt.Fprintf(out, "%-4s  %s: %s\n", l.State, l.What, l.Says); err != nil {
			return err
		}
		if l.Remedy != "" {
			if _, err := fmt.Fprintf(out, "      -> %s\n", l.Remedy); err != nil {
				return err
			}
		}
	}
	return nil
}
