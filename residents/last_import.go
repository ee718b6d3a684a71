package residents

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Imported is an import as it was kept.
type Imported struct {
	ID       int64
	FileName string
	By       string
	At       time.Time
	Result
}

// RejectedRows is how many rows were not taken, for whatever reason.
func (i Imported) RejectedRows() int {
	n := 0
	for _, of := range i.Rejected {
		n += of
	}
	return n
}

const lastImportSQL = `select id, file_name, by_user, at, counts from imports order by id desc limit 1`

// LastImport gives the newest import, or ErrNotFound.
func (s *Store) LastImport(ctx context.Context) (Imported, error) {
	var i Imported
	var counts []byte
	err := s.db.QueryRowContext(ctx, lastImportSQL).Scan(&i.ID, &i.FileName, &i.By, &i.At, &counts)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal(counts, &i.Result)
	}
	if err != nil {
		return Imported{}, fmt.Errorf("last import: %w", err)
	}
	return i, nil
}
