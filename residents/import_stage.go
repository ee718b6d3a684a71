package residents

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// importLockSQL makes two imports follow each other, so that one person in both lists is not added twice.
const importLockSQL = `select pg_advisory_xact_lock(hashtextextended('residents.import', 0))`

const stageTableSQL = `create temp table import_rows (
  row int, phone text, phone_kind text, converted bool, name text, name_fold text, birth_year int, gender text, unit_id bigint,
  address text, wants_sms bool, wants_call bool, consent text, note text
) on commit drop`

const stageSQL = `copy import_rows from stdin`

// steps tells how far an import is: in rows, each of which counts as far as the work on it has come. The parts are the time
// that each step took of 200,000 new people; reading the file, before its rows are known, is the first tenth.
type steps struct {
	tell func(done, total int)
	rows int
}

const (
	partRead   = 0.10
	partStaged = 0.20
	partFolded = 0.42
	partAdded  = 0.80
)

// at tells that done of all pieces of the step between from and to are behind us.
func (s steps) at(from, to float64, done, all int) {
	if s.tell != nil {
		s.tell(int((from+(to-from)*float64(done)/float64(max(all, 1)))*float64(s.rows)), s.rows)
	}
}

// stage copies the good rows beside the residents: COPY has no round trip a row.
func stage(ctx context.Context, tx *sql.Tx, people []person, told steps) error {
	told.at(partRead, partStaged, 0, 1)
	if _, err := tx.ExecContext(ctx, importLockSQL); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, stageTableSQL); err != nil {
		return err
	}
	in, err := tx.PrepareContext(ctx, stageSQL)
	if err != nil {
		return err
	}
	defer in.Close()
	for n, p := range people {
		if _, err := in.ExecContext(ctx, p.row, string(p.phone), string(p.kind), p.converted, p.name, Fold(p.name), p.birthYear, p.gender,
			p.unit, p.address, p.sms, p.call, p.consent, p.note); err != nil {
			return fmt.Errorf("stage row %d: %w", p.row, err)
		}
		if (n+1)%500 == 0 {
			told.at(partRead, partStaged, n+1, len(people))
		}
	}
	if _, err := in.ExecContext(ctx); err != nil { // COPY's errors come here
		return fmt.Errorf("stage %d rows: %w", len(people), err)
	}
	return nil
}

// unstageSQL finds who is known already, in a group outside of $1: to take a person over from another group is not for who
// looks after one.
const unstageSQL = `
delete from import_rows i using residents r
where r.phone = i.phone and r.name_key = name_key(i.name) and r.unit_id <> all($1::bigint[]) returning i.row`

// unstage takes the rows of such people away again and gives their numbers.
func unstage(ctx context.Context, tx *sql.Tx, scope Scope) (map[int]bool, error) {
	if scope == nil {
		return nil, nil
	}
	rows, err := tx.QueryContext(ctx, unstageSQL, scope)
	if err != nil {
		return nil, fmt.Errorf("look for people of other groups: %w", err)
	}
	defer rows.Close()
	outside := map[int]bool{}
	for rows.Next() {
		var row int
		if err := rows.Scan(&row); err != nil {
			return nil, fmt.Errorf("look for people of other groups: %w", err)
		}
		outside[row] = true
	}
	return outside, rows.Err()
}

// add rejects rows that were good by themselves, each in its place.
func (r *Rejects) add(from *columns, outside map[int]bool) {
	if len(outside) == 0 {
		return
	}
	for _, row := range from.body {
		if outside[row.number] {
			r.Rows = append(r.Rows, Reject{row.number, row.cells, rejectUnitOutside, reasonLivesOutside})
		}
	}
	slices.SortStableFunc(r.Rows, func(a, b Reject) int { return a.Row - b.Row })
}

// foldRowsSQL makes one person of the rows with the same number and name: of each fact the first row that tells it; agreed
// when a row is marked so and none refuses. Beside it stands what is known of that person already.
const foldRowsSQL = `create temp table import_people on commit drop as
with sorted as (
  select *, name_key(name) as name_key from import_rows order by phone, name_key(name), row
), people as (
  select phone, name_key, min(phone_kind) as phone_kind, bool_or(converted) as converted, (array_agg(name))[1] as name,
    (array_agg(name_fold))[1] as name_fold, (array_agg(birth_year) filter (where birth_year is not null))[1] as birth_year,
    coalesce((array_agg(gender) filter (where gender <> ''))[1], '') as gender, (array_agg(unit_id))[1] as unit_id,
    coalesce((array_agg(address) filter (where address <> ''))[1], '') as address, bool_or(wants_sms) as wants_sms,
    bool_or(wants_call) as wants_call, coalesce((array_agg(note) filter (where note <> ''))[1], '') as note,
    case when bool_or(consent = 'refused') then 'refused' when bool_or(consent = 'given') then 'given' else '' end as consent,
    min(row) as row
  from sorted group by phone, name_key
)
select p.*, r.id as resident_id, r.consent_at as consented_at, o.phone is not null as opted_out,
  p.consent = 'given' and o.phone is null and r.consent_at is null as agrees,
  p.consent = 'refused' and r.consent_at is not null as withdraws,
  r.id is not null and (
    r.unit_id <> p.unit_id or coalesce(p.birth_year <> r.birth_year, p.birth_year is not null and r.birth_year is null)
    or p.gender not in ('', r.gender) or p.address not in ('', r.address) or p.note not in ('', r.note)
    or coalesce(p.wants_sms <> r.wants_sms, false) or coalesce(p.wants_call <> r.wants_call, false)) as differs
from people p
left join residents r on r.phone = p.phone and r.name_key = p.name_key
left join opt_outs o on o.phone = p.phone`

