package reports

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var officer = By{Name: "hanh", Role: "police", Addr: "192.0.2.7"}

// desk is a store over a database of its own, with a clock that the test moves.
type desk struct {
	*Store
	t  *testing.T
	db *sql.DB
	at time.Time
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, db: pgtest.New(t), at: time.Date(2026, 11, 23, 1, 30, 0, 0, time.UTC)}
	d.Store = NewStore(d.db, func() time.Time { return d.at })
	return d
}

func (d *desk) save(draft Draft) Report {
	d.t.Helper()
	var r Report
	d.tx(func(tx *sql.Tx) (err error) {
		r, err = d.Save(context.Background(), tx, draft)
		return err
	})
	return r
}

func (d *desk) tx(do func(*sql.Tx) error) {
	d.t.Helper()
	tx, err := d.db.Begin()
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		d.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) officer(id int64, o Officer) {
	d.t.Helper()
	d.tx(func(tx *sql.Tx) error { return d.SetOfficer(context.Background(), tx, id, o) })
}

func (d *desk) audited(act string) (n int) {
	d.t.Helper()
	if err := d.db.QueryRow(`select count(*) from audit_log where act = $1 and who = 'hanh'`, act).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func TestAReportIsKeptKeyByKey(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	first := d.save(Draft{Origin: "call", Ref: "CA1", Reporter: "+84901234567"})
	if !first.Partial || first.State != New || first.Urgency != Other {
		t.Fatalf("after the first key: %+v", first)
	}
	if _, err := ParseCode(first.Code); err != nil {
		t.Fatalf("code %q: %v", first.Code, err)
	}
	more := d.save(Draft{Origin: "call", Ref: "CA1", Kind: 1, Money: "about"})
	if more.ID != first.ID || more.Code != first.Code || more.Reporter != "+84901234567" || more.Urgency != AboutToLose || more.Revision <= first.Revision {
		t.Fatalf("after the second key: %+v", more)
	}
	same := d.save(Draft{Origin: "call", Ref: "CA1", Kind: 1, Money: "about"})
	if same.Revision != more.Revision {
		t.Errorf("a save that says nothing new moved the revision from %d to %d", more.Revision, same.Revision)
	}
	d.at = d.at.Add(time.Minute)
	whole := d.save(Draft{Origin: "call", Ref: "CA1", Kind: 1, ScamNumber: "0912345678", Money: "lost", When: "today", Band: 2, Callback: "yes", Complete: true})
	if whole.Partial || !whole.CompletedAt.Equal(d.at) || whole.Urgency != LostToday {
		t.Fatalf("when sent: %+v", whole)
	}
	late := d.save(Draft{Origin: "call", Ref: "CA1", Kind: 5})
	if late.Partial || late.Kind != 1 || late.Revision != whole.Revision {
		t.Fatalf("what was sent changed afterwards: %+v", late)
	}
	got, err := d.Get(ctx, strings.ReplaceAll(whole.Code, "-", " "), officer)
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range got.Events {
		acts = append(acts, e.Act)
	}
	if s := strings.Join(acts, " "); s != "opened sent" {
		t.Errorf("record: %s", s)
	}
	if d.audited("report.read") != 1 {
		t.Error("the reading left no audit row")
	}
}

func TestUrgency(t *testing.T) {
	for _, c := range []struct {
		is   string
		d    Draft
		o    Officer
		want Urgency
	}{
		{"money about to be sent comes first", Draft{Money: "about"}, NotAsked, AboutToLose},
		{"lost today comes next", Draft{Money: "lost", When: "today", Complete: true}, NotAsked, LostToday},
		{"lost, hung up before saying when, counts as today", Draft{Money: "lost"}, NotAsked, LostToday},
		{"lost yesterday is no longer fresh", Draft{Money: "lost", When: "yesterday", Complete: true}, NotAsked, Lost},
		{"lost earlier", Draft{Money: "lost", When: "earlier"}, NotAsked, Lost},
		{"nothing lost", Draft{Money: "none", Complete: true}, NotAsked, Other},
		{"needed an officer and reached none", Draft{}, Missed, NeedsOfficer},
		{"nothing lost, and needed an officer afterwards", Draft{Money: "none", Complete: true}, Missed, NeedsOfficer},
		{"money about to be sent comes first, officer or not", Draft{Money: "about"}, Missed, AboutToLose},
		{"lost earlier stands above who needed an officer", Draft{Money: "lost", When: "earlier"}, Missed, Lost},
		{"spoke with an officer", Draft{}, Met, Other},
		{"cancelled, then rang for an officer in vain", Draft{Cancelled: true}, Missed, Other},
		{"nothing said", Draft{}, NotAsked, Other},
		{"cancelled by the reporter", Draft{Money: "lost", Cancelled: true}, NotAsked, Other},
	} {
		if got := urgency(c.d, c.o); got != c.want {
			t.Errorf("%s: %d, want %d", c.is, got, c.want)
		}
	}
}

func TestTheDeskSeesTheMostUrgentThenTheNewest(t *testing.T) {
	d := newDesk(t)
	for _, draft := range []Draft{
		{Ref: "old", Kind: 8, Complete: true},
		{Ref: "about", Money: "about", Complete: true},
		{Ref: "yesterday", Money: "lost", When: "yesterday", Complete: true},
		{Ref: "today", Money: "lost", When: "today"},
		{Ref: "new", Kind: 1, Complete: true},
	} {
		draft.Origin = "call"
		d.at = d.at.Add(time.Minute)
		d.save(draft)
	}
	d.officer(d.save(Draft{Origin: "call", Ref: "needs officer"}).ID, Missed)
	refs := func(f Filter) string {
		p, err := d.List(context.Background(), f)
		if err != nil {
			t.Fatal(err)
		}
		var refs []string
		for _, r := range p.Reports {
			refs = append(refs, r.Ref)
		}
		return strings.Join(refs, " ")
	}
	p, err := d.List(context.Background(), Filter{Limit: 1})
	if err != nil || p.Total != 6 || len(p.Reports) != 1 {
		t.Fatalf("one of six: %+v, %v", p, err)
	}
	if err := d.Receive(context.Background(), p.Reports[0].Code, officer); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		is   string
		f    Filter
		want string
	}{
		{"what is received goes behind what is not", Filter{}, "today yesterday needs officer new old about"},
		{"only what was not sent to the end", Filter{Sent: Partial}, "today needs officer"},
		{"only what was sent", Filter{Sent: Whole}, "yesterday new old about"},
		{"only what is received", Filter{State: Received}, "about"},
		{"one kind", Filter{Kind: 8}, "old"},
		{"the second page", Filter{Limit: 2, Offset: 2}, "needs officer new"},
	} {
		if got := refs(c.f); got != c.want {
			t.Errorf("%s: %s, want %s", c.is, got, c.want)
		}
	}
	if p, err := d.List(context.Background(), Filter{Urgent: true}); err != nil || p.Total != 1 {
		t.Errorf("urgent: %+v, %v", p, err)
	}
}

