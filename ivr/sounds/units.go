package sounds

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"canhgiac/ivr/prompts"
)

// voiceOfSQL climbs from where the number's people live to the largest unit; a number that nobody knows is the ward's.
const voiceOfSQL = `
with recursive home as (
  select id, parent_id, 0 as up from units where id = (select unit_id from residents where phone = $1 order by id limit 1)
  union all
  select u.id, u.parent_id, h.up + 1 from units u join home h on u.id = h.parent_id
), ward as (
  select id from units where kind = 'ward' and valid_to is null order by id limit 1
)
select v.voice from unit_voices v
left join home h on h.id = v.unit_id
where h.id is not null or v.unit_id = (select id from ward)
order by h.up nulls last limit 1`

// VoiceOf tells with which voice a number is spoken to: its household's group's, its ward's, or the installation's.
func (s *Store) VoiceOf(ctx context.Context, tx *sql.Tx, phone string) (prompts.Voice, error) {
	v := s.voice
	err := tx.QueryRowContext(ctx, voiceOfSQL, phone).Scan(&v)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("voice of a number: %w", err)
	}
	return v, nil
}

const unitVoicesSQL = `select unit_id, voice from unit_voices`

// UnitVoices gives the units that have a voice of their own.
func (s *Store) UnitVoices(ctx context.Context) (map[int64]prompts.Voice, error) {
	rows, err := s.db.QueryContext(ctx, unitVoicesSQL)
	if err != nil {
		return nil, fmt.Errorf("voices of units: %w", err)
	}
	defer rows.Close()
	all := map[int64]prompts.Voice{}
	for rows.Next() {
		var id int64
		var v prompts.Voice
		if err := rows.Scan(&id, &v); err != nil {
			return nil, fmt.Errorf("voices of units: %w", err)
		}
		all[id] = v
	}
	return all, rows.Err()
}

const setVoiceSQL = `
insert into unit_voices (unit_id, voice, by_user, at) values ($1, $2, $3, $4)
on conflict (unit_id) do update set voice = excluded.voice, by_user = excluded.by_user, at = excluded.at`

const dropVoiceSQL = `delete from unit_voices where unit_id = $1`

// SetVoice gives a unit a voice from its next call on, in the caller's transaction; "" is the larger unit's.
func (s *Store) SetVoice(ctx context.Context, tx *sql.Tx, unit int64, v prompts.Voice, by string) error {
	var err error
	if v == "" {
		_, err = tx.ExecContext(ctx, dropVoiceSQL, unit)
	} else {
		_, err = tx.ExecContext(ctx, setVoiceSQL, unit, v, by, s.now().UTC())
	}
	if err != nil {
		return fmt.Errorf("voice of unit %d: %w", unit, err)
	}
	return nil
}

// Default is the voice of whom no unit's is set for.
func (s *Store) Default() prompts.Voice { return s.voice }
