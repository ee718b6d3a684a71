package residents

import (
	"bytes"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
)

func TestOnePersonOrTwo(t *testing.T) {
	const head = "Họ và tên,Năm sinh,Số điện thoại,Tổ dân phố,Đồng ý nhận tin\n"
	i, _, db, _ := newImporter(t)
	for _, c := range []struct {
		name, rows               string
		imported, merged, agreed int
	}{
		{"the same number and name", "Lê A,1950,0901234567,Tổ 1,x\nLê A,1950,0901.234.567,Tổ 1,x\n", 1, 1, 1},
		{"the name in capitals", "Lê Hòa,1950,0901234567,Tổ 1,x\nLÊ HÒA,1950,0901234567,Tổ 1,x\n", 1, 1, 1},
		{"the tone on the other letter", "Lê Hòa,1950,0901234567,Tổ 1,x\nLê Hoà,1950,0901234567,Tổ 1,x\n", 1, 1, 1},
		{"another name is the household's second", "Lê A,1950,0901234567,Tổ 1,x\nTrần B,1952,0901234567,Tổ 1,x\n", 2, 0, 2},
		{"other diacritics are another name", "Lê Hùng,1950,0901234567,Tổ 1,x\nLê Hưng,1952,0901234567,Tổ 1,x\n", 2, 0, 2},
		{"the old and the new form of one number", "Lê A,1950,01201234567,Tổ 1,x\nLê A,1950,0701234567,Tổ 1,x\n", 1, 1, 1},
		{"marked in one of two rows", "Lê A,1950,0901234567,Tổ 1,\nLê A,1950,0901234567,Tổ 1,x\n", 1, 1, 1},
		{"refused in one of two rows", "Lê A,1950,0901234567,Tổ 1,x\nLê A,1950,0901234567,Tổ 1,không\n", 1, 1, 0},
		{"an unclear mark is no consent", "Lê A,1950,0901234567,Tổ 1,để hỏi lại\n", 1, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := db.ExecContext(t.Context(), `delete from consents; delete from residents`); err != nil {
				t.Fatal(err)
			}
			r := take(t, i, head+c.rows)
			if r.Imported != c.imported || r.Merged != c.merged || r.Rows != c.imported+c.merged {
				t.Errorf("%+v", r)
			}
			if n := count(t, db, `select count(*) from residents where consent_at is not null`); n != c.agreed || r.NoConsent != c.imported-c.agreed {
				t.Errorf("%d agreed, %d counted without consent; want %d of %d", n, r.NoConsent, c.agreed, c.imported)
			}
		})
	}
}

func TestMergedRowsFillEachOther(t *testing.T) {
	i, s, _, _ := newImporter(t)
	take(t, i, header+"Lê A,,0901234567,Tổ 1,x,SMS,\nLê A,1950,0901234567,Tổ 2,x,Gọi,sống một mình\n")
	people, err := s.ByPhone(t.Context(), "+84901234567")
	if err != nil || len(people) != 1 {
		t.Fatalf("%+v, %v", people, err)
	}
	if p := people[0]; p.BirthYear != 1950 || p.UnitName != "Tổ 1" || p.Note != "sống một mình" || !p.WantsSMS || !p.WantsCall {
		t.Errorf("%+v", p)
	}
}

func TestNewerListUpdatesAndErasesNothing(t *testing.T) {
	i, s, db, _ := newImporter(t)
	take(t, i, header+"Lê A,1950,0901234567,Tổ 1,,SMS,hộ nghèo\n")
	r := take(t, i, header+"Lê A,,0901234567,Tổ 2,x,,\n")
	if r.Updated != 1 || r.Imported != 0 || r.Unchanged != 0 {
		t.Errorf("%+v", r)
	}
	people, _ := s.ByPhone(t.Context(), "+84901234567")
	if p := people[0]; p.BirthYear != 1950 || p.UnitName != "Tổ 2" || p.Note != "hộ nghèo" || p.ConsentAt.IsZero() {
		t.Errorf("%+v", p)
	}
	r = take(t, i, header+"Lê A,,0901234567,Tổ 2,không,,\n")
	people, _ = s.ByPhone(t.Context(), "+84901234567")
	if r.Updated != 1 || !people[0].ConsentAt.IsZero() {
		t.Errorf("refused in a newer list: %+v, %+v", r, people[0])
	}
	if n := count(t, db, `select count(*) from consents`); n != 2 {
		t.Errorf("%d consents kept, want given and withdrawn", n)
	}
}

func TestImportNeverLiftsAnOptOut(t *testing.T) {
	i, s, db, c := newImporter(t)
	within(t, db, func(tx *sql.Tx) error {
		_, err := s.OptOut(t.Context(), tx, "+84901234567", Act{Channel: "sms", Key: "TC"})
		return err
	})
	c.t = c.t.Add(time.Hour)
	r := take(t, i, header+"Lê A,1950,0901234567,Tổ 1,x,SMS,\n")
	people, _ := s.ByPhone(t.Context(), "+84901234567")
	if r.Imported != 1 || r.StayedOut != 1 || people[0].OptedOutAt.IsZero() || !people[0].ConsentAt.IsZero() {
		t.Errorf("%+v, %+v", r, people)
	}
	if again := take(t, i, header+"Lê A,1950,0901234567,Tổ 1,x,SMS,\n"); again.Unchanged != 1 {
		t.Errorf("again: %+v", again)
	}
}

