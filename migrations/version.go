package migrations

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Newest is the number of the last migration that this program knows.
func Newest() int64 {
	var newest int64
	names, _ := fs.Glob(files, "*.sql") // its pattern is well formed, and files are in memory
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

// Applied is the number of the last migration that the database has.
func Applied(ctx context.Context, db *sql.DB) (int64, error) {
	var n int64
	if err := db.QueryRowContext(ctx, `select coalesce(max(version_id), 0) from goose_db_version where is_applied`).Scan(&n); err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return n, nil
}
