package residents

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"canhgiac/internal/audit"
)

// DoNotCallList is one dated edition of the national Do-Not-Call list.
type DoNotCallList struct {
	Name   string    // of the file
	Dated  time.Time // the day that it tells of
	Shrink bool      // it may drop more than half of the numbers: without this, such a file counts as cut off
	By     string    // user name, or "command"
}

// DoNotCallResult counts what an edition changed.
type DoNotCallResult struct {
	Numbers  int `json:"numbers"`
	Added    int `json:"added"`
	Removed  int `json:"removed"`
	Rejected int `json:"rejected"`

	Rejects Rejects `json:"-"`
}

// keptRejects bounds the rows that are told one by one.
const keptRejects = 10_000

const stageDoNotCallSQL = `create temporary table do_not_call_stage (phone text not null) on commit drop`

// lockDoNotCallSQL lets two imports follow each other; readers go on.
const lockDoNotCallSQL = `lock table do_not_call_lists in share row exclusive mode`

const newestDoNotCallSQL = `select max(dated) from do_not_call_lists`

const countDoNotCallSQL = `
select count(distinct s.phone), (select count(*) from do_not_call),
       (select count(*) from do_not_call d where not exists (select from do_not_call_stage t where t.phone = d.phone))
from do_not_call_stage s`

const dropDoNotCallSQL = `delete from do_not_call d where not exists (select from do_not_call_stage s where s.phone = d.phone)`

const addDoNotCallSQL = `
insert into do_not_call (phone, since) select distinct phone, $1::date from do_not_call_stage on conflict (phone) do nothing`

const keepDoNotCallListSQL = `
insert into do_not_call_lists (dated, name, sha256, numbers, added, removed, rejected, loaded_at, loaded_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// ReplaceDoNotCall puts l in the place of the edition before, in one transaction. Each row of r begins with a number; what
// is none is told in Rejects, while the rest is taken: a number that is left out is one that is messaged against its
// owner's will. A *FileError says why a file is refused whole.
func (s *Store) ReplaceDoNotCall(ctx context.Context, r io.Reader, l DoNotCallList) (DoNotCallResult, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return DoNotCallResult{}, fmt.Errorf("load a do-not-call list: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, lockDoNotCallSQL); err != nil {
		return DoNotCallResult{}, fmt.Errorf("load a do-not-call list: %w", err)
	}
	var newest sql.NullTime
	if err := tx.QueryRowContext(ctx, newestDoNotCallSQL).Scan(&newest); err != nil {
		return DoNotCallResult{}, fmt.Errorf("load a do-not-call list: %w", err)
	}
	if newest.Valid && l.Dated.Before(newest.Time) {
		return DoNotCallResult{}, &FileError{fmt.Sprintf(wordListOlder, l.Dated.Format("02/01/2006"), newest.Time.Format("02/01/2006"))}
	}
	digest := sha256.New()
	result, err := stageDoNotCall(ctx, tx, r, digest)
	if err != nil {
		return DoNotCallResult{}, err
	}
	var before int
	if err := tx.QueryRowContext(ctx, countDoNotCallSQL).Scan(&result.Numbers, &before, &result.Removed); err != nil {
		return DoNotCallResult{}, fmt.Errorf("load a do-not-call list: %w", err)
	}
	switch {
	case result.Numbers == 0:
		return result, &FileError{wordListEmpty}
	case !l.Shrink && result.Removed*2 > before:
		return result, &FileError{fmt.Sprintf(wordListShrinks, result.Removed, before)}
	}
	result.Added = result.Numbers - (before - result.Removed)
	if _, err := tx.ExecContext(ctx, dropDoNotCallSQL); err != nil {
		return result, fmt.Errorf("load a do-not-call list: %w", err)
	}
	if _, err := tx.ExecContext(ctx, addDoNotCallSQL, l.Dated); err != nil {
		return result, fmt.Errorf("load a do-not-call list: %w", err)
	}
	now := s.now().UTC()
	if _, err := tx.ExecContext(ctx, keepDoNotCallListSQL, l.Dated, l.Name, hex.EncodeToString(digest.Sum(nil)),
		result.Numbers, result.Added, result.Removed, result.Rejected, now, l.By); err != nil {
		return result, fmt.Errorf("load a do-not-call list: %w", err)
	}
	err = audit.Write(ctx, tx, audit.Entry{At: now, Who: l.By, Role: "operator", Act: "donotcall.replace", Object: "donotcall:" + l.Dated.Format(time.DateOnly),
		Detail: fmt.Sprintf("%d numbers, %d added, %d removed, %d rows rejected", result.Numbers, result.Added, result.Removed, result.Rejected)})
	if err != nil {
		return result, err
	}
	return result, tx.Commit()
}

// stageDoNotCall streams the file into the stage: the national list has millions of rows.
func stageDoNotCall(ctx context.Context, tx *sql.Tx, r io.Reader, digest hash.Hash) (result DoNotCallResult, err error) {
	if _, err := tx.ExecContext(ctx, stageDoNotCallSQL); err != nil {
		return result, fmt.Errorf("load a do-not-call list: %w", err)
	}
	file := bufio.NewReaderSize(io.TeeReader(r, digest), 64<<10)
	first, err := file.Peek(2048)
	if err != nil && !errors.Is(err, io.EOF) {
		return result, fmt.Errorf("read a do-not-call list: %w", err)
	}
	if bytes.IndexByte(first, 0) >= 0 || bytes.HasPrefix(first, []byte("PK")) {
		return result, &FileError{wordListNoText}
	}
	if bytes.HasPrefix(first, []byte("\ufeff")) {
		_, _ = file.Discard(len("\ufeff")) // it has been peeked at
	}
	rows := csv.NewReader(file)
	rows.Comma, rows.FieldsPerRecord, rows.LazyQuotes, rows.ReuseRecord = delimiter(first), -1, true, true
	stage, err := tx.PrepareContext(ctx, `copy do_not_call_stage (phone) from stdin`)
	if err != nil {
		return result, fmt.Errorf("load a do-not-call list: %w", err)
	}
	if err := copyPhones(ctx, stage, rows, &result); err != nil {
		return result, errors.Join(err, stage.Close()) // lib/pq cannot roll back within a COPY
	}
	return result, stage.Close()
}

func copyPhones(ctx context.Context, stage *sql.Stmt, rows *csv.Reader, result *DoNotCallResult) error {
	for taken := 0; ; {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read a do-not-call list: %w", err)
		}
		p, err := ParsePhone(cells[0])
		if err != nil {
			line, _ := rows.FieldPos(0)
			result.reject(line, cells, taken)
			continue
		}
		taken++
		if _, err := stage.ExecContext(ctx, string(p.Phone)); err != nil {
			return fmt.Errorf("load a do-not-call list: %w", err)
		}
	}
	if _, err := stage.ExecContext(ctx); err != nil { // COPY tells of its errors at the end
		return fmt.Errorf("load a do-not-call list: %w", err)
	}
	return nil
}

// reject notes a row that begins with no number. The first row of a file may be its header.
func (r *DoNotCallResult) reject(line int, cells []string, taken int) {
	if line == 1 && taken == 0 {
		r.Rejects.Header = append([]string(nil), cells...)
		return
	}
	if r.Rejected++; r.Rejected <= keptRejects {
		r.Rejects.Rows = append(r.Rejects.Rows, Reject{Row: line, Cells: append([]string(nil), cells...), Reason: wordListRow})
	}
}
