package reports

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const termSQL = `update reports set term = $2, updated_at = $3, revision = nextval('report_revisions') where id = $1`

// SetTerm says how long a report may take, for a reason that stays in its record: which decision, of whom. ErrMove where
// the ward has done its part already, and where the term is the one it has.
func (s *Store) SetTerm(ctx context.Context, code string, by By, t Term, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > 2000 {
		return ErrReason
	}
	if !slices.Contains(Terms(), t) {
		return fmt.Errorf("%w: term %q", ErrDraft, t)
	}
	return s.inTx(ctx, code, by, "report.term", string(t)+": "+reason, func(tx *sql.Tx, r Report) error {
		if _, runs := s.Deadlines.Of(r, s.now()); !runs || r.State == New || r.Term == t {
			return fmt.Errorf("%w: it is %s, %s", ErrMove, r.State, r.Term)
		}
		if _, err := tx.ExecContext(ctx, termSQL, r.ID, t, s.now().UTC()); err != nil {
			return err
		}
		if err := s.append(ctx, tx, r.ID, event{At: s.now(), Act: "term", Key: string(t), Raw: reason, Who: by.Name}); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
}
