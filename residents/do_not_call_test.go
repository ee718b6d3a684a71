package residents

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func dated(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestADoNotCallListReplacesTheOneBefore(t *testing.T) {
	s, db, _ := newStore(t)
	first := "\ufeffSố thuê bao;Ngày đăng ký\r\n0901234567;2026-01-02\r\n84 905 111 222;2026-01-03\r\n+84912000333;\r\n0901234567;2026-02-02\r\nkhông rõ;x\r\n"
	r, err := s.ReplaceDoNotCall(t.Context(), strings.NewReader(first), DoNotCallList{Name: "a.csv", Dated: dated("2026-08-01"), By: "command"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Numbers != 3 || r.Added != 3 || r.Removed != 0 || r.Rejected != 1 || r.Rejects.Rows[0].Row != 6 || r.Rejects.Header[0] != "Số thuê bao" {
		t.Errorf("first list: %+v", r)
	}
	second := "0901234567\n0905111222\n0935000001\n"
	r, err = s.ReplaceDoNotCall(t.Context(), strings.NewReader(second), DoNotCallList{Name: "b.txt", Dated: dated("2026-08-15"), By: "command"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Numbers != 3 || r.Added != 1 || r.Removed != 1 || r.Rejected != 0 {
		t.Errorf("second list: %+v", r)
	}
	if n := count(t, db, `select count(*) from do_not_call where phone = '+84901234567' and since = '2026-08-01'`); n != 1 {
		t.Error("a number that stays has lost the day of its first list")
	}
	if n := count(t, db, `select count(*) from audit_log where act = 'donotcall.replace'`); n != 2 {
		t.Errorf("%d audit rows, want one for each list", n)
	}
}

func TestADoNotCallListIsRefusedWhole(t *testing.T) {
	s, db, _ := newStore(t)
	load := func(text, on string, shrink bool) error {
		_, err := s.ReplaceDoNotCall(t.Context(), strings.NewReader(text), DoNotCallList{Name: "x", Dated: dated(on), Shrink: shrink, By: "command"})
		return err
	}
	if err := load("0901234567\n0905111222\n0912000333\n", "2026-08-10", false); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, on, says string }{
		"an older edition":           {"0901234567\n", "2026-08-09", "cũ hơn"},
		"nothing in it":              {"so dien thoai\n", "2026-08-11", "không có số"},
		"a file that was cut off":    {"0901234567\n", "2026-08-11", "--shrink"},
		"a spreadsheet":              {"PK\x03\x04\x00", "2026-08-11", "CSV"},
		"quotes that never close":    {"\"0901234567\n0905111222\n0912000333\n", "2026-08-11", "không có số"},
		"text of two octets a digit": {"0\x009\x00", "2026-08-11", "CSV"},
	} {
		var fe *FileError
		if err := load(c.text, c.on, false); !errors.As(err, &fe) || !strings.Contains(fe.Text, c.says) {
			t.Errorf("%s: %v, want words with %q", name, err, c.says)
		}
		if n := count(t, db, `select count(*) from do_not_call`); n != 3 {
			t.Fatalf("%s: %d numbers are left of 3", name, n)
		}
	}
	if err := load("0901234567\n", "2026-08-11", true); err != nil {
		t.Errorf("a list that may shrink: %v", err)
	}
	if n := count(t, db, `select count(*) from do_not_call`); n != 1 {
		t.Errorf("%d numbers, want 1", n)
	}
}
