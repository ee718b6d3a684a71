package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/residents"
)

// Kept is why nobody acted on an inbound message. It stays for people to read: a broken report may be a victim's.
type Kept string

// The reasons; empty where the message was acted on.
const (
	KeptUnknown Kept = "unknown" // it begins with no word that the ward knows
	KeptBroken  Kept = "broken"  // its first part, where the word stands, never came
	KeptLate    Kept = "late"    // the whole of a message whose beginning was acted on before the rest came
	KeptMachine Kept = "machine" // its sender is no phone: a short code, a name
)

// KeptReasons are all of them.
func KeptReasons() []Kept { return []Kept{KeptUnknown, KeptBroken, KeptLate, KeptMachine} }

// KeptMessage is an inbound message that nobody acted on.
type KeptMessage struct {
	ID     int64
	From   residents.Phone // or the address as it came, where Kept is KeptMachine
	To     string
	Text   string
	At     time.Time
	Kept   Kept
	SeenAt time.Time // when an officer took it off the list; zero: not yet
	SeenBy string
}

// KeptFilter chooses from the kept messages.
type KeptFilter struct {
	Kept   Kept            // empty: all but those of machines
	Seen   bool            // those that were read, in place of those that were not
	Scope  residents.Scope // senders who live there, and those who live nowhere that is known
	Limit  int
	Offset int
}

// keptInScope holds messages to the scope $3. Who is no resident is everybody's: a message must never be invisible to all.
const keptInScope = `($3::bigint[] is null or not exists (select from residents r where r.phone = inbound.phone)
  or exists (select from residents r where r.phone = inbound.phone and r.unit_id = any($3)))`

const keptWhereSQL = ` from inbound
where kept <> '' and (kept = $1 or $1 = '' and kept <> 'machine') and (seen_at is not null) = $2 and ` + keptInScope

const keptSQL = `
select id, phone, recipient, text, at, kept, seen_at, seen_by` + keptWhereSQL + ` order by id desc limit $4 offset $5`

// Kept gives the messages of a filter, newest first, and how many there are.
func (s *Store) Kept(ctx context.Context, f KeptFilter) (list []KeptMessage, total int, err error) {
	if err := s.db.QueryRowContext(ctx, `select count(*)`+keptWhereSQL, f.Kept, f.Seen, f.Scope).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count kept messages: %w", err)
	}
	rows, err := s.db.QueryContext(ctx, keptSQL, f.Kept, f.Seen, f.Scope, f.Limit, f.Offset)
	if err != nil {
		return nil, 0, fmt.Errorf("list kept messages: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		m, err := scanKept(rows)
		if err != nil {
			return nil, 0, fmt.Errorf("list kept messages: %w", err)
		}
		list = append(list, m)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("list kept messages: %w", err)
	}
	return list, total, nil
}

// keptLatestSQL looks at the newest thousand unread alone: a list that nobody reads must not make the question long.
const keptLatestSQL = `
select coalesce(max(id), 0), count(*) from (select id from inbound where kept <> '' and seen_at is null order by id desc limit 1000) unread`

// KeptLatest gives where the list of unread messages stands, in a form that changes when one comes or is read.
func (s *Store) KeptLatest(ctx context.Context) (string, error) {
	var newest, unread int64
	if err := s.db.QueryRowContext(ctx, keptLatestSQL).Scan(&newest, &unread); err != nil {
		return "", fmt.Errorf("look for kept messages: %w", err)
	}
	return fmt.Sprintf("%d.%d", newest, unread), nil
}

func scanKept(row interface{ Scan(...any) error }, more ...any) (KeptMessage, error) {
	var m KeptMessage
	var seen sql.NullTime
	err := row.Scan(append([]any{&m.ID, &m.From, &m.To, &m.Text, &m.At, &m.Kept, &seen, &m.SeenBy}, more...)...)
	m.SeenAt = seen.Time
	return m, err
}

// seeSQL: its last column tells whether the one who takes it may.
const seeSQL = `
update inbound set seen_at = $2, seen_by = $4 where id = $1 and kept <> '' and seen_at is null
returning id, phone, recipient, text, at, kept, seen_at, seen_by, ` + keptInScope

// See takes a kept message off the list within the caller's transaction. ErrNotFound: there is none, or another officer was
// quicker. residents.ErrOutside: its sender lives outside of scope; the transaction is then to be rolled back.
func (s *Store) See(ctx context.Context, tx *sql.Tx, id int64, by string, scope residents.Scope) (KeptMessage, error) {
	var inside bool
	m, err := scanKept(tx.QueryRowContext(ctx, seeSQL, id, s.now().UTC(), scope, by), &inside)
	if err == nil && !inside {
		err = residents.ErrOutside
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return KeptMessage{}, fmt.Errorf("take inbound message %d off the list: %w", id, err)
	}
	return m, nil
}