func TestWhoElseNamedTheNumber(t *testing.T) {
	d := newDesk(t)
	one := d.save(Draft{Origin: "call", Ref: "1", ScamNumber: "0912345678", Complete: true})
	d.save(Draft{Origin: "sms", Ref: "2", ScamNumber: "84912345678", Complete: true})
	d.save(Draft{Origin: "call", Ref: "3", ScamNumber: "0912345678", Cancelled: true})
	d.save(Draft{Origin: "call", Ref: "4", Complete: true})
	got, err := d.Get(context.Background(), one.Code, officer)
	if err != nil || got.AlsoNamed != 1 || len(got.Others) != 1 {
		t.Fatalf("others: %d %v, %v", got.AlsoNamed, got.Others, err)
	}
}

func TestOneOfficerReceivesAReport(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	r := d.save(Draft{Origin: "call", Ref: "1", Complete: true})
	if err := d.Receive(ctx, r.Code, officer); err != nil {
		t.Fatal(err)
	}
	if err := d.Receive(ctx, r.Code, By{Name: "son", Role: "police"}); !errors.Is(err, ErrMove) {
		t.Errorf("received twice: %v", err)
	}
	if err := d.Note(ctx, r.Code, officer, " Đã gọi lại. "); err != nil {
		t.Fatal(err)
	}
	if err := d.Note(ctx, r.Code, officer, " \n"); !errors.Is(err, ErrNote) {
		t.Errorf("an empty note: %v", err)
	}
	if _, err := d.Reveal(ctx, r.Code, officer, " "); !errors.Is(err, ErrReason) {
		t.Errorf("revealed without a reason: %v", err)
	}
	if _, err := d.Reveal(ctx, r.Code, officer, "gọi lại"); err != nil {
		t.Fatal(err)
	}
	got, err := d.Get(ctx, r.Code, officer)
	if err != nil || got.State != Received || got.ReceivedBy != "hanh" || !got.ReceivedAt.Equal(d.at) {
		t.Fatalf("%+v, %v", got.Report, err)
	}
	if last := got.Events[len(got.Events)-1]; last.Act != "note" || last.Raw != "Đã gọi lại." || last.Who != "hanh" {
		t.Errorf("the note: %+v", last)
	}
	for act, want := range map[string]int{"report.receive": 1, "report.note": 1, "report.reveal": 1, "report.read": 1} {
		if n := d.audited(act); n != want {
			t.Errorf("%s: %d audit rows, want %d", act, n, want)
		}
	}
}