const insertPeopleSQL = `insert into residents (phone, phone_kind, name, name_fold, birth_year, gender, unit_id, address, wants_sms, wants_call,
  note, consent_at, created_at, updated_at)
select phone, phone_kind, name, name_fold, birth_year, gender, unit_id, address, coalesce(wants_sms, true), coalesce(wants_call, false),
  note, case when agrees then $1::timestamptz end, $1, $1
from import_people where resident_id is null and row > $2 and row <= $3 order by row`

// updatePeopleSQL lets the newer list win where it says something; an empty cell erases nothing.
const updatePeopleSQL = `update residents r set unit_id = p.unit_id, birth_year = coalesce(p.birth_year, r.birth_year),
  gender = coalesce(nullif(p.gender, ''), r.gender), address = coalesce(nullif(p.address, ''), r.address),
  note = coalesce(nullif(p.note, ''), r.note), wants_sms = coalesce(p.wants_sms, r.wants_sms),
  wants_call = coalesce(p.wants_call, r.wants_call),
  consent_at = case when p.agrees then $1 when p.withdraws then null else r.consent_at end, updated_at = $1
from import_people p where r.id = p.resident_id and (p.differs or p.agrees or p.withdraws)`

const importConsentsSQL = `insert into consents (phone, resident_id, act, channel, ref, at)
select p.phone, r.id, case when p.agrees then 'given' else 'withdrawn' end, 'import', $2, $1
from import_people p join residents r on r.phone = p.phone and r.name_key = p.name_key
where p.agrees or p.withdraws order by p.row`

const importCountsSQL = `select count(*) filter (where resident_id is null),
  count(*) filter (where resident_id is not null and (differs or agrees or withdraws)),
  count(*) filter (where resident_id is not null and not (differs or agrees or withdraws)),
  (select count(*) from import_rows) - count(*),
  count(*) filter (where phone_kind = 'landline'), count(*) filter (where converted),
  count(*) filter (where consent <> 'given'), count(*) filter (where consent = 'given' and opted_out)
from import_people`

// apply turns the staged rows into residents and consents, and counts them.
func apply(ctx context.Context, tx *sql.Tx, ref string, now time.Time, r *Result, told steps) error {
	for _, step := range []struct {
		name, query string
		args        []any
		done        float64 // part of the whole import that is behind us then
	}{
		{"count on the rows", `analyze import_rows`, nil, partStaged}, // a fresh temporary table has no statistics: joins would be planned for a handful
		{"fold rows", foldRowsSQL, nil, partFolded},
		{"count on the people", `analyze import_people`, nil, partFolded},
		{"update", updatePeopleSQL, []any{now}, partFolded},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		told.at(step.done, step.done, 1, 1)
	}
	if err := addPeople(ctx, tx, now, told); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, importConsentsSQL, now, ref); err != nil {
		return fmt.Errorf("keep consents: %w", err)
	}
	if err := tx.QueryRowContext(ctx, importCountsSQL).Scan(&r.Imported, &r.Updated, &r.Unchanged, &r.Merged,
		&r.VoiceOnly, &r.Converted, &r.NoConsent, &r.StayedOut); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	told.at(1, 1, 1, 1)
	return nil
}

const lastRowSQL = `select coalesce(max(row), 0) from import_people`

// addRows a statement: often enough to tell how far it is, seldom enough that looking for them costs nothing.
const addRows = 20_000

func addPeople(ctx context.Context, tx *sql.Tx, now time.Time, told steps) error {
	var last int
	if err := tx.QueryRowContext(ctx, lastRowSQL).Scan(&last); err != nil {
		return fmt.Errorf("add: %w", err)
	}
	for row := 0; row < last; row += addRows {
		if _, err := tx.ExecContext(ctx, insertPeopleSQL, now, row, row+addRows); err != nil {
			return fmt.Errorf("add: %w", err)
		}
		told.at(partFolded, partAdded, min(row+addRows, last), last)
	}
	return nil
}
