package residents

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// clock is a time that tests move by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC)} }

func newStore(t *testing.T) (*Store, *sql.DB, *clock) {
	t.Helper()
	c := newClock()
	db := pgtest.New(t)
	s := NewStore(db, c.now)
	if _, err := s.LoadWard(t.Context(), "Thanh Khê", 60); err != nil {
		t.Fatal(err)
	}
	return s, db, c
}

// within runs act in a transaction of its own, as callers do.
func within(t *testing.T, db *sql.DB, act func(tx *sql.Tx) error) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := act(tx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestWardIsLoadedOnce(t *testing.T) {
	s, db, _ := newStore(t)
	first, err := s.Ward(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.LoadWard(t.Context(), "thanh khe", 99)
	if err != nil || again.ID != first.ID {
		t.Errorf("loaded again: %+v, %v; want ward %d", again, err, first.ID)
	}
	if _, err := s.LoadWard(t.Context(), "An Khê", 5); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("another ward over existing units: %v, want ErrNotEmpty", err)
	}
	groups, err := s.Groups(t.Context(), first.ID)
	if err != nil || len(groups) != 60 || groups[1].Name != "Tổ 2" || groups[59].Name != "Tổ 60" {
		t.Errorf("groups = %d, %v", len(groups), err)
	}
	if n := count(t, db, `select count(*) from unit_changes c join units u on u.id = c.from_unit where u.kind = 'district' and u.valid_to = '2025-06-30'`); n != 1 {
		t.Errorf("the district's end is told %d times", n)
	}
	for _, name := range []string{"Thanh Khê", "phường Thanh Khê", "P. thanh khe", "PHƯỜNG THANH KHÊ"} {
		if u, err := s.WardByName(t.Context(), name); err != nil || u.ID != first.ID {
			t.Errorf("WardByName(%q) = %+v, %v", name, u, err)
		}
	}
	if _, err := NewStore(pgtest.New(t), newClock().now).Ward(t.Context()); !errors.Is(err, ErrNoWard) {
		t.Errorf("ward of an empty database: %v, want ErrNoWard", err)
	}
}

func TestOptOutKeepsItsFirstTime(t *testing.T) {
	s, db, c := newStore(t)
	phone := Phone("+84901234567")
	first := c.t
	for range 2 {
		within(t, db, func(tx *sql.Tx) error {
			at, err := s.OptOut(t.Context(), tx, phone, Act{Channel: "sms", Key: "TC"})
			if !at.Equal(first) {
				t.Errorf("opted out at %v, want %v", at, first)
			}
			return err
		})
		c.t = c.t.Add(time.Hour)
	}
	if n := count(t, db, `select count(*) from consents where act = 'withdrawn'`); n != 1 {
		t.Errorf("withdrawn %d times, want 1", n)
	}
}

func TestRegisterAndOptOutFollowEachOther(t *testing.T) {
	s, db, c := newStore(t)
	ward, _ := s.Ward(t.Context())
	phone := Phone("+84901234567")
	register := func(want Registration) {
		t.Helper()
		within(t, db, func(tx *sql.Tx) error {
			got, err := s.Register(t.Context(), tx, phone, Act{Channel: "call", Key: "4", Ref: "call-1"})
			if got != want {
				t.Errorf("Register = %q, want %q", got, want)
			}
			return err
		})
	}
	reach := func(want int) {
		t.Helper()
		if n, err := s.CountAudience(t.Context(), Audience{Units: []int64{ward.ID}, Channel: "sms"}); err != nil || n != want {
			t.Errorf("audience = %d, %v; want %d", n, err, want)
		}
	}
	reach(0)
	register(Registered)
	register(AlreadyRegistered)
	people, err := s.ByPhone(t.Context(), phone)
	if err != nil || len(people) != 1 || people[0].UnitID != ward.ID || people[0].Name != "" || !people[0].ConsentAt.Equal(c.t) {
		t.Fatalf("an unknown number became %+v, %v", people, err)
	}
	reach(1)
	within(t, db, func(tx *sql.Tx) error {
		_, err := s.OptOut(t.Context(), tx, phone, Act{Channel: "call", Key: "9"})
		return err
	})
	reach(0)
	register(Registered)
	reach(1)
	if n := count(t, db, `select count(*) from consents`); n != 3 {
		t.Errorf("%d acts kept, want given, withdrawn, given", n)
	}
}

func TestRegisterWithoutWardFails(t *testing.T) {
	db := pgtest.New(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := NewStore(db, newClock().now).Register(t.Context(), tx, "+84901234567", Act{Channel: "sms"}); !errors.Is(err, ErrNoWard) {
		t.Errorf("err = %v, want ErrNoWard", err)
	}
}

func TestAudience(t *testing.T) {
	s, db, c := newStore(t)
	ward, _ := s.Ward(t.Context())
	groups, _ := s.Groups(t.Context(), ward.ID)
	add := func(phone, kind, name string, unit int64, consent, sms, call bool) {
		t.Helper()
		var at any
		if consent {
			at = c.t
		}
		if _, err := db.ExecContext(t.Context(), `insert into residents (phone, phone_kind, name, name_fold, unit_id, wants_sms, wants_call, consent_at, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`, phone, kind, name, Fold(name), unit, sms, call, at, c.t); err != nil {
			t.Fatal(err)
		}
	}
	add("+84901000001", "mobile", "Hai người, một máy", groups[0].ID, true, true, false)
	add("+84901000001", "mobile", "Người thứ hai", groups[1].ID, true, true, true)
	add("+84901000002", "mobile", "Chưa đồng ý", groups[0].ID, false, true, true)
	add("+84901000003", "mobile", "Chỉ gọi", groups[0].ID, true, false, true)
	add("+842363000004", "landline", "Máy bàn", groups[0].ID, true, false, true)
	add("+84901000005", "mobile", "", ward.ID, true, true, false)
	add("+84901000006", "mobile", "Đã ngừng", groups[0].ID, true, true, true)
	add("+12025550143", "foreign", "Con ở xa", groups[0].ID, true, true, true)
	within(t, db, func(tx *sql.Tx) error {
		_, err := s.OptOut(context.WithoutCancel(t.Context()), tx, "+84901000006", Act{Channel: "sms"})
		return err
	})
	for _, tc := range []struct {
		name     string
		audience Audience
		want     int
	}{
		{"a ward is its groups and its nameless, a shared phone once", Audience{[]int64{ward.ID}, "sms"}, 2},
		{"a unit named twice counts once", Audience{[]int64{ward.ID, groups[0].ID}, "sms"}, 2},
		{"one group", Audience{[]int64{groups[1].ID}, "sms"}, 1},
		{"calls reach landlines", Audience{[]int64{ward.ID}, "call"}, 3},
		{"no unit is nobody", Audience{nil, "sms"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if n, err := s.CountAudience(t.Context(), tc.audience); err != nil || n != tc.want {
				t.Errorf("reaches %d, %v; want %d", n, err, tc.want)
			}
		})
	}
	for _, tc := range []struct {
		name   string
		filter Filter
		want   int
	}{
		{"everybody", Filter{}, 8},
		{"a name without diacritics", Filter{Text: "chua dong y"}, 1},
		{"a percent sign is no wildcard", Filter{Text: "%"}, 0},
		{"part of a number as people write it", Filter{Text: "0901 000"}, 6},
		{"a group", Filter{Unit: groups[1].ID}, 1},
		{"the ward holds its groups", Filter{Unit: ward.ID}, 8},
		{"opted out", Filter{Standing: OptedOut}, 1},
		{"opted out, of a name in a group", Filter{Standing: OptedOut, Unit: groups[0].ID, Text: "da ngung"}, 1},
		{"opted out, in another group", Filter{Standing: OptedOut, Unit: groups[1].ID}, 0},
		{"opted out, outside of who asks", Filter{Standing: OptedOut, Scope: Scope{groups[1].ID}}, 0},
		{"no consent", Filter{Standing: NoConsent}, 1},
		{"consented", Filter{Standing: Consented}, 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := s.Search(t.Context(), tc.filter)
			if err != nil || p.Total != tc.want || len(p.Residents) != tc.want {
				t.Errorf("found %d of %d, %v; want %d", len(p.Residents), p.Total, err, tc.want)
			}
		})
	}
	if p, err := s.Search(t.Context(), Filter{Page: 3, Size: 3}); err != nil || p.Total != 8 || len(p.Residents) != 2 {
		t.Errorf("third page of three holds %d of %d, %v", len(p.Residents), p.Total, err)
	}
	if _, err := s.Get(t.Context(), 1<<40, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("a resident that is not: %v, want ErrNotFound", err)
	}
}
