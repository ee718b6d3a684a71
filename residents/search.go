package residents

import (
	"context"
	"fmt"
	"strings"

	"github.com/lib/pq"
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
	Total     int  // rows on all pages, counted up to five thousand
	More      bool // there are more than that
	Number    int  // from 1
	Size      int
}

// countedTo is how far the rows of a search are counted: more than one group has, and nobody turns so many pages.
const countedTo = 5_000

// belowSQL gives a unit and all below it.
const belowSQL = `
with recursive below (id) as (select $1::bigint union all select c.id from units c join below b on c.parent_id = b.id)
select array_agg(id) from below`

// searchStandingSQL are the conditions by which indexes are found; what opted out counts as that, agreed or not.
var searchStandingSQL = map[Standing]string{
	Consented: "r.consent_at is not null and not exists (select from opt_outs x where x.phone = r.phone)",
	NoConsent: "r.consent_at is null and not exists (select from opt_outs x where x.phone = r.phone)",
	OptedOut:  "r.phone in (select phone from opt_outs)",
}

// where names only what the filter asks for: a condition that might not hold keeps an index from being used.
// units are the filter's own with all below it.
func (f Filter) where(units pq.Int64Array) (string, []any) {
	var parts []string
	var args []any
	add := func(condition string, values ...any) {
		var places []any
		for _, v := range values {
			args = append(args, v)
			places = append(places, len(args))
		}
		parts = append(parts, fmt.Sprintf(condition, places...))
	}
	part := func(s string) string { return "%" + escapeLike(s) + "%" }
	name, digits := Fold(f.Text), searchDigits(f.Text)
	switch {
	case digits != "":
		add("(r.name_fold like $%d or r.phone like $%d)", part(name), part(digits))
	case name != "":
		add("r.name_fold like $%d", part(name))
	}
	switch {
	case len(units) == 1:
		add("r.unit_id = $%d", units[0])
	case f.Unit != 0:
		add("r.unit_id = any($%d)", units)
	}
	if f.Standing != AnyStanding {
		condition, known := searchStandingSQL[f.Standing]
		if !known {
			condition = "false"
		}
		add(condition)
	}
	if f.Scope != nil {
		add("r.unit_id = any($%d)", f.Scope)
	}
	if len(parts) == 0 {
		return "", nil
	}
	return " where " + strings.Join(parts, " and "), args
}

// The page is chosen first, by what stands in an index, and read then.
const (
	searchSQL = `select ` + residentColumns + residentTables + `where r.id = any(array(
  select r.id from residents r%s order by r.name_fold, r.id limit %d offset %d)) order by r.name_fold, r.id`
	searchCountSQL = `select count(*) from (select from %s%s limit %d) found`
)

// The few who opted out are counted from their numbers: a join would be planned as a walk through all residents.
const (
	everybodySQL    = `residents r`
	optedOutFromSQL = `opt_outs x cross join lateral (select phone, name_fold, unit_id from residents where phone = x.phone offset 0) r`
)

// Search gives a page of residents by name.
func (s *Store) Search(ctx context.Context, f Filter) (Page, error) {
	p := Page{Number: max(f.Page, 1), Size: min(f.Size, 500)}
	if p.Size <= 0 {
		p.Size = 50
	}
	var units pq.Int64Array
	if f.Unit != 0 {
		if err := s.db.QueryRowContext(ctx, belowSQL, f.Unit).Scan(&units); err != nil {
			return Page{}, fmt.Errorf("units of a search: %w", err)
		}
	}
	where, args := f.where(units)
	from, counted := everybodySQL, where
	if f.Standing == OptedOut {
		from = optedOutFromSQL
		anyStanding := f
		anyStanding.Standing = AnyStanding
		counted, _ = anyStanding.where(units)
	}
	if err := s.db.QueryRowContext(ctx, fmt.Sprintf(searchCountSQL, from, counted, countedTo+1), args...).Scan(&p.Total); err != nil {
		return Page{}, fmt.Errorf("count residents: %w", err)
	}
	if p.Total > countedTo {
		p.Total, p.More = countedTo, true
	}
	var err error
	if p.Residents, err = s.list(ctx, fmt.Sprintf(searchSQL, where, p.Size, (p.Number-1)*p.Size), args...); err != nil {
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
