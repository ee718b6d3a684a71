package residents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"canhgiac/internal/audit"
)

// Importer takes residents' lists as wards keep them.
type Importer struct {
	db    *sql.DB
	store *Store
	now   func() time.Time
}

// NewImporter imports into db.
func NewImporter(db *sql.DB, now func() time.Time) *Importer {
	return &Importer{db, NewStore(db, now), now}
}

// ImportOptions says what is imported, for whom.
type ImportOptions struct {
	FileName string // kept with the import; the kind of file is told by its bytes
	Ward     string // name of a loaded ward; "" = the ward this installation serves
	DryRun   bool   // everything but the commit
	Scope    Scope  // of By: rows of other groups are rejected, and so are people who live in one
	By       string // user name, token name, or "command"
	Role     string // for the audit row, as Addr
	Addr     string
	Progress func(done, total int) // rows, as steps counts them; may be nil
	// Within, where not nil, is the last act of the import's transaction: what it does stands or falls with the import.
	Within func(ctx context.Context, tx *sql.Tx, r Result) error
}

// Result counts what an import did, by the keys that the command prints. People, not rows, are counted by VoiceOnly,
// Converted and NoConsent; Imported + Updated + Unchanged + Merged + all Rejected = Rows.
type Result struct {
	Imported  int            `json:"imported"` // new people
	Updated   int            `json:"updated,omitempty"`
	Unchanged int            `json:"unchanged,omitempty"`
	Merged    int            `json:"merged_duplicate"` // rows whose person stands in an earlier row
	VoiceOnly int            `json:"voice_only_landline"`
	Converted int            `json:"converted_11_digit"`
	NoConsent int            `json:"no_consent"`
	StayedOut int            `json:"stayed_opted_out,omitempty"` // marked as agreeing, but opted out by their own act
	Rejected  map[string]int `json:"rejected"`
	Rows      int            `json:"rows"`

	Rejects Rejects `json:"-"`
}

// maxImport bytes: 200,000 rows are about 20 MB.
const maxImport = 64 << 20

// Import reads a CSV or .xlsx list and takes its good rows in one transaction; bad rows are told in Result.Rejects. A file
// that cannot be read as a list at all is a *FileError, whose text is for the ward's staff.
//
// A consent mark in a list never lifts an opt-out: the resident's own act is dated and proven, the mark is not, and lists
// are copied from older lists. Who wants messages again registers by key, by word or at the office.
func (i *Importer) Import(ctx context.Context, r io.Reader, o ImportOptions) (Result, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxImport+1))
	if err != nil {
		return Result{}, fmt.Errorf("import %s: %w", o.FileName, err)
	}
	if len(data) > maxImport {
		return Result{}, &FileError{fmt.Sprintf(wordTooBig, maxImport>>20)}
	}
	ward, groups, err := i.units(ctx, o.Ward)
	if err != nil {
		return Result{}, err
	}
	list, err := readSheet(data)
	if err != nil {
		return Result{}, err
	}
	now := i.now().UTC()
	columns, err := findColumns(list)
	if err != nil {
		return Result{}, err
	}
	people, rejects := columns.people(list, groups, o.Scope, now)
	result := Result{Rejected: map[string]int{}, Rows: len(people) + len(rejects.Rows), Rejects: rejects}
	sum := sha256.Sum256(data)
	if err := i.write(ctx, ward, people, columns, &result, hex.EncodeToString(sum[:]), now, o); err != nil {
		return Result{}, fmt.Errorf("import %s: %w", o.FileName, err)
	}
	return result, nil
}

func (i *Importer) units(ctx context.Context, name string) (ward Unit, groups map[string]int64, err error) {
	if name == "" {
		ward, err = i.store.Ward(ctx)
	} else {
		ward, err = i.store.WardByName(ctx, name)
	}
	switch {
	case errors.Is(err, ErrNoWard) && name == "":
		return ward, nil, &FileError{wordNoWard}
	case errors.Is(err, ErrNoWard):
		return ward, nil, &FileError{fmt.Sprintf(wordOtherWard, name)}
	}
	if err != nil {
		return ward, nil, err
	}
	list, err := i.store.Groups(ctx, ward.ID)
	groups = make(map[string]int64, len(list))
	for _, g := range list {
		groups[foldGroup(g.Name)] = g.ID
	}
	return ward, groups, err
}

const addImportSQL = `insert into imports (file_name, file_sha256, ward_id, by_user, at, counts) values ($1, $2, $3, $4, $5, '{}') returning id`

const finishImportSQL = `update imports set counts = $2 where id = $1`

// write stages the rows, folds them into people and applies those, all in one transaction.
func (i *Importer) write(ctx context.Context, ward Unit, rows []person, from *columns, result *Result, sum string, now time.Time, o ImportOptions) error {
	tx, err := i.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	var id int64
	if err := tx.QueryRowContext(ctx, addImportSQL, o.FileName, sum, ward.ID, o.By, now).Scan(&id); err != nil {
		return err
	}
	told := steps{o.Progress, len(rows)}
	if err := stage(ctx, tx, rows, told); err != nil {
		return err
	}
	outside, err := unstage(ctx, tx, o.Scope)
	if err != nil {
		return err
	}
	result.Rejects.add(from, outside)
	for _, r := range result.Rejects.Rows {
		result.Rejected[r.Key]++
	}
	if err := apply(ctx, tx, fmt.Sprintf("import:%d", id), now, result, told); err != nil {
		return err
	}
	var counts bytes.Buffer
	if err := json.NewEncoder(&counts).Encode(result); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, finishImportSQL, id, counts.String()); err != nil {
		return err
	}
	entry := audit.Entry{At: now, Who: o.By, Role: o.Role, Act: "resident.import", Object: fmt.Sprintf("import:%d", id), Detail: counts.String(), Addr: o.Addr}
	if err := audit.Write(ctx, tx, entry); err != nil {
		return err
	}
	if o.DryRun {
		return nil // rolled back
	}
	if o.Within != nil {
		if err := o.Within(ctx, tx, *result); err != nil {
			return err
		}
	}
	return tx.Commit()
}