func TestBadCodesAndDraftsAreRefused(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	unused, err := NewCode(strings.NewReader("canh giac"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(ctx, unused, officer); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unused code: %v", err)
	}
	if _, err := d.Get(ctx, "2608-041", officer); !errors.Is(err, ErrCode) {
		t.Errorf("a short code: %v", err)
	}
	for is, draft := range map[string]Draft{
		"no call id":           {Origin: "call"},
		"no such origin":       {Origin: "fax", Ref: "1"},
		"a ninth kind":         {Origin: "call", Ref: "1", Kind: 9},
		"letters for a number": {Origin: "sms", Ref: "1", ScamNumber: "không nhớ"},
		"money in words":       {Origin: "call", Ref: "1", Money: "nhiều"},
	} {
		d.tx(func(tx *sql.Tx) error {
			if _, err := d.Save(ctx, tx, draft); !errors.Is(err, ErrDraft) {
				t.Errorf("%s: %v", is, err)
			}
			return nil
		})
	}
}

func TestLatestGrowsAlsoWhenAnOlderChangeCommitsLater(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	latest := func() int64 {
		n, err := d.Latest(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	slow, err := d.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Save(ctx, slow, Draft{Origin: "call", Ref: "slow", Kind: 1}); err != nil {
		t.Fatal(err)
	}
	d.save(Draft{Origin: "call", Ref: "quick", Kind: 2})
	before := latest()
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	if after := latest(); after <= before {
		t.Errorf("latest stayed at %d (%d)", before, after)
	}
}

func TestExport(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	d.officer(d.save(Draft{Origin: "call", Ref: "1", Reporter: "+84901234567", Kind: 1, ScamNumber: "0912345678", Money: "lost", When: "today", Complete: true}).ID, Missed)
	var out bytes.Buffer
	if _, err := d.Export(ctx, &out, officer, "", nil, nil); !errors.Is(err, ErrReason) || out.Len() != 0 || d.audited("report.export") != 0 {
		t.Fatalf("exported without a reason: %v", err)
	}
	label := func(column, v string) string {
		if column == "kind" {
			return "=cmd|'/c calc'!A1"
		}
		return v
	}
	n, err := d.Export(ctx, &out, officer, "theo yêu cầu số 12", label, nil)
	if err != nil || n != 1 || d.audited("report.export") != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	body, found := strings.CutPrefix(out.String(), "\ufeff")
	if !found {
		t.Error("no BOM")
	}
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(lines) != 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	row := map[string]string{}
	for i, h := range lines[0] {
		row[h] = lines[1][i]
	}
	for column, want := range map[string]string{
		"reporter": "0901 234 567", "scam_number": "0912 345 678", "kind": "'=cmd|'/c calc'!A1",
		"officer": "missed", "messages": "0", "created": "2026-11-23 08:30:00", "created_utc": "2026-11-23T01:30:00Z", "sent": "sent",
	} {
		if row[column] != want {
			t.Errorf("%s = %q, want %q", column, row[column], want)
		}
	}
	if len(row["chain_end"]) != 64 {
		t.Errorf("chain_end %q", row["chain_end"])
	}
}

func TestACellNeverBecomesAFormula(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+84901": "'+84901", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
		"": "", "bà Lan": "bà Lan", "1-2": "1-2",
	} {
		if got := cell(in); got != want {
			t.Errorf("cell(%q) = %q, want %q", in, got, want)
		}
	}
}
