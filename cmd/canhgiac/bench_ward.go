package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"time"

	"github.com/lib/pq"

	"canhgiac/residents"
)

// city is a ward as it stands after its first year, made up: what pages are measured on.
type city struct {
	residents, groups, reports, audit, users int
}

// bigWard is the largest that one installation is meant for.
func bigWard(residents int) city {
	return city{residents: residents, groups: 80, reports: residents / 10, audit: 5 * residents, users: 1000}
}

// build fills an empty, migrated database. Everything comes from counters and hashes, so that each build is the same.
func (b city) build(ctx context.Context, n *node, progress io.Writer) error {
	steps := []struct {
		what string
		do   func(context.Context, *node) error
	}{
		{"residents", b.settle},
		{"campaigns", b.campaigns},
		{"reports", b.report},
		{"audit", b.logAudit},
		{"counts", b.count},
		{"the rest", b.rest},
	}
	for _, step := range steps {
		start := time.Now()
		if err := step.do(ctx, n); err != nil {
			return fmt.Errorf("build %s: %w", step.what, err)
		}
		fmt.Fprintf(progress, "%s: %.1f s\n", step.what, time.Since(start).Seconds())
	}
	for _, q := range []string{`vacuum (analyze)`, `checkpoint`} {
		if _, err := n.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

// The commonest words of names, so that a search finds what it finds in a real ward.
var (
	familyNames = []string{"Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Trương", "Đinh"}
	middleNames = []string{"Văn", "Thị", "Hữu", "Đức", "Ngọc", "Minh", "Thanh", "Quang", "Xuân", "Thị Kim", "Thị Mỹ", "Công", "Đình"}
	givenNames  = []string{"An", "Bình", "Cường", "Dung", "Dũng", "Đạt", "Giang", "Hà", "Hải", "Hạnh", "Hằng", "Hiếu", "Hoa", "Hòa", "Hùng", "Hưng", "Hương", "Khánh",
		"Lan", "Liên", "Linh", "Long", "Mai", "Minh", "Nam", "Nga", "Nhung", "Oanh", "Phúc", "Phương", "Quân", "Quyên", "Sơn", "Tâm", "Thảo", "Thắng", "Thúy", "Trang", "Tuấn", "Vinh", "Yến"}
)

// settleNamedSQL: two residents in five share their number with the one before or after; one in eleven never agreed.
const settleNamedSQL = `
insert into residents (phone, phone_kind, name, name_fold, birth_year, gender, unit_id, address, wants_call, consent_at, created_at, updated_at)
select '+84' || ($6::text[])[1 + h % 9] || lpad((h * 7919 % 10000000)::text, 7, '0'), 'mobile',
       ($1::text[])[1 + f] || ' ' || ($2::text[])[1 + m] || ' ' || ($3::text[])[1 + g],
       ($4::text[])[1 + f] || ' ' || ($5::text[])[1 + m] || ' ' || ($9::text[])[1 + g],
       1930 + i % 78, case i % 2 when 0 then 'male' else 'female' end, ($7::bigint[])[1 + i * cardinality($7::bigint[]) / $8], i % 400 || ' Trần Cao Vân',
       i % 9 = 0, case when i % 11 > 0 then now() - (i % 300) * interval '1 day' end, now() - interval '300 days', now() - (i % 300) * interval '1 day'
from (select i, i * 4 / 5 as h, (hashint4(i * 4 / 5) & 2147483647) % cardinality($1::text[]) as f, (hashint4(i + 1) & 2147483647) % cardinality($2::text[]) as m,
             i % cardinality($3::text[]) as g from generate_series(0::bigint, $8::bigint - 1) wide(w) cross join lateral (select w::int as i) n) p
on conflict do nothing`

const agreeSQL = `
insert into consents (phone, resident_id, act, channel, text_version, at)
select phone, id, 'given', 'import', '1', consent_at from residents where consent_at is not null`

const settleOptOutsSQL = `
insert into opt_outs (phone, at, channel) select phone, now() - interval '20 days', 'sms' from residents where id % 47 = 0 on conflict do nothing`

const settleImportsSQL = `
insert into imports (file_name, file_sha256, ward_id, by_user, at, counts)
select 'to-' || i || '.xlsx', md5(i::text), $1, 'canbo', now() - i * interval '2 days', '{"Rows": 2500, "Added": 2400, "Changed": 60, "Rejected": 40}'
from generate_series(1, 80) i`

func (b city) settle(ctx context.Context, n *node) error {
	ward, err := n.residents.LoadWard(ctx, sampleWard, b.groups)
	if err != nil {
		return err
	}
	groups, err := n.residents.Groups(ctx, ward.ID)
	if err != nil {
		return err
	}
	var ids []int64
	for _, g := range groups {
		ids = append(ids, g.ID)
	}
	prefixes := []string{"90", "93", "91", "94", "97", "98", "96", "35", "32"}
	if err := run(ctx, n.db, settleNamedSQL, pq.Array(familyNames), pq.Array(middleNames), pq.Array(givenNames), pq.Array(folded(familyNames)),
		pq.Array(folded(middleNames)), pq.Array(prefixes), pq.Array(ids), b.residents, pq.Array(folded(givenNames))); err != nil {
		return err
	}
	if err := run(ctx, n.db, agreeSQL); err != nil {
		return err
	}
	if err := run(ctx, n.db, settleOptOutsSQL); err != nil {
		return err
	}
	if err := run(ctx, n.db, settleImportsSQL, ward.ID); err != nil {
		return err
	}
	return run(ctx, n.db, `analyze`)
}

func folded(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = residents.Fold(name)
	}
	return all
}

func run(ctx context.Context, db *sql.DB, query string, args ...any) error {
	_, err := db.ExecContext(ctx, query, args...)
	return err
}
