package residents

import (
	"context"
	"fmt"
	"strings"
)

// Standing narrows a search to what may be sent to whom.
type Standing string

const (
	AnyStanding Standing = ""
	Consented   Standing = "consented"  // agreed, and not opted out since
	NoConsent   Standing = "no_consent" // kept, never messaged
	OptedOut    Standing = "opted_out"
)

// Filter says which residents a page shows. The zero Filter is everybody.
type Filter struct {
	Text     string // part of a name, with or without diacritics, or of a number
	Unit     int64  // a unit and all below it; 0 = everywhere
	Standing Standing
	Scope    Scope
	Page     int // from 1
	Size     int // rows a page; 50 when 0, at most 500
}

// Page is one page of a search.
type Page struct {
	Residents []Resident
	Total     int // rows on all pages
	Number    int // from 1
	Size      int
}

const searchWhere = residentTables + `
where ($1 = '' or r.name_fold like '%' || $1 || '%' or ($2 <> '' and r.phone like '%' || $2 || '%'))
  and ($3 = 0 or r.unit_id in (
    with recursive below (id) as (
      select $3::bigint union all select c.id from units c join below b on c.parent_id = b.id
    ) select id from below))
  and ($4 = '' or $4 = case when o.phone is not null then 'opted_out' when r.consent_at is null then 'no_consent' else 'consented' end)
  and ($5::bigint[] is null or r.unit_id = any($5))`

const (
	searchSQL      = `select ` + residentColumns + searchWhere + ` order by r.name_fold, r.id limit $6 offset $7`
	searchCountSQL = `select count(*)` + searchWhere
)

// Search gives a page of residents by name.
func (s *Store) Search(ctx context.Context, f Filter) (Page, error) {
	p := Page{Number: max(f.Page, 1), Size: min(f.Size, 500)}
	if p.Size <= 0 {
		p.Size = 50
	}
	args := []any{escapeLike(Fold(f.Text)), searchDigits(f.Text), f.Unit, string(f.Standing), f.Scope}
	if err := s.db.QueryRowContext(ctx, searchCountSQL, args...).Scan(&p.Total); err != nil {
		return Page{}, fmt.Errorf("count residents: %w", err)
	}
	var err error
	if p.Residents, err = s.list(ctx, searchSQL, append(args, p.Size, (p.Number-1)*p.Size)...); err != nil {
		return Page{}, fmt.Errorf("search residents: %w", err)
	}
	return p, nil
}

// searchDigits makes what was typed match a stored number: 0901 and 84 901 both mean +84901. Fewer than 3 digits match too much.
func searchDigits(s string) string {
	digits, _, err := phoneDigits(s)
	if err != nil || len(digits) < 3 {
		return ""
	}
	return strings.TrimPrefix(digits, "0")
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
