package sounds

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/ivr/prompts"
)

// Use is what callers heard of a line from a moment on.
type Use struct {
	Sound int64 // 0: the program's own
	By    string
	At    time.Time
}

const useSQL = `insert into sound_uses (line, voice, sound_id, by_user, at) values ($1, $2, $3, $4, $5)`

// lockLineSQL puts the acts on one line in a row.
const lockLineSQL = `select pg_advisory_xact_lock(hashtextextended('sound ' || $1 || ' ' || $2, 0))`

// Use puts a sound to use, in the caller's transaction. words are the line's now. Errors: ErrNotFound, ErrStale.
func (s *Store) Use(ctx context.Context, tx *sql.Tx, line prompts.Line, v prompts.Voice, id int64, by string) error {
	if _, err := tx.ExecContext(ctx, lockLineSQL, line.Name, v); err != nil {
		return fmt.Errorf("use sound %d: %w", id, err)
	}
	x, err := scanSound(tx.QueryRowContext(ctx, getSQL, id, line.Name, v))
	if err == nil && x.Text != line.In(v) {
		err = ErrStale
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, useSQL, line.Name, v, id, by, s.now().UTC())
	}
	if err != nil {
		return fmt.Errorf("use sound %d of %s: %w", id, line.Name, err)
	}
	return nil
}

// TakeBack gives a line the program's own sound again, in the caller's transaction.
func (s *Store) TakeBack(ctx context.Context, tx *sql.Tx, key prompts.Key, by string) error {
	if _, err := tx.ExecContext(ctx, lockLineSQL, key.Line, key.Voice); err != nil {
		return fmt.Errorf("take back the sound of %s: %w", key.Line, err)
	}
	if _, err := tx.ExecContext(ctx, useSQL, key.Line, key.Voice, 0, by, s.now().UTC()); err != nil {
		return fmt.Errorf("take back the sound of %s: %w", key.Line, err)
	}
	return nil
}

const usedSQL = `select sound_id from sound_uses where line = $1 and voice = $2 order by id desc limit 1`

const deleteSQL = `delete from sounds where id = $1 and line = $2 and voice = $3`

// Delete takes a sound that is not in use out of the database, in the caller's transaction: whose voice it is may want that.
// Errors: ErrNotFound, ErrInUse.
func (s *Store) Delete(ctx context.Context, tx *sql.Tx, key prompts.Key, id int64) error {
	if _, err := tx.ExecContext(ctx, lockLineSQL, key.Line, key.Voice); err != nil {
		return fmt.Errorf("delete sound %d: %w", id, err)
	}
	var used int64
	err := tx.QueryRowContext(ctx, usedSQL, key.Line, key.Voice).Scan(&used)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err == nil && used == id {
		err = ErrInUse
	}
	var n int64
	if err == nil {
		var done sql.Result
		if done, err = tx.ExecContext(ctx, deleteSQL, id, key.Line, key.Voice); err == nil {
			n, err = done.RowsAffected()
		}
	}
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete sound %d of %s: %w", id, key.Line, err)
	}
	return nil
}

const usesSQL = `select sound_id, by_user, at from sound_uses where line = $1 and voice = $2 order by id desc limit $3`

// Uses gives the last n uses of a line, the present one first.
func (s *Store) Uses(ctx context.Context, key prompts.Key, n int) ([]Use, error) {
	rows, err := s.db.QueryContext(ctx, usesSQL, key.Line, key.Voice, n)
	if err != nil {
		return nil, fmt.Errorf("uses of %s: %w", key.Line, err)
	}
	defer rows.Close()
	var all []Use
	for rows.Next() {
		var u Use
		if err := rows.Scan(&u.Sound, &u.By, &u.At); err != nil {
			return nil, fmt.Errorf("uses of %s: %w", key.Line, err)
		}
		all = append(all, u)
	}
	return all, rows.Err()
}

const inUseNowSQL = `
select u.line, u.voice, s.text, s.origin, s.speaker, s.id, s.lufs, s.peak, s.ms
from (select distinct on (line, voice) line, voice, sound_id from sound_uses order by line, voice, id desc) u
join sounds s on s.id = u.sound_id`

// InUse gives what the ward uses of its own, by the database, not by this node's memory.
func (s *Store) InUse(ctx context.Context) (map[prompts.Key]Sound, error) {
	rows, err := s.db.QueryContext(ctx, inUseNowSQL)
	if err != nil {
		return nil, fmt.Errorf("sounds in use: %w", err)
	}
	defer rows.Close()
	all := map[prompts.Key]Sound{}
	for rows.Next() {
		var x Sound
		var ms int64
		if err := rows.Scan(&x.Key.Line, &x.Key.Voice, &x.Text, &x.Origin, &x.Speaker, &x.ID, &x.Figures.Loudness, &x.Figures.Peak, &ms); err != nil {
			return nil, fmt.Errorf("sounds in use: %w", err)
		}
		x.Figures.Length = time.Duration(ms) * time.Millisecond
		all[x.Key] = x
	}
	return all, rows.Err()
}
