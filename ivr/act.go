package ivr

import (
	"fmt"
	"strconv"
	"time"

	"canhgiac/reports"
	"canhgiac/residents"
)

// do is what a key does besides going somewhere.
func (t *step) do(act, key string) error {
	if act == "" {
		return nil
	}
	return acts[act].do(t, key) // the menu's check knows every act
}

func (t *step) draft() reports.Draft {
	f := t.told.Fields
	n := func(field string) int { v, _ := strconv.Atoi(f[field]); return v } // the menu's check allows digits only
	origin, ref := t.told.report()
	return reports.Draft{
		Origin: origin, Ref: ref, Reporter: t.told.From, Kind: n("kind"), ScamNumber: t.told.scamNumber(), Channel: n("channel"),
		Money: f["money"], When: f["when"], Band: n("band"), Callback: f["callback"],
	}
}

// open makes the report on the first key that tells something, with every key pressed before it.
func (t *step) open() error {
	if t.told.ReportID != 0 {
		return nil
	}
	r, err := t.h.reports.Save(t.ctx, t.tx, t.draft())
	if err != nil {
		return err
	}
	t.told.ReportID = r.ID
	return t.logAllSoFar()
}

// logAllSoFar puts every step so far on the report's record, this one last.
func (t *step) logAllSoFar() error {
	before, err := t.talk.before()
	if err != nil {
		return err
	}
	for _, e := range before {
		if err := t.log(e); err != nil {
			return err
		}
	}
	return t.logIfOpen()
}

func (t *step) logIfOpen() error {
	if t.told.ReportID == 0 {
		return nil
	}
	return t.log(t.talk.taken())
}

// log: a key stands for itself; anything else is named, so that no officer takes a word for a key.
func (t *step) log(e pastEvent) error {
	entry := reports.Entry{At: e.at, Node: e.node, Key: string(e.input), Raw: e.raw}
	if e.input == InputKeys || e.input == InputAhead {
		entry.Key = e.raw
	}
	return t.h.reports.Log(t.ctx, t.tx, t.told.ReportID, entry)
}

// saveIfOpen keeps the report as far as it is told, after every key.
func (t *step) saveIfOpen() error {
	if t.told.ReportID == 0 || t.told.Fields["code"] != "" || t.told.passedOn() {
		return nil
	}
	_, err := t.h.reports.Save(t.ctx, t.tx, t.draft())
	return err
}

// send completes the report and tells its code, in the conversation and to a mobile by SMS.
func (t *step) send() error {
	if t.told.passedOn() {
		if err := t.tellAnew(); err != nil {
			return err
		}
	}
	d := t.draft()
	d.Complete = true
	r, err := t.h.reports.Save(t.ctx, t.tx, d)
	if err != nil {
		return err
	}
	t.told.Fields["code"], t.told.ReportID = r.Code, r.ID
	if t.text("bao_tin_da_nhan", t.h.stamped(t.at, map[string]string{"ma": r.Code})) {
		t.told.Fields["texted"] = "yes"
	}
	if d.Money == "lost" {
		t.text("bao_tin_mat_tien", map[string]string{"ma": r.Code})
	}
	return nil
}

// cancel keeps what was told, marked as not sent; a report begun after it in the same conversation is another one.
func (t *step) cancel() error {
	if d := t.draft(); !t.told.passedOn() { // what went on elsewhere is cancelled there
		d.Cancelled = true
		if _, err := t.h.reports.Save(t.ctx, t.tx, d); err != nil {
			return err
		}
	}
	t.told.ReportID, t.told.Fields = 0, map[string]string{}
	t.told.Attempt++
	return nil
}

func (t *step) consent(key string) residents.Act {
	return residents.Act{Channel: t.told.Origin, Key: key, TextVersion: t.m.words.Version, Ref: strconv.FormatInt(t.told.ID, 10)}
}

func (t *step) register(key string) error {
	was, err := t.h.residents.Register(t.ctx, t.tx, t.told.From, t.consent(key))
	if err != nil {
		return err
	}
	t.text(registrationText(was), nil)
	return nil
}

func registrationText(was residents.Registration) string {
	if was == residents.AlreadyRegistered {
		return "da_dang_ky_roi"
	}
	return "dang_ky_xac_nhan"
}

