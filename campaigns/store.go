package campaigns

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway"
	"canhgiac/internal/audit"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// Options are what a ward sets for all its campaigns.
type Options struct {
	Traps []Trap          // words to warn of, from the texts
	Hours schedules.Hours // of a new campaign
	Caps  gateway.Caps    // of a new campaign; zero: none

	Caller    Caller          // nil: campaigns go by SMS alone
	Voices    []Voice         // what calls can say
	CallHours schedules.Hours // of calls, within a campaign's own; zero: any
	CallAfter time.Duration   // how long after a message without a receipt a call is made; zero: a day
	Log       *slog.Logger
}

// Store keeps campaigns, their history and their runs.
type Store struct {
	db  *sql.DB
	now func() time.Time
	gw  *gateway.Store
	rs  *residents.Store
	sch *schedules.Store
	o   Options
}

// NewStore gives a store over db; now is the clock.
func NewStore(db *sql.DB, now func() time.Time, gw *gateway.Store, rs *residents.Store, sch *schedules.Store, o Options) *Store {
	if o.Hours.IsZero() {
		o.Hours = schedules.Hours{From: 7 * 60, To: 22 * 60} // NĐ 91/2020 Điều 13
	}
	if o.CallAfter == 0 {
		o.CallAfter = 24 * time.Hour
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Store{db: db, now: now, gw: gw, rs: rs, sch: sch, o: o}
}

// Blank is a new campaign with the ward's defaults: plain text, Monday at eight.
func (s *Store) Blank() Campaign {
	return Campaign{Contents: []Content{{}}, Form: Plain, Channel: ChannelSMS, Cron: "0 8 * * 1", Hours: s.o.Hours, Caps: s.o.Caps, State: Draft}
}

// Voices are what a campaign's calls can say; none where it cannot call.
func (s *Store) Voices() []Voice {
	if s.o.Caller == nil {
		return nil
	}
	return s.o.Voices
}

// Traps are the words that Warnings should be asked with.
func (s *Store) Traps() []Trap { return s.o.Traps }

// in runs f in a transaction.
func (s *Store) in(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// knownUnits are the units that a campaign of this ward may name.
func (s *Store) knownUnits(ctx context.Context) ([]int64, error) {
	ward, err := s.rs.Ward(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := s.rs.Groups(ctx, ward.ID)
	if err != nil {
		return nil, err
	}
	ids := []int64{ward.ID}
	for _, g := range groups {
		ids = append(ids, g.ID)
	}
	return ids, nil
}

// Check gives what is wrong with c as it stands, without keeping it, when somebody with scope writes it. It is what Create and
// Update refuse by.
func (s *Store) Check(ctx context.Context, c Campaign, scope residents.Scope) ([]Problem, error) {
	known, err := s.knownUnits(ctx)
	if err != nil {
		return nil, fmt.Errorf("check campaign: %w", err)
	}
	c = tidy(c)
	found := check(c, known)
	if !scope.HasAll(c.Units) {
		found = append(found, Problem{Field: "units", Code: "units_outside"})
	}
	for i, content := range c.Contents {
		for _, p := range s.CheckCarriers(content, c.Form) {
			p.Field = fmt.Sprintf("contents.%d.%s", i, p.Field)
			found = append(found, p)
		}
		if c.Calls() && !slices.ContainsFunc(s.Voices(), func(v Voice) bool { return v.Name == content.Voice }) {
			found = append(found, Problem{Field: fmt.Sprintf("contents.%d.voice", i), Code: "voice_missing"})
		}
	}
	return found, nil
}

func (s *Store) valid(ctx context.Context, c Campaign, scope residents.Scope) error {
	found, err := s.Check(ctx, c, scope)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return &InvalidError{found}
	}
	return nil
}

const insertSQL = `
insert into campaigns (name, contents, form, units, channel, cron, hours, cap_day, cap_week, urgent, urgent_reason, resend,
  state, author, copied_from, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'draft', $13, $14, $15, $15)
returning id`

// Create keeps a new draft. What is wrong with it is an *InvalidError.
func (s *Store) Create(ctx context.Context, c Campaign, by User) (int64, error) {
	if err := s.valid(ctx, c, by.Scope); err != nil {
		return 0, err
	}
	var id int64
	err := s.in(ctx, func(tx *sql.Tx) (err error) {
		id, err = s.create(ctx, tx, c, by)
		return err
	})
	return id, err
}

func (s *Store) create(ctx context.Context, tx *sql.Tx, c Campaign, by User) (int64, error) {
	c = tidy(c)
	contents, err := json.Marshal(c.Contents)
	if err != nil {
		return 0, fmt.Errorf("create campaign: %w", err)
	}
	var id int64
	err = tx.QueryRowContext(ctx, insertSQL, c.Name, string(contents), c.Form, pq.Array(c.Units), c.Channel, c.Cron, c.Hours,
		c.Caps.PerDay, c.Caps.PerWeek, c.Urgent, c.UrgentReason, c.Resend, by.Name,
		sql.NullInt64{Int64: c.CopiedFrom, Valid: c.CopiedFrom != 0}, s.now().UTC()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("create campaign: %w", err)
	}
	detail := ""
	if c.CopiedFrom != 0 {
		detail = "copy of " + Subject(c.CopiedFrom)
	}
	return id, s.record(ctx, tx, id, ActCreate, "", Draft, by, detail)
}

const updateSQL = `
update campaigns set name = $2, contents = $3, form = $4, units = $5, channel = $6, cron = $7, hours = $8, cap_day = $9,
  cap_week = $10, urgent = $11, urgent_reason = $12, resend = $13, updated_at = $14, revision = revision + 1,
  editors = case when lower($15) = lower(author) or $15 = any(editors) then editors else editors || $15 end
where id = $1`

// Update changes a draft. ErrMove when it is none any more, ErrChanged when c.Revision is not its latest.
func (s *Store) Update(ctx context.Context, c Campaign, by User) error {
	if err := s.valid(ctx, c, by.Scope); err != nil {
		return err
	}
	c = tidy(c)
	contents, err := json.Marshal(c.Contents)
	if err != nil {
		return fmt.Errorf("update campaign %d: %w", c.ID, err)
	}
	return s.act(ctx, c.ID, ActEdit, by, "", func(tx *sql.Tx, old Campaign) error {
		if old.Revision != c.Revision {
			return fmt.Errorf("update campaign %d: %w", c.ID, ErrChanged)
		}
		_, err := tx.ExecContext(ctx, updateSQL, c.ID, c.Name, string(contents), c.Form, pq.Array(c.Units), c.Channel, c.Cron, c.Hours,
			c.Caps.PerDay, c.Caps.PerWeek, c.Urgent, c.UrgentReason, c.Resend, s.now().UTC(), by.Name)
		return err
	})
}

// Copy gives a new draft with what id says, to send it again or to change it; of its units, those that are by's.
func (s *Store) Copy(ctx context.Context, id int64, by User) (int64, error) {
	c, err := s.Get(ctx, id, by.Scope)
	if err != nil {
		return 0, err
	}
	ward, err := s.rs.Ward(ctx)
	if err != nil {
		return 0, fmt.Errorf("copy campaign %d: %w", id, err)
	}
	c.CopiedFrom, c.Units = id, by.Scope.Narrow(c.Units, ward.ID)
	var copied int64
	err = s.in(ctx, func(tx *sql.Tx) (err error) {
		copied, err = s.create(ctx, tx, c, by)
		return err
	})
	return copied, err
}

const columns = `id, name, contents, form, units, channel, cron, hours, cap_day, cap_week, urgent, urgent_reason, resend,
  state, author, editors, approver, second_approver, coalesce(copied_from, 0), revision, created_at, updated_at`

func scan(row interface{ Scan(...any) error }) (Campaign, error) {
	var c Campaign
	var contents string
	if err := row.Scan(&c.ID, &c.Name, &contents, &c.Form, pq.Array(&c.Units), &c.Channel, &c.Cron, &c.Hours, &c.Caps.PerDay, &c.Caps.PerWeek,
		&c.Urgent, &c.UrgentReason, &c.Resend, &c.State, &c.Author, pq.Array(&c.Editors), &c.Approver, &c.SecondApprover,
		&c.CopiedFrom, &c.Revision, &c.CreatedAt, &c.UpdatedAt); err != nil {
		return Campaign{}, err
	}
	return c, json.Unmarshal([]byte(contents), &c.Contents)
}

const getSQL = `select ` + columns + ` from campaigns where id = $1`

// touchesSQL tells whether a campaign reaches anybody in the scope $2. One for the whole ward reaches everybody.
const touchesSQL = `
select c.units && $2::bigint[] or exists (select from units u where u.id = any(c.units) and u.kind <> 'group') from campaigns c where c.id = $1`

// Get gives one campaign, or ErrNotFound, or residents.ErrOutside when it reaches nobody in scope.
func (s *Store) Get(ctx context.Context, id int64, scope residents.Scope) (Campaign, error) {
	c, err := get(s.db.QueryRowContext(ctx, getSQL, id), id)
	if err != nil || scope == nil {
		return c, err
	}
	var touches bool
	if err := s.db.QueryRowContext(ctx, touchesSQL, id, scope).Scan(&touches); err != nil {
		return Campaign{}, fmt.Errorf("campaign %d: %w", id, err)
	}
	if !touches {
		return Campaign{}, fmt.Errorf("campaign %d: %w", id, residents.ErrOutside)
	}
	return c, nil
}

func get(row *sql.Row, id int64) (Campaign, error) {
	c, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Campaign{}, fmt.Errorf("campaign %d: %w", id, err)
	}
	return c, nil
}

const listSQL = `select ` + columns + ` from campaigns
where (cardinality($1::text[]) = 0 or state = any($1))
  and ($3::bigint[] is null or units && $3 or exists (select from units u where u.id = any(campaigns.units) and u.kind <> 'group'))
order by id desc limit $2`

// List gives the newest campaigns that reach anybody in scope, of the given states or of all.
func (s *Store) List(ctx context.Context, scope residents.Scope, limit int, states ...State) ([]Campaign, error) {
	named := make([]string, len(states))
	for i, st := range states {
		named[i] = string(st)
	}
	rows, err := s.db.QueryContext(ctx, listSQL, pq.Array(named), limit, scope)
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", err)
	}
	defer rows.Close()
	var all []Campaign
	for rows.Next() {
		c, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list campaigns: %w", err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// HistoryEntry is one act on a campaign.
type HistoryEntry struct {
	At       time.Time
	Who      string
	Role     string
	Act      Act
	From, To State
	Detail   string // a reason given, or what the machine did
}

const recordSQL = `
insert into campaign_history (campaign_id, at, who, role, act, from_state, to_state, detail) values ($1, $2, $3, $4, $5, $6, $7, $8)`

// record leaves an act in the campaign's history and in the audit log. What an act changes is soon counted.
func (s *Store) record(ctx context.Context, tx *sql.Tx, id int64, act Act, from, to State, by User, detail string) error {
	at := s.now().UTC()
	if _, err := tx.ExecContext(ctx, recordSQL, id, at, by.Name, by.Role, act, from, to, detail); err != nil {
		return fmt.Errorf("record %s of campaign %d: %w", act, id, err)
	}
	if _, err := tx.ExecContext(ctx, dueSQL, id, at); err != nil {
		return fmt.Errorf("record %s of campaign %d: %w", act, id, err)
	}
	return audit.Write(ctx, tx, audit.Entry{At: at, Who: by.Name, Role: by.Role, Act: "campaign." + string(act), Object: Subject(id), Detail: detail, Addr: by.Addr})
}

const historySQL = `select at, who, role, act, from_state, to_state, detail from campaign_history where campaign_id = $1 order by id desc`

// History gives every act on a campaign, newest first.
func (s *Store) History(ctx context.Context, id int64) ([]HistoryEntry, error) {
	rows, err := s.db.QueryContext(ctx, historySQL, id)
	if err != nil {
		return nil, fmt.Errorf("history of campaign %d: %w", id, err)
	}
	defer rows.Close()
	var all []HistoryEntry
	for rows.Next() {
		var h HistoryEntry
		if err := rows.Scan(&h.At, &h.Who, &h.Role, &h.Act, &h.From, &h.To, &h.Detail); err != nil {
			return nil, fmt.Errorf("history of campaign %d: %w", id, err)
		}
		all = append(all, h)
	}
	return all, rows.Err()
}

const latestSQL = `select coalesce(max(id), 0) from campaign_history`

// Latest grows with each act on any campaign: pages ask by it whether there is something new.
func (s *Store) Latest(ctx context.Context) (int64, error) {
	var n int64
	if err := s.db.QueryRowContext(ctx, latestSQL).Scan(&n); err != nil {
		return 0, fmt.Errorf("latest act on a campaign: %w", err)
	}
	return n, nil
}
