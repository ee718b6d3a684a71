package conversations

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

// public is the address that providers know.
const public = "https://canhgiac.example.vn"

// ours is the number that is called.
const ours = "+842363111222"

var officers = []string{"+842363000001", "+842363000002"}

// Thursday 27/08/2026 in Vietnam: 14:05 and 22:30.
var hours = map[string]time.Time{
	"day":   time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC),
	"night": time.Date(2026, 8, 27, 15, 30, 0, 0, time.UTC),
}

// house is a hotline on a database of its own, whose officers are reached from 07:00 to 20:00.
type house struct {
	*ivr.Hotline
	db      *sql.DB
	words   *prompts.Words
	sound   *prompts.Sound
	reports *reports.Store
	clock   atomic.Pointer[time.Time]
	log     *slog.Logger
}

func (h *house) now() time.Time { return *h.clock.Load() }

func (h *house) set(at time.Time) { h.clock.Store(&at) }

// pass lets time go by: as long as any words and the silence after them.
func (h *house) pass(d time.Duration) { h.set(h.now().Add(d)) }

const longSilence = 2 * time.Minute

// queue takes texts as the real one does: in the caller's transaction, each key once.
type queue struct{}

func (queue) SendText(ctx context.Context, tx *sql.Tx, to residents.Phone, text, key string) error {
	_, err := tx.ExecContext(ctx, `insert into test_texts (phone, key) values ($1, $2) on conflict do nothing`, string(to), key)
	return err
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{db: pgtest.New(t), log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	h.set(hours["day"])
	if _, err := h.db.Exec(`create table test_texts (id bigint generated always as identity, phone text, key text primary key)`); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.words, err = prompts.Load(); err != nil {
		t.Fatal(err)
	}
	if h.sound, err = prompts.OpenSound(h.words, ""); err != nil {
		t.Fatal(err)
	}
	rs := residents.NewStore(h.db, h.now)
	if _, err := rs.LoadWard(t.Context(), "Thanh Khê", 2); err != nil {
		t.Fatal(err)
	}
	h.reports = reports.NewStore(h.db, h.now)
	h.Hotline, err = ivr.NewHotline(h.db, h.now, h.words, rs, h.reports, queue{}, ivr.Options{
		Brand: "CATHANHKHEX", Hotline: "02363111222", Shortcode: "8088", Officer: officers, Length: h.sound.Length, Log: h.log})
	if err != nil {
		t.Fatal(err)
	}
	h.openHours(t)
	return h
}

// openHours has the menu answer in a version of the ward's own, as its page makes one.
func (h *house) openHours(t *testing.T) {
	t.Helper()
	author, approver := ivr.User{Name: "lan", Role: "ward"}, ivr.User{Name: "hoa", Role: "ward"}
	week := map[string][]string{}
	for _, day := range ivr.Weekdays {
		week[day] = []string{"07:00-20:00"}
	}
	menus, ctx := h.Menus(), t.Context()
	id, err := menus.Begin(ctx, author)
	if err != nil {
		t.Fatal(err)
	}
	v, err := menus.Get(ctx, id)
	if err == nil {
		err = menus.Edit(ctx, id, v.Revision, author, func(e *ivr.Edit) error { e.Hours(ivr.Hours{Week: week}); return nil })
	}
	if err == nil {
		err = menus.Submit(ctx, id, author)
	}
	if err == nil {
		v, err = menus.Get(ctx, id)
	}
	if err == nil {
		err = menus.Approve(ctx, id, v.Revision, approver)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reported has people report a number on another day.
func (h *house) reported(t *testing.T, k known) {
	t.Helper()
	for i := range k.People {
		tx, err := h.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		d := reports.Draft{Origin: "api", Ref: fmt.Sprintf("known %s %d", k.Number, i), Reporter: residents.Phone(fmt.Sprintf("+8490999%04d", i)),
			Kind: 1, ScamNumber: k.Number, Channel: 1, Money: "none", Complete: true}
		if _, err := h.reports.Save(t.Context(), tx, d); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

// mark is how far the tables are filled before a conversation.
type mark struct{ reports, consents, texts int64 }

func (h *house) mark(t *testing.T) (m mark) {
	t.Helper()
	if err := h.db.QueryRow(`select coalesce((select max(id) from reports), 0), coalesce((select max(id) from consents), 0), coalesce((select max(id) from test_texts), 0)`).
		Scan(&m.reports, &m.consents, &m.texts); err != nil {
		t.Fatal(err)
	}
	return m
}

const keptSQL = `
select r.kind, r.scam_number, r.channel, r.money, r.money_when, r.band, r.callback, r.officer,
  case when r.cancelled then 'cancelled' when r.completed_at is null then 'partial' else 'sent' end,
  (select count(*) from report_messages m where m.report_id = r.id)
from reports r where r.id > $1 order by r.id`

// since is what a conversation has left.
func (h *house) since(t *testing.T, m mark) (k kept) {
	t.Helper()
	rows, err := h.db.Query(keptSQL, m.reports)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r report
		if err := rows.Scan(&r.Kind, &r.Number, &r.Channel, &r.Money, &r.When, &r.Band, &r.Callback, &r.Officer, &r.State, &r.Messages); err != nil {
			t.Fatal(err)
		}
		k.Reports = append(k.Reports, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	k.Consent = h.column(t, `select act from consents where id > $1 order by id`, m.consents)
	for _, key := range h.column(t, `select key from test_texts where id > $1 order by id`, m.texts) {
		k.Texts = append(k.Texts, key[strings.LastIndexByte(key, ':')+1:])
	}
	return k
}

func (h *house) column(t *testing.T, query string, arg any) (all []string) {
	t.Helper()
	rows, err := h.db.Query(query, arg)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
