package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/gateway"
	"canhgiac/internal/nodes"
	"canhgiac/ivr"
	"canhgiac/migrations"
)

// When the operator is told. A link, a queue or a schedule that is late by less mends itself.
const (
	lateAfter    = 5 * time.Minute
	callbackLate = 2 * time.Minute // who rang was promised one
	lineRefuses  = 3               // refusals in a row
	countsLate   = time.Hour       // a count rests for many times what it took
	backupAge    = 26 * time.Hour
	errorsBack   = 24 * time.Hour
	loggedShown  = 30
	inDoubtLimit = 100
)

// systemPages are the operator's: how the whole stands, and what to do about what does not.
func (c *Console) systemPages(r *mux.Router) {
	operator := []Role{Operator}
	c.page(r, "GET", "/system", operator, c.system)
	c.page(r, "GET", "/system/receipts", operator, c.systemReceipts)
	c.addNav("/system", "nav.system", Operator)
	c.addWay("/system", "nav.system", "home.system", nil, Operator)
	c.live.Topic(systemTopic, operator, seldom(c.Now, systemEach, c.systemRevision))
	c.addSection(section{name: "system_do", live: systemTopic, order: homeNow, roles: operator, load: func(r *http.Request) (any, error) {
		d, err := c.systemData(r.Context())
		return d.Do, err
	}})
}

type systemDatabase struct {
	Size        int64
	ArchiveMode string
	ArchivedAt  *time.Time
	Failed      bool // the newest try failed
}

type systemData struct {
	Do       []systemDo
	Carriers []gateway.CarrierStatus
	Calls    ivr.OutgoingStatus
	Nodes    []nodes.Status
	Database systemDatabase
	Logged   []loggedRow
}

type loggedRow struct {
	nodes.Logged
	Fix string // system.log.<Fix>
}

const systemDatabaseSQL = `
select pg_database_size(current_database()), current_setting('archive_mode'), last_archived_time, coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
from pg_stat_archiver`

func (c *Console) systemData(ctx context.Context) (d systemData, err error) {
	if d.Carriers, err = c.Gateway.Carriers(ctx, c.Carriers); err != nil {
		return d, err
	}
	if c.Outgoing != nil {
		if d.Calls, err = c.Outgoing.Status(ctx); err != nil {
			return d, err
		}
		d.Do = append(d.Do, c.callsToDo(d.Calls)...)
	}
	recordings, err := c.recordingsToDo(ctx)
	if err != nil {
		return d, err
	}
	d.Do = append(d.Do, recordings...)
	store := nodes.NewStore(c.DB)
	if d.Nodes, err = store.List(ctx); err != nil {
		return d, err
	}
	b := &d.Database
	if err = c.DB.QueryRowContext(ctx, systemDatabaseSQL).Scan(&b.Size, &b.ArchiveMode, &b.ArchivedAt, &b.Failed); err != nil {
		return d, fmt.Errorf("ask how the database stands: %w", err)
	}
	logged, err := store.Logged(ctx, c.Now().Add(-errorsBack), loggedShown)
	if err != nil {
		return d, err
	}
	for _, l := range logged {
		d.Logged = append(d.Logged, loggedRow{l, remedyOf(l.Message)})
	}
	late, err := c.Schedules.Upcoming(ctx, c.Now().Add(-lateAfter), 1)
	if err != nil {
		return d, err
	}
	if len(late) > 0 {
		d.Do = append(d.Do, systemDo{What: "schedule_late", At: late[0].NextAt, Now: true})
	}
	schema, err := migrations.Applied(ctx, c.DB)
	if err != nil {
		return d, err
	}
	d.Do = append(d.Do, schemaToDo(schema, d.Nodes)...)
	d.Do = append(d.Do, c.carriersToDo(d.Carriers)...)
	d.Do = append(d.Do, c.nodesToDo(d.Nodes)...)
	if b.ArchiveMode != "off" && b.Failed {
		d.Do = append(d.Do, systemDo{What: "archive_failed", Now: true})
	}
	work, err := c.Jobs.Trouble(ctx, c.Now().Add(-errorsBack))
	if err != nil {
		return d, err
	}
	d.Do = append(d.Do, jobsToDo(work)...)
	counts, err := c.countsToDo(ctx)
	if err != nil {
		return d, err
	}
	d.Do = append(d.Do, counts...)
	d.Do = append(d.Do, c.menuToDo(ctx)...)
	for _, l := range logged {
		if l.Level == "ERROR" {
			d.Do = append(d.Do, systemDo{What: "errors", N: l.Count, At: l.Last})
			break
		}
	}
	return d, nil
}

func (c *Console) system(w http.ResponseWriter, r *http.Request) error {
	d, err := c.systemData(r.Context())
	if err != nil {
		return err
	}
	return c.render(w, r, "system", d)
}

// remedies are what to do about the messages of the log that an operator can do something about: system.log.<value>.
var remedies = map[string]string{
	"SMSC refuses the bind": "account", "SMSC does not prove its name": "tls", "SMSC speaks no TLS": "tls", "SMSC link down": "link",
	"no receiver is bound: receipts and messages from phones wait at the SMSC; sending goes on": "account",
	"SMSC took messages without a response: they are in doubt":                                  "carrier",
	"messages without a receipt are in doubt now":                                               "carrier",
	"the carrier wants less": "rate",
	"store outcomes":         "database", "keep the carrier's rate": "database", "look after the queue": "database",
	"look at the links of all nodes": "database", "schedules: look for what is due": "database", "live topic": "database", "live listener": "database",
	"a run's text is not for this carrier, it waits for another": "text",
	"schedules: not on time":                                     "stood",
	"menu version cannot be used: the last good one answers":     "menu",
}

// remedyOf names the remedy for a message; others are for the node's own log.
func remedyOf(message string) string {
	if fix, known := remedies[message]; known {
		return fix
	}
	return "other"
}
