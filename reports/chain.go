package reports

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Entry is one raw step of a call or message: where in the menu, what was pressed, what the provider sent.
type Entry struct {
	At        time.Time
	Node, Key string
	Raw       string
}

// Log adds e to the report's record. Nothing of the record can be changed later; its order is that of the calls of Log.
func (s *Store) Log(ctx context.Context, tx *sql.Tx, reportID int64, e Entry) error {
	if err := s.append(ctx, tx, reportID, event{At: e.At, Act: "key", Node: e.Node, Key: e.Key, Raw: e.Raw}); err != nil {
		return fmt.Errorf("log a step of report %d: %w", reportID, err)
	}
	return nil
}

// Event is one line of a report's record.
type Event struct {
	Seq            int
	At             time.Time
	Act            string // opened, key, sent, cancelled, moved, note, term
	Node, Key, Raw string
	Who            string // the officer; "" for the resident
	Hash           string // hex
}

// event is an Event as it is hashed: SHA-256 over the hash before (32 zero bytes at first) and this as JSON, fields in
// this order, At in UTC with microseconds, which is what PostgreSQL keeps.
type event struct {
	Report int64     `json:"report"`
	Seq    int       `json:"seq"`
	At     time.Time `json:"at"`
	Act    string    `json:"act"`
	Node   string    `json:"node"`
	Key    string    `json:"key"`
	Raw    string    `json:"raw"`
	Who    string    `json:"who"`
}

func (e event) hash(prev []byte) ([]byte, error) {
	canonical, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(bytes.Clone(prev), canonical...))
	return sum[:], nil
}

const lockReportSQL = `select id from reports where id = $1 for update`

const headSQL = `select seq, hash from report_events where report_id = $1 order by seq desc limit 1`

const appendSQL = `
insert into report_events (report_id, seq, at, act, node, key, raw, who, prev_hash, hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

func (s *Store) append(ctx context.Context, tx *sql.Tx, reportID int64, e event) error {
	// The lock is a statement of its own, so that two steps of one report cannot take the same place in its chain: the
	// head is then read by a later snapshot, which sees what this transaction waited for.
	if err := tx.QueryRowContext(ctx, lockReportSQL, reportID).Scan(&e.Report); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		return err
	}
	prev := make([]byte, sha256.Size)
	if err := tx.QueryRowContext(ctx, headSQL, reportID).Scan(&e.Seq, &prev); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	e.Seq++
	e.At = e.At.UTC().Truncate(time.Microsecond)
	e.Raw = strings.ReplaceAll(strings.ToValidUTF8(e.Raw, "\ufffd"), "\x00", "\ufffd") // PostgreSQL refuses both
	hash, err := e.hash(prev)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, appendSQL, e.Report, e.Seq, e.At, e.Act, e.Node, e.Key, e.Raw, e.Who, prev, hash)
	return err
}

const eventsSQL = `
select seq, at, act, node, key, raw, who, prev_hash, hash from report_events where report_id = $1 order by seq`

// Record is how a report was made.
type Record struct {
	Events []Event
	End    string // the last hash: who has noted it can tell later whether anything was changed or cut off
	Broken int    // the first line that does not fit the one before, 0: all fit
}

func (s *Store) record(ctx context.Context, reportID int64) (Record, error) {
	rows, err := s.db.QueryContext(ctx, eventsSQL, reportID)
	if err != nil {
		return Record{}, err
	}
	defer rows.Close()
	var rec Record
	prev := make([]byte, sha256.Size)
	for rows.Next() {
		e := event{Report: reportID}
		var keptPrev, kept []byte
		if err := rows.Scan(&e.Seq, &e.At, &e.Act, &e.Node, &e.Key, &e.Raw, &e.Who, &keptPrev, &kept); err != nil {
			return Record{}, err
		}
		e.At = e.At.UTC()
		hash, err := e.hash(prev)
		if err != nil {
			return Record{}, err
		}
		fits := bytes.Equal(hash, kept) && bytes.Equal(prev, keptPrev) && e.Seq == len(rec.Events)+1
		if !fits && rec.Broken == 0 {
			rec.Broken = len(rec.Events) + 1
		}
		prev = kept
		rec.Events = append(rec.Events, Event{e.Seq, e.At, e.Act, e.Node, e.Key, e.Raw, e.Who, hex.EncodeToString(kept)})
	}
	rec.End = hex.EncodeToString(prev)
	return rec, rows.Err()
}
