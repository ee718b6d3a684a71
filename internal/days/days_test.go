package days

import (
	"testing"

	"canhgiac/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestADayBeginsAtTheMidnightOfTheWard(t *testing.T) {
	var wrong int
	err := pgtest.New(t).QueryRow(`select count(*) from generate_series('2019-12-30 16:59:59+00'::timestamptz, '2031-01-01', interval '7 hours 13 minutes') at
		where ` + SQL("at") + ` <> date_trunc('day', at, 'Asia/Ho_Chi_Minh')`).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Errorf("%d moments stand on another day: %v", wrong, err)
	}
}