func (t *step) optOut(key string) error {
	at, err := t.h.residents.OptOut(t.ctx, t.tx, t.told.From, t.consent(key))
	if err != nil {
		return err
	}
	t.stopped = at
	t.text("ngung_nhan_xac_nhan", t.h.stamped(at, nil))
	return nil
}

// missed: the caller needed an officer and nobody answered. Who has told nothing yet leaves a report all the same, so that
// somebody calls back, whether or not a message follows.
func (t *turn) missed() error {
	if t.told.passedOn() {
		return t.h.reports.MissedBefore(t.ctx, t.tx, t.c.ReportID)
	}
	if err := t.open(); err != nil {
		return err
	}
	return t.h.reports.SetOfficer(t.ctx, t.tx, t.c.ReportID, reports.Missed)
}

// met: an officer answered, who knows now what the caller wanted. That alone makes no report.
func (t *turn) met() error {
	if t.c.ReportID == 0 {
		return nil
	}
	return t.h.reports.SetOfficer(t.ctx, t.tx, t.c.ReportID, reports.Met)
}

// keepMessage keeps a spoken message with the call's report.
func (t *turn) keepMessage() error {
	if err := t.open(); err != nil {
		return err
	}
	r := t.in.Recording
	m := reports.Message{SID: r.SID, URL: r.URL, Seconds: r.Seconds, At: t.at}
	if err := t.h.reports.AddMessage(t.ctx, t.tx, t.c.ReportID, m); err != nil || m.Own() {
		return err
	}
	return t.wantFetch(m)
}

const takenAsSQL = `select input from call_events where call_id = $1 and step = $2`

// keepLate keeps a message that is told of after the call has gone on: some providers bring the sound later than the next
// step. Told of twice it is kept once.
func (t *turn) keepLate() error {
	var was InputKind
	if err := t.tx.QueryRowContext(t.ctx, takenAsSQL, t.c.ID, t.in.Step).Scan(&was); err != nil || was == InputRecorded {
		return err
	}
	if err := t.keepMessage(); err != nil {
		return err
	}
	return saveCall(t.ctx, t.tx, t.c)
}

func (t *turn) recorded(n *node) error {
	if err := t.keepMessage(); err != nil {
		return err
	}
	t.c.Fails = 0
	if n.Record == nil { // told late, when the call had gone on
		return t.enter(t.c.Node)
	}
	return t.enter(n.Record.Goto)
}

// text queues an SMS to a mobile and says whether it did. Its failure is logged and undone by itself: a report
// must not be lost because its receipt could not be queued.
func (t *step) text(name string, vars map[string]string) bool {
	if t.told.From == "" || t.told.FromKind != residents.Mobile {
		return false
	}
	err := t.trySending(name, vars)
	if err != nil {
		t.h.o.Log.ErrorContext(t.ctx, "text not queued", t.told.Origin, t.told.ID, "text", name, "err", err)
	}
	return err == nil
}

func (t *step) trySending(name string, vars map[string]string) error {
	text, err := t.m.words.SMS(name, t.h.o.Form, t.h.vars(vars))
	if err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(t.ctx, `savepoint sms`); err != nil {
		return err
	}
	origin, ref := t.told.report()
	key := fmt.Sprintf("%s:%s:%s", origin, ref, name)
	if err := t.h.texter.SendText(t.ctx, t.tx, t.told.From, text, key); err != nil {
		if _, undo := t.tx.ExecContext(t.ctx, `rollback to savepoint sms`); undo != nil {
			return fmt.Errorf("%w; %w", err, undo)
		}
		return err
	}
	_, err = t.tx.ExecContext(t.ctx, `release savepoint sms`)
	return err
}

// vars are the ward's own values and v.
func (h *Hotline) vars(v map[string]string) map[string]string {
	all := map[string]string{"brand": h.o.Brand, "hotline": h.o.Hotline, "shortcode": h.o.Shortcode}
	for k, s := range v {
		all[k] = s
	}
	return all
}

// zone is Asia/Ho_Chi_Minh, which has known no other offset since 1975; so no time zone files are asked for.
func zone() *time.Location { return time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60) }

// stamped adds {gio} and {ngay} of at to v.
func (h *Hotline) stamped(at time.Time, v map[string]string) map[string]string {
	all := map[string]string{"gio": at.In(zone()).Format("15:04"), "ngay": at.In(zone()).Format("02/01")}
	for k, s := range v {
		all[k] = s
	}
	return all
}
