package console

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"canhgiac/gateway"
	"canhgiac/internal/jobs"
	"canhgiac/internal/nodes"
	"canhgiac/ivr"
	"canhgiac/migrations"
)

// systemDo is one condition that somebody has to see to: its sentence is system.do.<What>, its remedy system.fix.<What>.
type systemDo struct {
	What, Name string
	Path       string // where it is seen, "" for this page
	N          int64
	At         time.Time
	Now        bool // not soon
}

// systemConditions are all that the page knows; a test holds them to the catalogs.
var systemConditions = []string{"no_carrier", "link_down", "slowed", "in_doubt", "queue_late", "callback_late", "callback_limit", "line_refuses", "recording_address", "recording_refused", "recording_gone", "recording_large", "recording_type", "recording_unreached", "recording_untried", "schedule_late", "clock_off", "disk_low", "certificate", "backup_old", "backup_missing", "archive_failed", "schema_old", "node_old", "tally_late", "counts_late", "jobs_failed", "jobs_stuck", "menu_unusable", "errors"}

// callsToDo: a reminder may wait behind the limits for hours, who rang us may not. Calls back at their limit are many people
// in need, or somebody who invents numbers: either is to be looked at.
func (c *Console) callsToDo(s ivr.OutgoingStatus) (do []systemDo) {
	if !s.CallbackSince.IsZero() && c.Now().Sub(s.CallbackSince) > callbackLate {
		do = append(do, systemDo{What: "callback_late", At: s.CallbackSince, Now: true})
	}
	if b := s.Callbacks; b.Beyond > 0 {
		do = append(do, systemDo{What: "callback_limit", N: int64(b.Beyond), At: b.BeyondSince, Now: true})
	}
	for _, l := range s.Lines {
		if l.Refusals >= lineRefuses {
			do = append(do, systemDo{What: "line_refuses", Name: l.Provider, N: int64(l.Refusals), Now: true})
		}
	}
	return do
}

// recordingsToDo: what callers said is evidence, and providers keep it for a while only.
func (c *Console) recordingsToDo(ctx context.Context) (do []systemDo, err error) {
	if c.Calls == nil {
		return nil, nil
	}
	all, err := c.Calls.Unfetched(ctx)
	for _, u := range all {
		do = append(do, systemDo{What: "recording_" + cmp.Or(u.Why, "untried"), Name: u.Provider, N: int64(u.N), At: u.Since, Now: true})
	}
	return do, err
}

func (c *Console) carriersToDo(all []gateway.CarrierStatus) (do []systemDo) {
	if len(c.Carriers) == 0 {
		do = append(do, systemDo{What: "no_carrier", Now: true})
	}
	for _, one := range all {
		if one.Configured && !one.Up {
			d := systemDo{What: "link_down", Name: one.Carrier, Now: true}
			if one.Since != nil {
				d.At = *one.Since
			}
			do = append(do, d)
		}
		for _, since := range []*time.Time{one.Queue.RunsSince, one.Queue.SinglesSince} {
			if since != nil && c.Now().Sub(*since) > lateAfter && len(one.SentBy) == 0 {
				do = append(do, systemDo{What: "queue_late", Name: one.Carrier, N: int64(one.Queue.Runs + one.Queue.Singles), At: *since, Now: true})
				break
			}
		}
		if one.Rate.SlowedAt != nil {
			do = append(do, systemDo{What: "slowed", Name: one.Carrier, At: *one.Rate.SlowedAt})
		}
		if one.InDoubt >= inDoubtLimit {
			do = append(do, systemDo{What: "in_doubt", Name: one.Carrier, N: int64(one.InDoubt)})
		}
	}
	return do
}

// schemaToDo: a database that was put back from a backup may lack what this program needs, and a node that was not started
// again after another one brought the schema up may write what the others do not expect.
func schemaToDo(applied int64, all []nodes.Status) (do []systemDo) {
	if applied < migrations.Newest() {
		do = append(do, systemDo{What: "schema_old", Now: true})
	}
	for _, n := range all {
		if n.Lives() && n.State.Schema < applied {
			do = append(do, systemDo{What: "node_old", Name: n.Host, At: n.StartedAt, Now: true})
		}
	}
	return do
}

// countsToDo: pages show what was counted last, and nothing on them is wrong but old.
func (c *Console) countsToDo(ctx context.Context) (do []systemDo, err error) {
	before := c.Now().Add(-countsLate)
	switch at, err := c.Gateway.CountedAt(ctx); {
	case err != nil:
		return nil, err
	case !at.IsZero() && at.Before(before):
		do = append(do, systemDo{What: "tally_late", Path: "/statistics", At: at})
	}
	n, since, err := c.Campaigns.LateCounts(ctx, before)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		do = append(do, systemDo{What: "counts_late", N: n, At: since})
	}
	return do, nil
}

func jobsToDo(work jobs.Trouble) (do []systemDo) {
	if work.Stuck > 0 {
		do = append(do, systemDo{What: "jobs_stuck", Path: "/jobs", N: int64(work.Stuck), At: work.StuckSince, Now: true})
	}
	if work.Failed > 0 {
		d := systemDo{What: "jobs_failed", N: int64(work.Failed), At: work.FailedAt}
		if !strings.HasPrefix(string(work.LastKind), practiceKind) { // those are seen in the practice ward alone
			d.Path = fmt.Sprintf("/jobs/%d", work.LastFailed)
		}
		do = append(do, d)
	}
	return do
}

func (c *Console) nodesToDo(all []nodes.Status) (do []systemDo) {
	for _, n := range all {
		if !n.Lives() {
			continue
		}
		if n.ClockOff.Abs() > nodes.ClockLimit {
			do = append(do, systemDo{What: "clock_off", Name: n.Host, Now: true})
		}
		for _, disk := range n.State.Disks {
			if disk.Low() {
				do = append(do, systemDo{What: "disk_low", Name: n.Host + ": " + disk.Path, Now: true})
			}
		}
		for _, cert := range n.State.Certificates {
			if left := cert.NotAfter.Sub(c.Now()); left < nodes.CertificateSoon {
				do = append(do, systemDo{What: "certificate", Name: cert.Of + ": " + cert.Name, At: cert.NotAfter, Now: left < nodes.CertificateNow})
			}
		}
		switch at := n.State.BackupAt; {
		case n.State.BackupMark == "":
		case at == nil:
			do = append(do, systemDo{What: "backup_missing", Name: n.State.BackupMark, Now: true})
		case c.Now().Sub(*at) > backupAge:
			do = append(do, systemDo{What: "backup_old", At: *at, Now: true})
		}
	}
	return do
}
