package reports

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/internal/audit"
)

// Tape is a recorded call in which a report was told (voice.recording).
type Tape struct {
	SID       string // names the sound (ivr's Taped)
	At        time.Time
	Seconds   int
	SHA256    string
	FetchedAt time.Time // from the provider; zero for one recorded by this program
}

const tapesSQL = `
select t.sid, t.at, t.seconds, t.sha256, t.fetched_at from call_recordings t join calls c on c.id = t.call_id
where c.report_id = $1 and t.purged_at is null order by t.at, t.sid`

func (s *Store) tapes(ctx context.Context, report int64) ([]Tape, error) {
	rows, err := s.db.QueryContext(ctx, tapesSQL, report)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Tape
	for rows.Next() {
		var t Tape
		var fetched sql.NullTime
		if err := rows.Scan(&t.SID, &t.At, &t.Seconds, &t.SHA256, &fetched); err != nil {
			return nil, err
		}
		t.At, t.FetchedAt = t.At.UTC(), fetched.Time
		all = append(all, t)
	}
	return all, rows.Err()
}

const reportIDSQL = `select id from reports where code = $1`

// ListenTape gives the nth recorded call of a report, from 1, and leaves the audit row of the listening. Error: ErrNotFound.
func (s *Store) ListenTape(ctx context.Context, code string, nth int, by By) (Tape, error) {
	code, err := ParseCode(code)
	if err != nil {
		return Tape{}, err
	}
	if err := s.inside(ctx, code, by); err != nil {
		return Tape{}, fmt.Errorf("recorded call %d of report %s: %w", nth, code, err)
	}
	var id int64
	err = s.db.QueryRowContext(ctx, reportIDSQL, code).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Tape{}, ErrNotFound
	}
	if err != nil {
		return Tape{}, fmt.Errorf("recorded call %d of report %s: %w", nth, code, err)
	}
	all, err := s.tapes(ctx, id)
	if err != nil {
		return Tape{}, fmt.Errorf("recorded call %d of report %s: %w", nth, code, err)
	}
	if nth < 1 || nth > len(all) {
		return Tape{}, ErrNotFound
	}
	t := all[nth-1]
	return t, audit.Write(ctx, s.db, by.entry(s.now(), "report.listen_call", code, t.SID))
}
