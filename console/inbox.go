package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gorilla/mux"

	"canhgiac/gateway"
	"canhgiac/reports"
	"canhgiac/residents"
)

// inboxPages show the ward police what residents texted and no keyword acted on: a broken report may be a victim's.
func (c *Console) inboxPages(r *mux.Router) {
	police := []Role{Police}
	c.page(r, "GET", "/inbox", police, c.inbox)
	c.page(r, "GET", "/inbox/rows", police, c.inboxRows)
	c.page(r, "POST", "/inbox/{id}/seen", police, c.inboxSeen)
	c.page(r, "POST", "/inbox/{id}/report", police, c.inboxReport)
	c.addNav("/inbox", "nav.inbox", Police)
	c.addWay("/inbox", "nav.inbox", "home.inbox", c.inboxNote, Police)
	c.live.Topic("inbox", police, func(ctx context.Context, _ string) (string, error) { return c.Gateway.KeptLatest(ctx) })
}

func (c *Console) inboxNote(ctx context.Context, words *catalog) (string, error) {
	_, total, err := c.Gateway.Kept(ctx, gateway.KeptFilter{Scope: scopeOf(ctx)})
	if err != nil || total == 0 {
		return "", err
	}
	return words.count("home.inbox_waiting", total)
}

// inboxRow hides the sender's number; the addresses of machines are nobody's.
type inboxRow struct {
	gateway.KeptMessage
	Sender string
}

type inboxData struct {
	Filter     gateway.KeptFilter
	Reasons    []gateway.Kept
	Query      string // of the filter, for the fragment's address
	Rows       []inboxRow
	Total      int
	Revision   string // of the unread messages, asked before they were read
	Prev, Next string // the pages beside this one, "" = none
}

const inboxPerPage = 50

// inbox leaves an audit row each time a person opens it.
func (c *Console) inbox(w http.ResponseWriter, r *http.Request) error {
	d, err := c.inboxData(r)
	if err != nil {
		return err
	}
	if err := c.audit(r.Context(), c.DB, r, "inbox.list", "inbound", string(d.Filter.Kept)); err != nil {
		return err
	}
	return c.render(w, r, "inbox", d)
}

// inboxRows is the list refreshing itself: the same eyes on the same list, which the audit has already.
func (c *Console) inboxRows(w http.ResponseWriter, r *http.Request) error {
	d, err := c.inboxData(r)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "inbox", "inbox_rows", d)
}

func (c *Console) inboxData(r *http.Request) (inboxData, error) {
	q := r.URL.Query()
	page := 0
	if q.Get("page") != "" {
		n, err := strconv.Atoi(q.Get("page"))
		if err != nil || n < 0 || n > 100_000 {
			return inboxData{}, errBadForm
		}
		page = n
	}
	d := inboxData{Reasons: gateway.KeptReasons(), Filter: gateway.KeptFilter{Scope: scopeOf(r.Context()),
		Kept: gateway.Kept(q.Get("kept")), Seen: q.Get("seen") != "", Limit: inboxPerPage, Offset: page * inboxPerPage}}
	var err error
	if d.Revision, err = c.Gateway.KeptLatest(r.Context()); err != nil {
		return d, err
	}
	list, total, err := c.Gateway.Kept(r.Context(), d.Filter)
	if err != nil {
		return d, err
	}
	for _, m := range list {
		row := inboxRow{m, m.From.Masked()}
		if m.Kept == gateway.KeptMachine {
			row.Sender = string(m.From)
		}
		d.Rows = append(d.Rows, row)
	}
	d.Total = total
	query := func(page int) string {
		v := url.Values{}
		for name, value := range map[string]string{"kept": string(d.Filter.Kept), "seen": q.Get("seen"), "page": zeroless(page)} {
			if value != "" {
				v.Set(name, value)
			}
		}
		return v.Encode()
	}
	d.Query = query(page)
	if page > 0 {
		d.Prev = "/inbox?" + query(page-1)
	}
	if (page+1)*inboxPerPage < total {
		d.Next = "/inbox?" + query(page+1)
	}
	return d, nil
}

// inboxSeen takes a message off the list: an officer has read it, and it needs nothing more.
func (c *Console) inboxSeen(w http.ResponseWriter, r *http.Request) error {
	return c.inboxTake(w, r, func(tx *sql.Tx, m gateway.KeptMessage) (said, to string, err error) {
		return "inbox.did.seen", "/inbox", c.audit(r.Context(), tx, r, "inbox.seen", inboundObject(m.ID), "")
	})
}

// inboxReport makes a report of a message, as BAO in front of it would have: the words as they came are its record.
func (c *Console) inboxReport(w http.ResponseWriter, r *http.Request) error {
	return c.inboxTake(w, r, func(tx *sql.Tx, m gateway.KeptMessage) (said, to string, err error) {
		ctx, draft, raw := r.Context(), reports.Draft{Origin: "sms", Ref: strconv.FormatInt(m.ID, 10)}, m.Text
		if _, err := residents.ParsePhone(string(m.From)); err == nil {
			draft.Reporter = m.From
		} else {
			raw = string(m.From) + ": " + raw
		}
		report, err := c.Reports.Save(ctx, tx, draft)
		if err != nil {
			return "", "", err
		}
		if err := c.Reports.Log(ctx, tx, report.ID, reports.Entry{At: m.At, Node: "sms", Key: "tin_nhan", Raw: raw}); err != nil {
			return "", "", err
		}
		return "inbox.did.report", "/reports/" + report.Code, c.audit(ctx, tx, r, "inbox.report", inboundObject(m.ID), report.Code)
	})
}

func inboundObject(id int64) string { return "inbound:" + strconv.FormatInt(id, 10) }

// inboxTake takes the message of the address off the list and does with it what then says, or tells that a colleague was
// quicker.
func (c *Console) inboxTake(w http.ResponseWriter, r *http.Request, then func(*sql.Tx, gateway.KeptMessage) (said, to string, err error)) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	tx, err := c.DB.BeginTx(r.Context(), nil)
	if err != nil {
		return fmt.Errorf("take inbound message %d: %w", id, err)
	}
	defer func() { _ = tx.Rollback() }()
	m, err := c.Gateway.See(r.Context(), tx, id, userOf(r).Name, scopeOf(r.Context()))
	if errors.Is(err, gateway.ErrNotFound) {
		return c.done(w, r, "inbox.gone", "/inbox")
	}
	if err != nil {
		return err
	}
	said, to, err := then(tx, m)
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("take inbound message %d: %w", id, err)
	}
	return c.done(w, r, said, to)
}
