package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/ivr"
	"canhgiac/reports"
	"canhgiac/residents"
)

type reportData struct {
	reports.Detail
	KindLabel string
	Due       *reports.Due // nil: no deadline runs
	Terms     []reports.Term

	Timeline []reports.Event // by time
	Revealed residents.Phone // the reporter's whole number, after a reason was given for seeing it
	Problem  string          // what is wrong with the form that was sent, a key
	Steps    []reportStep
	Names    people
	Typed    reportTyped
	Asked    ivr.AskedAbout // the number that was named
}

// reportTyped is what was typed into a form that did not pass.
type reportTyped struct {
	Note string
	To   reports.State // the step whose reason Why is
	Why  string
}

// Pressed tells keys of a telephone from the names of other steps, such as silence.
func (reportData) Pressed(key string) bool {
	return key != "" && strings.Trim(key, "0123456789*#") == ""
}

// Nth counts as people do.
func (reportData) Nth(i int) int { return i + 1 }

func (c *Console) by(r *http.Request) reports.By {
	user := userOf(r)
	return reports.By{Name: user.Name, Role: string(user.Role), Addr: addrOf(r), Scope: user.scope,
		Opened: strings.Fields(c.sessions.GetString(r.Context(), sessionOpened))}
}

// readReport reads the report of the address; the reading leaves its audit row.
func (c *Console) readReport(r *http.Request) (reportData, error) {
	d, err := c.Reports.Get(r.Context(), mux.Vars(r)["code"], c.by(r))
	if err != nil {
		return reportData{}, err
	}
	data := reportData{Detail: d, KindLabel: c.kindLabel(d.Kind), Due: c.dueOf(d.Report), Terms: reports.Terms(), Steps: c.stepsOf(d.Report)}
	for i, e := range d.Events {
		d.Events[i].Raw = masked(e.Raw, d.Reporter)
	}
	// A report begins after a few keys, which are then added to its record: the record keeps the order in which it was
	// written, people read the order in which it happened.
	data.Timeline = slices.Clone(d.Events)
	slices.SortStableFunc(data.Timeline, func(a, b reports.Event) int { return a.At.Compare(b.At) })
	who := []string{d.ReceivedBy}
	for _, e := range d.Events {
		who = append(who, e.Who)
	}
	if data.Names, err = c.users.people(r.Context(), who...); err != nil || d.ScamNumber == "" || c.practising {
		return data, err
	}
	data.Asked, err = c.Calls.AskedAbout(r.Context(), d.ScamNumber)
	return data, err
}

// masked hides the reporter's number wherever the record holds it, in each way of writing it.
func masked(raw string, reporter residents.Phone) string {
	if reporter == "" {
		return raw
	}
	return strings.NewReplacer(string(reporter), reporter.Masked(), strings.TrimPrefix(string(reporter), "+"), reporter.Masked(),
		reporter.National(), reporter.Masked()).Replace(raw)
}

func (c *Console) report(w http.ResponseWriter, r *http.Request) error {
	d, err := c.readReport(r)
	if errors.Is(err, residents.ErrOutside) {
		return c.reportOutside(w, r, http.StatusForbidden, "")
	}
	if err != nil {
		return err
	}
	return c.render(w, r, "report", d)
}

// reportLive answers 204, which changes nothing on the page, while the report is still the one shown: another report
// that moves is not a reading of this one.
func (c *Console) reportLive(w http.ResponseWriter, r *http.Request) error {
	code, err := reports.ParseCode(mux.Vars(r)["code"])
	if err != nil {
		return err
	}
	revision, err := c.Reports.Revision(r.Context(), code, c.by(r))
	if err != nil {
		return err
	}
	if r.URL.Query().Get("at") == strconv.FormatInt(revision, 10) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	d, err := c.readReport(r)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "report", "live", d)
}

// reportListen plays a message whose sound is kept here, or sends the officer to where the provider keeps it. That it
// was asked for is audited either way.
func (c *Console) reportListen(w http.ResponseWriter, r *http.Request) error {
	nth, err := strconv.Atoi(mux.Vars(r)["nth"])
	if err != nil {
		return errNoPage
	}
	m, err := c.Reports.Listen(r.Context(), mux.Vars(r)["code"], nth, c.by(r))
	if errors.Is(err, reports.ErrNotFound) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	if m.Own() || m.Sound != "" {
		return c.playSpoken(w, r, m)
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, m.Address(), http.StatusSeeOther)
	return nil
}

