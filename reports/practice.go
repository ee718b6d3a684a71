package reports

import (
	"context"
	"database/sql"
	"fmt"
)

// LoadPractice leaves three reports to practise on, in the caller's transaction, through the door that real ones take: of
// somebody about to send money, of one who lost some today, and of a stranger's call. Their numbers are the practice list's.
func (s *Store) LoadPractice(ctx context.Context, tx *sql.Tx) error {
	for i, d := range []Draft{
		{Reporter: "+84900000003", Kind: 5, ScamNumber: "0900000093", Channel: 3, Money: "none", Callback: "yes"},
		{Reporter: "+84900000002", Kind: 2, ScamNumber: "0900000092", Channel: 2, Money: "lost", When: "today", Band: 2, Callback: "yes"},
		{Reporter: "+84900000001", Kind: 1, ScamNumber: "0900000091", Channel: 1, Money: "about", Callback: "yes"},
	} {
		d.Origin, d.Ref = "call", fmt.Sprintf("practice-%d", i+1)
		r, err := s.Save(ctx, tx, Draft{Origin: d.Origin, Ref: d.Ref, Reporter: d.Reporter})
		if err != nil {
			return fmt.Errorf("load practice reports: %w", err)
		}
		if err := s.Log(ctx, tx, r.ID, Entry{At: s.now(), Node: "loai", Key: fmt.Sprint(d.Kind), Raw: "Tập huấn"}); err != nil {
			return fmt.Errorf("load practice reports: %w", err)
		}
		d.Complete = true
		if _, err := s.Save(ctx, tx, d); err != nil {
			return fmt.Errorf("load practice reports: %w", err)
		}
	}
	return nil
}
