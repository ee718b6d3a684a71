package residents

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"testing"

	"canhgiac/residents/sample"
)

func TestAnImportTellsHowFarItIsAndNeverGoesBack(t *testing.T) {
	i, _, _, _ := newImporter(t)
	last, whole, told := -1, 0, 0
	r, err := i.Import(t.Context(), bytes.NewReader(sample.Residents), ImportOptions{Progress: func(done, total int) {
		if done < last || done > total {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last, whole, told = done, total, told+1
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last != whole || whole == 0 || whole > r.Rows || told < 8 {
		t.Errorf("told %d times, at the end %d of %d", told, last, whole)
	}
}

func TestWhatIsDoneWithinAnImportFallsWithIt(t *testing.T) {
	i, _, db, _ := newImporter(t)
	refused := errors.New("not ours any more")
	for _, c := range []struct {
		name   string
		dry    bool
		within error
		kept   int
	}{
		{"a trial does not reach it", true, nil, 0},
		{"it refuses", false, refused, 0},
		{"it agrees", false, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := i.Import(t.Context(), bytes.NewReader(sample.Residents), ImportOptions{DryRun: c.dry, Within: func(_ context.Context, _ *sql.Tx, r Result) error {
				if r.Imported == 0 || c.dry {
					t.Errorf("within a dry import, or before the counts: %+v", r)
				}
				return c.within
			}})
			if !errors.Is(err, c.within) || count(t, db, `select count(*) from imports`) != c.kept {
				t.Errorf("err = %v, %d imports kept", err, count(t, db, `select count(*) from imports`))
			}
		})
	}
}
