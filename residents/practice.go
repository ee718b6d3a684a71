package residents

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
)

// PracticeList is a list to practise importing with: good rows, and one of each fault that real lists have. Its groups
// stand in no real ward, so that there every row of it is refused.
//
//go:embed practice.csv
var PracticeList []byte

// LoadPractice makes the ward that the practice list is for, in the caller's transaction.
func (s *Store) LoadPractice(ctx context.Context, tx *sql.Tx) error {
	if err := s.loadWard(ctx, tx, "Tập huấn", []string{"Tổ tập huấn 1", "Tổ tập huấn 2"}); err != nil {
		return fmt.Errorf("load the practice ward: %w", err)
	}
	return nil
}
