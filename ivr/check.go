package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/reports"
)

// How often one asker may check a number, and how old a count may be. A scammer who watches his own number learns neither
// when nor by whom it was reported: what he hears is coarse and up to an hour late.
const (
	checksAnHour = 5
	checksADay   = 20
	countedFor   = time.Hour
)

// What a check found.
const (
	foundReported = "reported"
	foundOfficial = "official"
	foundNone     = "none"
	foundLimited  = "limited" // asked too often: nothing is told
)

// check is what is told of a number.
type check struct {
	found    string
	people   string // of the first in a row of peopleSteps, where reported
	official Official
}

// peopleSteps are the numbers of people told apart, from the highest.
var peopleSteps = []struct {
	from         int
	name         string
	plain, words string
}{
	{10, "10", "10 nguoi tro len", "10 người trở lên"},
	{5, "5", "5-9 nguoi", "5-9 người"},
	{2, "2", "2-4 nguoi", "2-4 người"},
	{1, "1", "1 nguoi", "1 người"},
}

const (
	lockAskerSQL = `select pg_advisory_xact_lock(hashtextextended('check:' || $1, 0))`
	askedSQL     = `
select count(*) filter (where at > $2), count(*) from number_checks where asker = $1 and at > $3 and found <> 'limited'`
	addCheckSQL = `insert into number_checks (at, channel, asker, number, found) values ($1, $2, $3, $4, $5)`
)

// check tells what is known of a number. Each check is kept, also one that was not answered.
func (h *Hotline) check(ctx context.Context, tx *sql.Tx, channel, asker, number string) (check, error) {
	key, at := reports.NumberKey(number), h.now().UTC()
	if _, err := tx.ExecContext(ctx, lockAskerSQL, asker); err != nil {
		return check{}, fmt.Errorf("check a number: %w", err)
	}
	var hour, day int
	if err := tx.QueryRowContext(ctx, askedSQL, asker, at.Add(-time.Hour), at.Add(-24*time.Hour)).Scan(&hour, &day); err != nil {
		return check{}, fmt.Errorf("check a number: %w", err)
	}
	c := check{found: foundLimited}
	if hour < checksAnHour && day < checksADay {
		var err error
		if c, err = h.lookUp(ctx, tx, key, at); err != nil {
			return check{}, err
		}
	}
	if _, err := tx.ExecContext(ctx, addCheckSQL, at, channel, asker, key, c.found); err != nil {
		return check{}, fmt.Errorf("check a number: %w", err)
	}
	return c, nil
}

func (h *Hotline) lookUp(ctx context.Context, tx *sql.Tx, key string, at time.Time) (check, error) {
	if o, is := h.officials[key]; is {
		return check{found: foundOfficial, official: o}, nil
	}
	n, err := h.people(ctx, tx, key, at)
	if err != nil {
		return check{}, err
	}
	for _, s := range peopleSteps {
		if n >= s.from {
			return check{found: foundReported, people: s.name}, nil
		}
	}
	return check{found: foundNone}, nil
}

const (
	countedSQL = `select people from number_counts where number = $1 and at > $2`
	countSQL   = `
insert into number_counts (number, people, at) values ($1, $2, $3)
on conflict (number) do update set people = excluded.people, at = excluded.at`
)

// people is how many had reported the number when it was last counted.
func (h *Hotline) people(ctx context.Context, tx *sql.Tx, key string, at time.Time) (int, error) {
	var n int
	err := tx.QueryRowContext(ctx, countedSQL, key, at.Add(-countedFor)).Scan(&n)
	if !errors.Is(err, sql.ErrNoRows) {
		return n, err
	}
	if n, err = h.reports.People(ctx, tx, key); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, countSQL, key, n, at)
	return n, err
}

// checkNumber answers in the conversation, by fields that its nodes divert by.
func (t *step) checkNumber() error {
	asker := string(t.told.From)
	if asker == "" {
		asker = fmt.Sprintf("%s %d", t.told.Origin, t.told.ID)
	}
	c, err := t.h.check(t.ctx, t.tx, t.told.Origin, asker, t.told.Fields["so_hoi"])
	if err != nil {
		return err
	}
	f := t.told.Fields
	f["found"], f["people"], f["official"] = c.found, c.people, c.official.Kind
	f["ten"] = c.official.Plain
	return nil
}

// reportChecked begins a report of the number that was asked about. Who hangs up now has told it.
func (t *step) reportChecked() error {
	t.told.Fields["number"], t.told.Fields["number_given"] = t.told.Fields["so_hoi"], "yes"
	return t.open()
}

// foundIs is a condition.
func foundIs(what string) func(*step) bool {
	return func(t *step) bool { return t.told.Fields["found"] == what }
}

// peopleIn writes how many people a step stands for.
func peopleIn(name string, form prompts.Form) string {
	for _, s := range peopleSteps {
		switch {
		case s.name == name && form == prompts.Accented:
			return s.words
		case s.name == name:
			return s.plain
		}
	}
	return ""
}

// checkBySMS answers KT and a number.
func (h *Hotline) checkBySMS(ctx context.Context, tx *sql.Tx, w word) (string, error) {
	number := scamNumber(w.rest)
	if number == "" {
		return h.sms(w.words, "kiem_tra_khong_so", nil)
	}
	c, err := h.check(ctx, tx, "sms", string(w.from), number)
	if err != nil {
		return "", err
	}
	name := c.official.Plain
	if h.o.Form == prompts.Accented {
		name = c.official.Name
	}
	text := map[string]string{foundReported: "kiem_tra_da_bao", foundOfficial: "kiem_tra_chinh_thuc", foundNone: "kiem_tra_chua_ai", foundLimited: "kiem_tra_het_luot"}[c.found]
	return h.sms(w.words, text, map[string]string{"so": number, "nguoi_bao": peopleIn(c.people, h.o.Form), "ten": name})
}
