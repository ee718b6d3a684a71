package residents

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents/sample"
)

func newImporter(t *testing.T) (*Importer, *Store, *sql.DB, *clock) {
	t.Helper()
	s, db, c := newStore(t)
	return NewImporter(db, c.now), s, db, c
}

func take(t *testing.T, i *Importer, list string) Result {
	t.Helper()
	r, err := i.Import(t.Context(), strings.NewReader(list), ImportOptions{FileName: "list.csv", By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// counts is what the command prints, free of order and space.
func counts(t *testing.T, v any) (m map[string]any) {
	t.Helper()
	raw, ok := v.([]byte)
	if !ok {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSampleListGivesTheExpectedCounts(t *testing.T) {
	i, s, db, c := newImporter(t)
	first := take(t, i, string(sample.Residents))
	if diff := cmp.Diff(counts(t, sample.Expected), counts(t, first)); diff != "" {
		t.Errorf("expected -, got +:\n%s", diff)
	}
	if len(first.Rejects.Rows) != 205 || first.Rejects.Rows[0].Row != 2 || first.Rejects.Rows[0].Key != rejectPhoneMissing {
		t.Errorf("%d rejects, the first %+v", len(first.Rejects.Rows), first.Rejects.Rows[0])
	}
	ward, _ := s.Ward(t.Context())
	if n, err := s.CountAudience(t.Context(), Audience{[]int64{ward.ID}, "sms"}); err != nil || n < 1500 {
		t.Errorf("the ward reaches %d by SMS, %v", n, err)
	}

	before := count(t, db, `select sum(hashtextextended(r::text, 0)) % 1000000007 from residents r`)
	given := count(t, db, `select count(*) from consents`)
	c.t = c.t.Add(time.Hour)
	again := take(t, i, string(sample.Residents))
	if again.Imported != 0 || again.Updated != 0 || again.Unchanged != first.Imported || again.Merged != first.Merged {
		t.Errorf("the same file again: %+v", again)
	}
	if after := count(t, db, `select sum(hashtextextended(r::text, 0)) % 1000000007 from residents r`); after != before {
		t.Error("the same file again changed a resident")
	}
	if n := count(t, db, `select count(*) from consents`); n != given || n != first.Imported-first.NoConsent {
		t.Errorf("%d consents after the second import, %d after the first, of %d people", n, given, first.Imported)
	}
	if n := count(t, db, `select count(*) from audit_log where act = 'resident.import'`); n != 2 {
		t.Errorf("%d audit rows, want one an import", n)
	}
}

func TestSampleIsTheSharedList(t *testing.T) {
	for name, ours := range map[string][]byte{"residents.csv": sample.Residents, "residents.expected.json": sample.Expected} {
		shared, err := os.ReadFile("../../shared/data/" + name)
		if err != nil {
			continue // the project stands alone; where the shared folder lies beside, the copies must agree
		}
		if !bytes.Equal(shared, ours) {
			t.Errorf("%s differs from the shared one", name)
		}
	}
}

func TestDryRunLeavesNothing(t *testing.T) {
	i, _, db, _ := newImporter(t)
	r, err := i.Import(t.Context(), bytes.NewReader(sample.Residents), ImportOptions{DryRun: true})
	if err != nil || r.Imported != 2707 {
		t.Fatalf("%+v, %v", r, err)
	}
	if n := count(t, db, `select (select count(*) from residents) + (select count(*) from imports) + (select count(*) from audit_log)`); n != 0 {
		t.Errorf("a dry run left %d rows", n)
	}
}

const header = "Họ và tên,Năm sinh,Số điện thoại,Tổ dân phố,Đồng ý nhận tin,Kênh,Ghi chú\n"

func TestOneRow(t *testing.T) {
	for _, c := range []struct{ name, row, key, reason string }{
		{"a plain row", "Lê A,1950,0901234567,Tổ 1,x,SMS,", "", ""},
		{"no birth year", "Lê A,,0901234567,Tổ 1,x,SMS,", "", ""},
		{"a whole date of birth", "Lê A,02/03/1950,0901234567,Tổ 1,x,SMS,", "", ""},
		{"born this year", "Lê A,2026,0901234567,Tổ 1,x,SMS,", "", ""},
		{"group as a number", "Lê A,1950,0901234567,07,x,SMS,", "", ""},
		{"group as TDP", "Lê A,1950,0901234567,TDP số 7,x,SMS,", "", ""},
		{"group of another typing", "Lê A,1950,0901234567," + norm.NFD.String("TỔ  DÂN PHỐ 7") + ",x,SMS,", "", ""},
		{"more empty cells", "Lê A,1950,0901234567,Tổ 1,x,SMS,,,,", "", ""},
		{"fewer cells", "Lê A,1950", rejectColumnCount, "Dòng có 2 cột, tiêu đề có 7 cột."},
		{"more cells", "Lê A,1950,0901234567,Tổ 1,x,SMS,,thừa", rejectColumnCount, "Dòng có 8 cột, tiêu đề có 7 cột."},
		{"a quote inside a bare cell", `Lê "A" B,1950,0901234567,Tổ 1,x,SMS,`, rejectMalformed, reasonMalformed},
		{"a quote that never closes", `"Lê A,1950,0901234567,Tổ 1,x,SMS,`, rejectMalformed, reasonMalformed},
		{"no name", " ,1950,0901234567,Tổ 1,x,SMS,", rejectNameMissing, reasonNameMissing},
		{"an endless name", strings.Repeat("Lê ", 50) + ",1950,0901234567,Tổ 1,x,SMS,", rejectNameMissing, "Họ và tên dài quá 100 chữ."},
		{"no number", "Lê A,1950,,Tổ 1,x,SMS,", rejectPhoneMissing, reasonPhoneMissing},
		{"a short number", "Lê A,1950,113,Tổ 1,x,SMS,", rejectPhoneInvalid, `Số điện thoại "113" không đúng.`},
		{"a formula for a number", "Lê A,1950,=1+1,Tổ 1,x,SMS,", rejectPhoneInvalid, `Số điện thoại "=1+1" không đúng.`},
		{"a number that Excel shortened", `Lê A,1950,"9,01E+08",Tổ 1,x,SMS,`, rejectPhoneInvalid,
			`Số điện thoại "9,01E+08" bị Excel đổi thành dạng rút gọn. Xin định dạng cột là Văn bản rồi nhập lại số.`},
		{"a number from abroad", "Lê A,1950,+1 202 555 0143,Tổ 1,x,SMS,", rejectPhoneInvalid,
			`Số điện thoại "+1 202 555 0143" là số nước ngoài, hệ thống không gửi tin ra nước ngoài.`},
		{"no group", "Lê A,1950,0901234567,,x,SMS,", rejectUnitUnknown, reasonUnitMissing},
		{"a group that is not", "Lê A,1950,0901234567,Tổ 61,x,SMS,", rejectUnitUnknown, `Không có tổ dân phố "Tổ 61" trong phường.`},
		{"group zero", "Lê A,1950,0901234567,Tổ 0,x,SMS,", rejectUnitUnknown, `Không có tổ dân phố "Tổ 0" trong phường.`},
		{"born too early", "Lê A,1899,0901234567,Tổ 1,x,SMS,", rejectBirthYear, `Năm sinh "1899" không đúng: cần từ 1900 đến 2026.`},
		{"born tomorrow", "Lê A,2027,0901234567,Tổ 1,x,SMS,", rejectBirthYear, `Năm sinh "2027" không đúng: cần từ 1900 đến 2026.`},
		{"no year", "Lê A,19x5,0901234567,Tổ 1,x,SMS,", rejectBirthYear, `Năm sinh "19x5" không đúng: cần từ 1900 đến 2026.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := readSheet([]byte(header + c.row + "\nTrần Sau,1950,0901234568,Tổ 2,x,SMS,\n"))
			if err != nil {
				t.Fatal(err)
			}
			cols, err := findColumns(s)
			if err != nil {
				t.Fatal(err)
			}
			groups := map[string]int64{"to 1": 1, "to 2": 2, "to 7": 7}
			people, rejects := cols.people(s, groups, nil, newClock().t)
			if c.key == "" {
				if len(people) != 2 {
					t.Fatalf("rejected: %+v", rejects.Rows)
				}
				return
			}
			if len(people) != 1 || len(rejects.Rows) != 1 {
				t.Fatalf("%d taken, rejects %+v", len(people), rejects.Rows)
			}
			if r := rejects.Rows[0]; r.Row != 2 || r.Key != c.key || r.Reason != c.reason {
				t.Errorf("rejected %+v; want %s, %s", r, c.key, c.reason)
			}
		})
	}
}

func utf16File(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestFileThatIsNoList(t *testing.T) {
	row := "Lê A,1950,0901234567,Tổ 1,x,SMS,\n"
	var columns = `STT, Họ và tên, Năm sinh, Giới tính, Số điện thoại, Tổ dân phố, Địa chỉ, Đồng ý nhận tin, Kênh, Ghi chú`
	for _, c := range []struct{ name, file, text string }{
		{"empty", "", wordEmpty},
		{"only blank lines", "\ufeff\n \n", wordEmpty},
		{"UTF-16", utf16File(header + row), wordUTF16},
		{"UTF-16 without its mark", utf16File(strings.Repeat("a,b\n", 9))[2:], wordUTF16},
		{"a binary file", "GIF89a\x00\x01\x02", wordBinary},
		{"old Excel", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", wordOldExcel},
		{"a zip that is no workbook", "PK\x03\x04garbage", wordBadExcel},
		{"bytes of TCVN3", header + "Nguy\xd4n V\xa8n A,1950,0901234567,T\xe6 1,x,SMS,\n", fmt.Sprintf(wordNotUTF8, 2)},
		{"TCVN3 saved as UTF-8", "Hä vµ tªn,N¨m sinh,Sè ®iÖn tho¹i,Tæ d©n phè,§ång ý nhËn tin\nNguyÔn V¨n A,1950,0901234567,Tæ 1,x\n", fmt.Sprintf(wordLegacyFont, "TCVN3 (ABC)")},
		{"VNI names under a Unicode header", "Ho va ten,Nam sinh,So dien thoai,To dan pho,Dong y nhan tin\nNguyeãn Vaên Ñöùc,1950,0901234567,Toå 1,x\n", fmt.Sprintf(wordLegacyFont, "VNI")},
		{"no header", row + row, fmt.Sprintf(wordNoHeader, `"Họ và tên", "Năm sinh", "Số điện thoại", "Tổ dân phố", "Đồng ý nhận tin"`)},
		{"a missing column", "Họ và tên,Năm sinh,Tổ dân phố,Đồng ý nhận tin\n", fmt.Sprintf(wordNoColumn, `"Số điện thoại"`, 1)},
		{"two missing columns", "Họ và tên,Năm sinh,Tổ dân phố\n", fmt.Sprintf(wordNoColumn, `"Số điện thoại", "Đồng ý nhận tin"`, 1)},
		{"a column of its own", "Họ và tên,Năm sinh,Số điện thoại,Tổ dân phố,Đồng ý nhận tin,Nghề nghiệp\n", fmt.Sprintf(wordOddColumn, "Nghề nghiệp", 1, columns)},
		{"a column twice", "Họ và tên,Năm sinh,Số điện thoại,so dien thoai,Tổ dân phố,Đồng ý nhận tin\n", fmt.Sprintf(wordTwiceColumn, "so dien thoai", 1)},
		{"a nameless column that is filled", "Họ và tên,,Năm sinh,Số điện thoại,Tổ dân phố,Đồng ý nhận tin\nLê A,?,1950,0901234567,Tổ 1,x\n", fmt.Sprintf(wordBlankColumn, 2, 1)},
		{"quotes broken on every line", header + strings.Repeat("\"a\"b,\n", maxBroken+1), fmt.Sprintf(wordQuotes, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := readSheet([]byte(c.file))
			if err == nil {
				_, err = findColumns(s)
			}
			var bad *FileError
			if !errors.As(err, &bad) || bad.Text != c.text {
				t.Errorf("err = %v\nwant %s", err, c.text)
			}
		})
	}
}

func TestUnknownWardIsTold(t *testing.T) {
	i, _, _, _ := newImporter(t)
	_, err := i.Import(t.Context(), strings.NewReader(header), ImportOptions{Ward: "Hòa Vang"})
	var bad *FileError
	if !errors.As(err, &bad) || !strings.Contains(bad.Text, "Hòa Vang") {
		t.Errorf("err = %v", err)
	}
	_, err = NewImporter(pgtest.New(t), newClock().now).Import(t.Context(), strings.NewReader(header), ImportOptions{})
	if !errors.As(err, &bad) || bad.Text != wordNoWard {
		t.Errorf("an empty database: %v", err)
	}
}

func TestASheetOfFewBytesStaysSmall(t *testing.T) {
	far := excelize.NewFile()
	for row := 1; row <= 20; row++ {
		for _, column := range []string{"A", "XFD"} {
			if err := far.SetCellValue("Sheet1", fmt.Sprint(column, row), "1"); err != nil {
				t.Fatal(err)
			}
		}
	}
	deep := excelize.NewFile()
	for _, at := range []string{"A1", "A1048576"} {
		if err := deep.SetCellValue("Sheet1", at, "1"); err != nil {
			t.Fatal(err)
		}
	}
	for name, book := range map[string]*excelize.File{"a cell in the last column": far, "a cell in the last row": deep} {
		var file bytes.Buffer
		if err := book.Write(&file); err != nil {
			t.Fatal(err)
		}
		s, err := readSheet(file.Bytes())
		if bad := new(FileError); errors.As(err, &bad) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, r := range s.rows {
			if cap(r.cells) > 2*maxColumns {
				t.Errorf("%s: row %d holds %d cells", name, r.number, cap(r.cells))
			}
		}
	}
}

func TestFormsOfTheSameList(t *testing.T) {
	plain := header + "Lê A,1950,0901234567,Tổ 1,x,\"SMS, Gọi\",\n"
	workbook := excelize.NewFile()
	for at, v := range map[string]any{"A1": "DANH SÁCH", "A3": "Họ và tên", "B3": "Năm sinh", "C3": "Số điện thoại", "D3": "Tổ dân phố", "E3": "Đồng ý nhận tin",
		"F3": "Ghi chú", "A4": "Lê A", "B4": 1950, "C4": 901234567, "D4": 1, "E4": "x"} {
		if err := workbook.SetCellValue("Sheet1", at, v); err != nil {
			t.Fatal(err)
		}
	}
	var xlsx bytes.Buffer
	if err := workbook.Write(&xlsx); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file string }{
		{"as it is", plain},
		{"with a BOM", "\ufeff" + plain},
		{"with CRLF", strings.ReplaceAll(plain, "\n", "\r\n")},
		{"with old Mac line ends", strings.ReplaceAll(plain, "\n", "\r")},
		{"with semicolons, as Vietnamese Excel writes", "Họ và tên;Năm sinh;Số điện thoại;Tổ dân phố;Đồng ý nhận tin\nLê A;1950;0901234567;Tổ 1;x\n"},
		{"with tabs", "Họ và tên\tNăm sinh\tSố điện thoại\tTổ dân phố\tĐồng ý nhận tin\nLê A\t1950\t0901234567\tTổ 1\tx\n"},
		{"header in another order and case, without diacritics", "DONG Y NHAN TIN,to dan pho,SO DIEN THOAI,Nam Sinh,ho va ten\nx,Tổ 1,0901234567,1950,Lê A\n"},
		{"decomposed letters", norm.NFD.String(plain)},
		{"a title above the header", "DANH SÁCH NGƯỜI CAO TUỔI,,,,,,\n\n" + plain},
		{"a workbook with numbers for numbers", xlsx.String()},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := readSheet([]byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			cols, err := findColumns(s)
			if err != nil {
				t.Fatal(err)
			}
			people, rejects := cols.people(s, map[string]int64{"to 1": 1}, nil, newClock().t)
			if len(people) != 1 || len(rejects.Rows) != 0 {
				t.Fatalf("%+v, rejects %+v", people, rejects.Rows)
			}
			if p := people[0]; p.name != "Lê A" || p.phone != "+84901234567" || p.unit != 1 || p.birthYear != 1950 || p.consent != "given" {
				t.Errorf("%+v", p)
			}
		})
	}
}
