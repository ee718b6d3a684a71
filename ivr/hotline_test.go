package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const mobile, landline, foreign = "+84901234567", "+842363822333", "+15005550006"

// bench is a hotline on an empty database, with a clock that only silence moves and the texts it sent.
type bench struct {
	*Hotline
	t  *testing.T
	db *sql.DB
	*texts
	calls int
	clock *time.Time
}

// texts takes SMS into a table of its own, so that it stands and falls with the transaction as the real queue does.
type texts struct {
	mu   sync.Mutex
	fail error
}

func (x *texts) SendText(ctx context.Context, tx *sql.Tx, to residents.Phone, text, key string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fail != nil {
		if _, err := tx.ExecContext(ctx, `select 1/0`); err == nil { // a real failure leaves the transaction broken
			return errors.New("expected a failure")
		}
		return x.fail
	}
	_, err := tx.ExecContext(ctx, `insert into test_texts values ($1, $2, $3) on conflict do nothing`, key, string(to), text)
	return err
}

// 14:05 on 27/08 in Vietnam
var noon = time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC)

func newBench(t *testing.T, officers ...string) *bench {
	t.Helper()
	clock := noon
	return benchOn(t, pgtest.Shared(t), &clock, officers...)
}

// otherNode is a second hotline beside b, with the same database and time.
func (b *bench) otherNode() *bench {
	b.t.Helper()
	return benchOn(b.t, b.db, b.clock, b.o.Officer...)
}

func benchOn(t *testing.T, db *sql.DB, clock *time.Time, officers ...string) *bench {
	t.Helper()
	return benchWith(t, db, clock, func(_ *sql.DB, _ func() time.Time, _ *residents.Store, o *Options) { o.Officer = officers })
}

// benchWith is a bench whose options set changes.
func benchWith(t *testing.T, db *sql.DB, clock *time.Time, set func(*sql.DB, func() time.Time, *residents.Store, *Options)) *bench {
	t.Helper()
	if _, err := db.Exec(`create table if not exists test_texts (key text primary key, phone text, text text)`); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return *clock }
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	rs := residents.NewStore(db, now)
	if _, err := rs.LoadWard(t.Context(), "Thanh Khê", 2); err != nil {
		t.Fatal(err)
	}
	x := &texts{}
	o := Options{Brand: "CATHANHKHEX", Hotline: "02363111222", Shortcode: "8088", Length: sound.Length, Sounding: sound.Says}
	set(db, now, rs, &o)
	h, err := NewHotline(db, now, words, rs, reports.NewStore(db, now), x, o)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Hotline: h, t: t, db: db, texts: x, clock: clock}
}

// line is one caller's line: it carries the step as a provider does.
type line struct {
	*bench
	sid   string
	reply Reply
	code  string // of the report, once report was asked
	left  string // how the report says that the caller left, once report was asked
}

// id is the call's own, by which its report and its texts are named.
func (l *line) id() string {
	l.t.Helper()
	return l.column(fmt.Sprintf(`select id from calls where sid = '%s'`, l.sid))[0]
}

func (b *bench) ring(from string) *line {
	b.t.Helper()
	b.calls++
	l := &line{bench: b, sid: fmt.Sprintf("CA%d", b.calls)}
	var err error
	if l.reply, err = b.Start(b.t.Context(), Incoming{Provider: "test", SID: l.sid, From: from, To: "+842363111222"}); err != nil {
		b.t.Fatal(err)
	}
	return l
}

// input reads a step of a conversation: keys as pressed, "-" for silence, "dial:busy", "message" for a spoken one. Where a
// number is asked, # ends it as at Twilio: it is not among the digits, and alone it is like a silence. "all:" are keys of
// a provider that delivers every one.
func (l *line) input(s string) Input {
	in := Input{Step: l.reply.Step, Kind: InputKeys, Keys: s}
	switch status, dialed := strings.CutPrefix(s, "dial:"); {
	case s == "-" || s == "#" && l.asksNumber():
		in.Kind, in.Keys = InputSilence, ""
	case dialed:
		in.Kind, in.Keys, in.Status, in.Answered = InputDialed, "", status, status == "completed"
	case s == "message":
		in.Kind, in.Keys, in.Recording = InputRecorded, "", Recording{SID: "RE1", URL: "http://provider/RE1", Seconds: 7}
	case strings.HasPrefix(s, "all:"):
		in.Keys = strings.TrimPrefix(s, "all:")
	case l.asksNumber():
		in.Keys = strings.TrimSuffix(s, "#")
	}
	return in
}

func (l *line) asksNumber() bool { return strings.HasSuffix(heard(l.reply), "#") }

// silence is how long the reply's words and the wait after them last.
func (l *line) silence() time.Duration {
	var d time.Duration
	for _, a := range l.reply.Actions {
		if a.Gather != nil {
			d += a.Gather.First
			for _, name := range a.Gather.Play {
				d += l.o.Length(prompts.Central, name)
			}
		}
	}
	return d
}

func (l *line) press(s string) string {
	l.t.Helper()
	if s == "-" {
		*l.clock = l.clock.Add(l.silence())
	}
	reply, err := l.Step(l.t.Context(), "test", l.sid, l.input(s))
	if err != nil {
		l.t.Fatal(err)
	}
	l.reply = reply
	return heard(reply)
}

// heard writes a reply as a caller meets it: the lines, then ? for a key, # for a number, or what the line does.
func heard(r Reply) string {
	var s []string
	for _, a := range r.Actions {
		switch {
		case a.Gather != nil:
			s = append(s, a.Gather.Play...)
			if a.Gather.One {
				s = append(s, "?")
			} else {
				s = append(s, "#")
			}
		case a.Dial != nil:
			s = append(s, "dial "+a.Dial.Number)
		case a.Record != nil:
			s = append(s, "record")
		case a.Hangup:
			s = append(s, "hangup")
		default:
			s = append(s, a.Play)
		}
	}
	return strings.Join(s, " ")
}

// report gives what the call's last report holds, nil where it left none.
func (l *line) report() *reports.Draft {
	l.t.Helper()
	all := l.reportsOf(`where origin = 'call' and split_part(ref, '-', 1) = $1`, l.id())
	if len(all) == 0 {
		return nil
	}
	last := all[len(all)-1]
	l.code, l.left = last.Code, last.Left()
	last.Origin, last.Ref, last.Reporter = "", "", ""
	return &last.Draft
}

// allReports lists all reports in the order in which they were opened.
func (b *bench) allReports() []reports.Detail {
	b.t.Helper()
	return b.reportsOf("")
}

func (b *bench) reportsOf(where string, args ...any) []reports.Detail {
	b.t.Helper()
	rows, err := b.db.Query(`select code from reports `+where+` order by id`, args...)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	var all []reports.Detail
	for rows.Next() {
		var code string
		if err := rows.Scan(&code); err != nil {
			b.t.Fatal(err)
		}
		d, err := b.Hotline.reports.Get(b.t.Context(), code, reports.By{Name: "test", Role: "police"})
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

func (b *bench) sent() []string {
	b.t.Helper()
	return b.column(`select phone || ' ' || text from test_texts order by key`)
}

func (b *bench) column(query string) []string {
	b.t.Helper()
	rows, err := b.db.Query(query)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			b.t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
