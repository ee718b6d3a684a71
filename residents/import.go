package residents

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"time"
)

// Importer takes residents' lists as wards keep them.
type Importer struct {
	db  *sql.DB
	now func() time.Time
}

// NewImporter imports into db.
func NewImporter(db *sql.DB, now func() time.Time) *Importer { return &Importer{db, now} }

// ImportOptions says what is imported, for whom.
type ImportOptions struct {
	FileName string // kept with the import; the kind of file is told by its bytes
	Ward     string // name of a loaded ward; "" = the ward this installation serves
	DryRun   bool   // everything but the commit
	By       string // user name, or "command"
	Role     string // for the audit row
	Addr     string // for the audit row
	Progress func(done, total int)
}

// Result counts what an import did, by the keys that the command prints.
type Result struct {
	Imported      int            `json:"imported"` // new people
	Updated       int            `json:"updated,omitempty"`
	Unchanged     int            `json:"unchanged,omitempty"`
	Merged        int            `json:"merged_duplicate"` // rows whose person stands in an earlier row
	VoiceOnly     int            `json:"voice_only_landline"`
	Converted     int            `json:"converted_11_digit"`
	NoConsent     int            `json:"no_consent"`
	StillOptedOut int            `json:"still_opted_out,omitempty"` // marked as agreed in the list, but opted out by their own act
	Rejected      map[string]int `json:"rejected"`
	Rows          int            `json:"rows"`

	Header  []string `json:"-"`
	Rejects []Reject `json:"-"`
}

// Reject is a row that was not taken.
type Reject struct {
	Row    int // as a spreadsheet counts: the header is 1
	Cells  []string
	Key    string
	Reason string // for the ward's staff
}

// Import reads a CSV or .xlsx list and takes its good rows in one transaction.
func (i *Importer) Import(ctx context.Context, r io.Reader, o ImportOptions) (Result, error) {
	return Result{}, errors.ErrUnsupported
}
