package residents_test

import (
	"errors"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents"
)

func TestACodeWordIsTwoNounsOfTheList(t *testing.T) {
	db := pgtest.New(t)
	s := residents.NewStore(db, time.Now)
	set := func(c residents.CodeWord) error {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
		if err := s.SetCodeWord(t.Context(), tx, "+84901234567", c); err != nil {
			return err
		}
		return tx.Commit()
	}
	for _, bad := range []residents.CodeWord{{First: "hoa_sen"}, {First: "hoa_sen", Second: "hoa_sen"}, {First: "hoa_sen", Second: "hoa sen"}, {First: "", Second: "con_trau"}} {
		if err := set(bad); !errors.Is(err, residents.ErrCodeWord) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	for _, c := range []residents.CodeWord{{First: "hoa_sen", Second: "con_trau"}, {First: "con_trau", Second: "ngoi_sao"}, {}, {}} {
		if err := set(c); err != nil {
			t.Fatal(err)
		}
		if got, err := residents.CodeWordOf(t.Context(), db, "+84901234567"); err != nil || got != c {
			t.Errorf("kept %v, expected %v, %v", got, c, err)
		}
	}
}

func TestNoTwoNounsHaveOneKey(t *testing.T) {
	seen := map[string]string{}
	for _, n := range residents.Nouns {
		if was, twice := seen[n.Key]; twice {
			t.Errorf("%s and %s are both %s", was, n.Word, n.Key)
		}
		seen[n.Key] = n.Word
	}
	if len(seen) != 60 {
		t.Errorf("%d nouns", len(seen))
	}
	if got := (residents.CodeWord{First: "hoa_sen", Second: "con_trau"}).Words(); len(got) != 2 || got[0] != "hoa sen" || got[1] != "con trâu" {
		t.Errorf("said as %q", got)
	}
}