func TestDatabaseErrorTakesNothing(t *testing.T) {
	i, _, db, _ := newImporter(t)
	if _, err := db.ExecContext(t.Context(), `alter table residents add check (name <> 'Trần Hỏng')`); err != nil {
		t.Fatal(err)
	}
	list := header + "Lê A,1950,0901234567,Tổ 1,x,SMS,\nTrần Hỏng,1950,0901234568,Tổ 1,x,SMS,\n"
	if _, err := i.Import(t.Context(), strings.NewReader(list), ImportOptions{}); err == nil {
		t.Fatal("imported over the database's refusal")
	}
	if n := count(t, db, `select (select count(*) from residents) + (select count(*) from consents) + (select count(*) from imports)`); n != 0 {
		t.Errorf("%d rows stayed", n)
	}
}

func TestRejectsComeBackAsTheyWent(t *testing.T) {
	i, _, db, _ := newImporter(t)
	semicolons := strings.ReplaceAll(strings.ReplaceAll(header, ",", ";"), "\n", ";Địa chỉ\n")
	r := take(t, i, semicolons+"=HYPERLINK(1);1950;113;Tổ 1;x;SMS;;@12 Lê Duẩn\n-Lê B;1950;+1;Tổ 1;x;SMS;;\n")
	var out bytes.Buffer
	if err := r.Rejects.WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffDòng;Họ và tên;Năm sinh;Số điện thoại;Tổ dân phố;Đồng ý nhận tin;Kênh;Ghi chú;Địa chỉ;Lý do\r\n" +
		"2;'=HYPERLINK(1);1950;113;Tổ 1;x;SMS;;'@12 Lê Duẩn;\"Số điện thoại \"\"113\"\" không đúng.\"\r\n" +
		"3;'-Lê B;1950;'+1;Tổ 1;x;SMS;;;\"Số điện thoại \"\"+1\"\" không đúng.\"\r\n"
	if out.String() != want {
		t.Errorf("rejects:\n%s\nwant:\n%s", out.String(), want)
	}
	fixed := strings.NewReplacer("113;", "0901234567;", "'+1;", "'+84901234568;").Replace(out.String())
	if again := take(t, i, fixed); again.Imported != 2 {
		t.Errorf("the corrected file: %+v %+v", again, again.Rejects.Rows)
	}
	if n := count(t, db, `select count(*) from residents where name = '=HYPERLINK(1)' and address = '@12 Lê Duẩn'`); n != 1 {
		t.Error("the guard against formulas stayed in a name")
	}
}

func TestGuardCell(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "Lê A": "Lê A", "12": "12", "=1+1": "'=1+1", "+84": "'+84", "-1": "'-1", "@a": "'@a", "\t=1": "'\t=1", "\r=1": "'\r=1",
		"  =1": "'  =1", "＝1": "'＝1", "'a": "'a",
	} {
		if got := GuardCell(in); got != want {
			t.Errorf("GuardCell(%q) = %q, want %q", in, got, want)
		}
		if back := unguard(GuardCell(in)); back != in {
			t.Errorf("unguard gives %q for %q", back, in)
		}
	}
}

func TestRowNumbersAreTheSpreadsheets(t *testing.T) {
	list := header + "\n" + // row 2 is blank
		"Lê A,1950,0901234567,Tổ 1,x,SMS,\"một\nhai\"\n" + // row 3, in two lines
		"\"Lê B,1950,0901234567,Tổ 1,x,SMS,\n" + // row 4, its quote never closes
		"\n" +
		"Lê C,1950,113,Tổ 1,x,SMS,\n" + // row 6
		",,,,,,\n" +
		"Lê D,1950,,Tổ 1,x,SMS,\n" // row 8
	i, _, _, _ := newImporter(t)
	r := take(t, i, list)
	var got []string
	for _, reject := range r.Rejects.Rows {
		got = append(got, fmt.Sprint(reject.Row, " ", reject.Key))
	}
	if s := strings.Join(got, ", "); s != "4 malformed, 6 phone_invalid, 8 phone_missing" || r.Imported != 1 || r.Rows != 4 {
		t.Errorf("%s; %+v", s, r)
	}
}

func FuzzReadSheet(f *testing.F) {
	f.Add([]byte(header + "Lê A,1950,0901234567,Tổ 1,x,SMS,\n"))
	f.Add([]byte("\ufeffHọ và tên;\"a\nb\"\r\n\"x\"y;\n\"never closes"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readSheet(data)
		if err != nil {
			return
		}
		last := 0
		for _, row := range s.rows {
			if row.number <= last {
				t.Fatalf("row %d after row %d", row.number, last)
			}
			last = row.number
		}
		cols, err := findColumns(s)
		if err != nil {
			return
		}
		people, rejects := cols.people(s, map[string]int64{"to 1": 1}, nil, newClock().t)
		if len(people)+len(rejects.Rows) != len(cols.body) {
			t.Fatalf("%d rows became %d people and %d rejects", len(cols.body), len(people), len(rejects.Rows))
		}
		if err := rejects.WriteCSV(&bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkImport200k(b *testing.B) {
	var list strings.Builder
	list.WriteString(header)
	for n := range 200_000 {
		fmt.Fprintf(&list, "Nguyễn Văn %d,1950,09%08d,Tổ %d,x,SMS,ghi chú\n", n, n, n%60+1)
	}
	for b.Loop() {
		b.StopTimer()
		db, c := pgtest.New(b), newClock()
		if _, err := NewStore(db, c.now).LoadWard(b.Context(), "Thanh Khê", 60); err != nil {
			b.Fatal(err)
		}
		i := NewImporter(db, c.now)
		b.StartTimer()
		if r, err := i.Import(b.Context(), strings.NewReader(list.String()), ImportOptions{}); err != nil || r.Imported != 200_000 {
			b.Fatal(r.Imported, err)
		}
	}
}