// playSpoken gives the sound with its length, so that a browser's player can go back and forth in it.
func (c *Console) playSpoken(w http.ResponseWriter, r *http.Request, m reports.Message) error {
	return c.playSound(w, r, c.Spoken, m.Sound, "", m.At)
}

// reportListenCall plays a recorded call.
func (c *Console) reportListenCall(w http.ResponseWriter, r *http.Request) error {
	nth, err := strconv.Atoi(mux.Vars(r)["nth"])
	if err != nil {
		return errNoPage
	}
	t, err := c.Reports.ListenTape(r.Context(), mux.Vars(r)["code"], nth, c.by(r))
	if errors.Is(err, reports.ErrNotFound) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	return c.playSound(w, r, c.Taped, t.SID, "call-", t.At)
}

// playSound gives a sound that kept has, as a file of the report's whose name says with kind what it is.
func (c *Console) playSound(w http.ResponseWriter, r *http.Request, kept func(context.Context, string) (ivr.Sound, error), name, kind string, at time.Time) error {
	if kept == nil {
		return errNoPage
	}
	sound, err := kept(r.Context(), name)
	if errors.Is(err, reports.ErrNotFound) {
		return errNoPage // told before its sound has come from the node that took it
	}
	if err != nil {
		return err
	}
	file := mux.Vars(r)["code"] + "-" + kind + mux.Vars(r)["nth"] + map[string]string{"audio/wav": ".wav", "audio/mpeg": ".mp3"}[sound.Type]
	w.Header().Set("Content-Type", sound.Type)
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", file))
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", at, bytes.NewReader(sound.Data))
	return nil
}

func (c *Console) reportReceive(w http.ResponseWriter, r *http.Request) error {
	code := mux.Vars(r)["code"]
	err := c.Reports.Receive(r.Context(), code, c.by(r))
	if errors.Is(err, reports.ErrMove) {
		return c.reportAgain(w, r, reportTyped{}, err) // two officers pressed: the slower one sees who was quicker
	}
	if err != nil {
		return err
	}
	return c.done(w, r, "reports.received", "/reports/"+code)
}

func (c *Console) reportNote(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	code, text := mux.Vars(r)["code"], r.PostForm.Get("note")
	err := c.Reports.Note(r.Context(), code, c.by(r), text)
	if errors.Is(err, reports.ErrNote) {
		return c.reportAgain(w, r, reportTyped{Note: text}, err)
	}
	if err != nil {
		return err
	}
	return c.done(w, r, "reports.noted", "/reports/"+code+"#record")
}

// reportReveal shows the number in its own answer and keeps it nowhere: loading the page again masks it.
func (c *Console) reportReveal(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	phone, err := c.Reports.Reveal(r.Context(), mux.Vars(r)["code"], c.by(r), r.PostForm.Get("reason"))
	if errors.Is(err, reports.ErrReason) {
		return c.reportAgain(w, r, reportTyped{}, err)
	}
	if err != nil {
		return err
	}
	d, err := c.readReport(r)
	if err != nil {
		return err
	}
	d.Revealed = phone
	return c.render(w, r, "report", d)
}

// reportAgain shows the page with what is wrong and what was typed.
func (c *Console) reportAgain(w http.ResponseWriter, r *http.Request, typed reportTyped, wrong error) error {
	d, err := c.readReport(r)
	if err != nil {
		return err
	}
	p := explain(wrong)
	d.Typed, d.Problem = typed, p.key
	return c.renderStatus(w, r, p.status, "report", d)
}

// download becomes a file at the first byte; before that an error page is still possible.
type download struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		d.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		d.w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", d.name))
	}
	// A long file takes as long as it takes; each piece of it has its own time.
	_ = http.NewResponseController(d.w).SetWriteDeadline(time.Now().Add(30 * time.Second))
	return d.w.Write(p)
}
