package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/gateway"
	"canhgiac/schedules"
)

// newCarriersCommand is what an operator asks first when something stands still.
func newCarriersCommand(load func() (Config, error)) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "carriers",
		Short: "Show how each carrier stands: links, rate, queue, receipts; from the database, beside running nodes",
		Long: `Show how each carrier stands, by what the running nodes have told the database. It changes nothing.

LINK is up where one node at least can send, with how many of them can. SENT BY is who sends what waits in the carrier's
queue: itself, others that take the same numbers, or one that stands in while its link is down. RATE is parts a second that
it is held to now, below the configured one while it has asked for less. RECEIPTS is how they write ids, see receipt_id.
RUNS and SINGLES are messages that may go out now and have not, OLDEST since when; those of LATER wait for their hour or next
try, or their run is paused. DOUBT and UNMATCHED go back 30 days: messages of which nobody knows whether they arrived, and
receipts that no message answers to, of which the newest are shown.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			db, err := openMigrated(cmd.Context(), c)
			if err != nil {
				return err
			}
			defer db.Close()
			var asked []gateway.Carrier
			for _, r := range c.Gateway.Carriers {
				asked = append(asked, gateway.Carrier{Name: r.Name, Rate: r.Rate, ReceiptID: gateway.ReceiptID(r.ReceiptID)})
			}
			all, err := gateway.NewStore(db, time.Now, routing(c)).Carriers(cmd.Context(), asked)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string][]gateway.CarrierStatus{"carriers": all})
			}
			return printCarriers(cmd.OutOrStdout(), all)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// printCarriers writes a line for each carrier, then one for each link, then the newest receipts of no message.
func printCarriers(out io.Writer, all []gateway.CarrierStatus) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "no carrier is configured")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CARRIER\tLINK\tSENT BY\tRATE\tRECEIPTS\tRUNS\tSINGLES\tOLDEST\tLATER\tDOUBT\tUNMATCHED")
	links, slowed, receipts := 0, 0, 0
	for _, c := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\t%d\t%d\n", c.Carrier, linkWords(c), sentByWords(c), rateWords(c.Rate), receiptsWords(c.Receipts),
			c.Queue.Runs, c.Queue.Singles, oldestWords(c.Queue), c.Queue.Later, c.InDoubt, c.Receipts.Unmatched)
		links, receipts = links+len(c.Links), receipts+len(c.Receipts.Newest)
		if c.Rate.SlowedAt != nil {
			slowed++
		}
	}
	if slowed > 0 {
		fmt.Fprintln(w, "\nCARRIER\tASKED FOR LESS")
	}
	for _, c := range all {
		if c.Rate.SlowedAt != nil {
			fmt.Fprintf(w, "%s\t%s\n", c.Carrier, clockTime(*c.Rate.SlowedAt))
		}
	}
	if links > 0 {
		fmt.Fprintln(w, "\nCARRIER\tNODE\tLINK\tSINCE")
	}
	for _, c := range all {
		for _, l := range c.Links {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", c.Carrier, l.Node, map[bool]string{true: "up", false: "down"}[l.Up], clockTime(l.Since))
		}
	}
	if receipts > 0 {
		fmt.Fprintln(w, "\nCARRIER\tUNMATCHED\tNUMBER\tSTATE\tERROR\tCAME")
	}
	for _, c := range all {
		for _, r := range c.Receipts.Newest { // an id is the carrier's own words, and may hold anything
			fmt.Fprintf(w, "%s\t%q\t%s\t%s\t%s\t%s\n", c.Carrier, r.CarrierMessageID, r.Phone, r.State, plain(r.Error), clockTime(r.ReceivedAt))
		}
	}
	return w.Flush()
}

func linkWords(c gateway.CarrierStatus) string {
	up := 0
	for _, l := range c.Links {
		if l.Up {
			up++
		}
	}
	switch {
	case !c.Configured:
		return "not configured"
	case c.Since == nil:
		return "no node has it"
	case !c.Up:
		return fmt.Sprintf("down, %d of %d", len(c.Links)-up, len(c.Links))
	}
	return fmt.Sprintf("up, %d of %d", up, len(c.Links))
}

func sentByWords(c gateway.CarrierStatus) string {
	var names []string
	for _, by := range c.SentBy {
		name := by.Carrier
		if name != c.Carrier {
			name += " (" + by.As.String() + ")"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

func rateWords(r gateway.RateStatus) string {
	words := parts(r.Now)
	if r.SlowedAt != nil {
		words += " of " + parts(r.Configured)
	}
	return words
}

func parts(rate float64) string {
	if rate == 0 {
		return "no limit"
	}
	return strconv.FormatFloat(math.Round(10*rate)/10, 'f', -1, 64) + "/s"
}

func receiptsWords(r gateway.ReceiptsStatus) string {
	switch {
	case r.LearnedAt != nil:
		return string(r.Form) + ", learned"
	case r.Form == gateway.ReceiptAuto:
		return "not learned yet"
	}
	return string(r.Form)
}

// oldestWords is since when the first of what waits may go out.
func oldestWords(q gateway.Waiting) string {
	oldest := q.RunsSince
	if s := q.SinglesSince; oldest == nil || s != nil && s.Before(*oldest) {
		oldest = s
	}
	if oldest == nil {
		return "-"
	}
	return clockTime(*oldest)
}

// plain is s as a terminal may show it.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// clockTime is t as the ward reads the clock.
func clockTime(t time.Time) string { return t.In(schedules.Zone()).Format("2006-01-02 15:04:05") }
