package console

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestResidentsAreFoundAndTheirNumbersMasked(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	for _, c := range []struct {
		name, query string
		has, lacks  string
	}{
		{"everybody", "", "Trần Thị 2", "0905000001"},
		{"part of a name without its marks", "?q=tran+thi+1", "Trần Thị 1", "Trần Thị 2"},
		{"part of a number", "?q=0905000002", "Trần Thị 2", "Trần Thị 1"},
		{"who opted out", "?standing=opted_out", "Không có cư dân nào khớp", "Trần Thị"},
		{"a page beyond the last", "?page=9", "Không có cư dân nào khớp", "Trần Thị"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := lan.get("/residents" + c.query)
			if got.status != http.StatusOK || !strings.Contains(got.body, c.has) || strings.Contains(got.body, c.lacks) {
				t.Fatalf("%d; want %q, not %q\n%s", got.status, c.has, c.lacks, got.body)
			}
		})
	}
	if got := lan.get("/residents?unit=x"); got.status != http.StatusBadRequest {
		t.Errorf("a unit that is none: %d", got.status)
	}
}

func TestANumberIsShownAndAnOptOutRecordedOnlyForAReason(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	if got := lan.get("/residents/1"); strings.Contains(got.body, "0905000000") || !strings.Contains(got.body, "090•••0000") {
		t.Error("the number is not masked")
	}
	if got := lan.post("/residents/1/reveal", "reason", " "); got.status != http.StatusUnprocessableEntity || strings.Contains(got.body, "0905000000") {
		t.Errorf("shown without a reason: %d", got.status)
	}
	if got := lan.post("/residents/1/reveal", "reason", "Hẹn đến nhà"); !strings.Contains(got.body, "0905000000") {
		t.Error("not shown for a reason")
	}
	if got := lan.post("/residents/1/optout", "reason", "Bà gọi lên phường sáng nay"); got.status != http.StatusSeeOther {
		t.Errorf("opt-out: %d", got.status)
	}
	if got := lan.get("/residents/1"); !strings.Contains(got.body, "đã từ chối nhận tin") {
		t.Error("the opt-out is not shown")
	}
	if got := lan.post("/residents/1/register", "reason", "Giấy số 12"); got.status != http.StatusSeeOther {
		t.Errorf("register: %d", got.status)
	}
	if got := lan.get("/residents/1"); !strings.Contains(got.body, "Cư dân đồng ý nhận tin") {
		t.Error("the consent is not shown")
	}
	for act, want := range map[string]int{"resident.reveal": 1, "resident.optout": 1, "resident.register": 1, "resident.read": 3} {
		if n := h.audited(act); n != want {
			t.Errorf("%s: %d audit rows, want %d", act, n, want)
		}
	}
	if got := lan.get("/residents/99"); got.status != http.StatusNotFound {
		t.Errorf("no such resident: %d", got.status)
	}
}

const list = "STT,Họ và tên,Năm sinh,Giới tính,Số điện thoại,Tổ dân phố,Địa chỉ,Đồng ý nhận tin,Kênh,Ghi chú\n" +
	"1,Lê Thị Hoa,1950,Nữ,0912 345 678,Tổ 1,12 Lê Duẩn,x,SMS,\n" +
	"2,Ngô Văn Ba,1948,Nam,,Tổ 2,,x,SMS,=1+1\n"

func (b *browser) upload(path, name, content string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if name != "" {
		part, err := form.CreateFormFile("file", name)
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := part.Write([]byte(content)); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequest("POST", b.home+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

var packedField = regexp.MustCompile(`name="packed" value="([^"]+)"`)

func TestAListIsTriedThenKept(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	count := func() (n int) {
		t.Helper()
		if err := h.db.QueryRow(`select count(*) from residents where name = 'Lê Thị Hoa'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	tried := lan.upload("/residents/import", "to1.csv", list)
	for _, want := range []string{"Kết quả đọc thử", "to1.csv", "thiếu số điện thoại", "Tải 1 dòng bị loại", "Nhập vào danh bạ"} {
		if !strings.Contains(tried.body, want) {
			t.Errorf("the trial lacks %q", want)
		}
	}
	if n := count(); n != 0 {
		t.Fatalf("the trial kept %d", n)
	}
	m := packedField.FindStringSubmatch(tried.body)
	if m == nil {
		t.Fatal("the trial carries no list")
	}
	kept := lan.post("/residents/import/confirm", "file_name", "to1.csv", "packed", m[1])
	if kept.status != http.StatusOK || !strings.Contains(kept.body, "Đã nhập danh sách") || count() != 1 {
		t.Fatalf("confirm: %d, %d kept", kept.status, count())
	}
	again := lan.post("/residents/import/confirm", "file_name", "to1.csv", "packed", m[1])
	if again.status != http.StatusOK || count() != 1 {
		t.Fatalf("confirmed twice: %d, %d kept", again.status, count())
	}
	rejects := lan.post("/residents/import/rejects", "file_name", "to1.csv", "packed", m[1])
	if !strings.HasPrefix(rejects.header.Get("Content-Type"), "text/csv") || !strings.Contains(rejects.body, "Ngô Văn Ba") || !strings.Contains(rejects.body, "'=1+1") {
		t.Errorf("rejects: %s\n%s", rejects.header.Get("Content-Type"), rejects.body)
	}
	if n := h.audited("resident.import"); n != 2 {
		t.Errorf("%d audit rows of imports, want 2", n)
	}
}

func TestAFileThatIsNoListIsRefusedInWords(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	for _, c := range []struct {
		name, file, content string
		status              int
		says                string
	}{
		{"no file", "", "", http.StatusUnprocessableEntity, "Chưa chọn tệp"},
		{"an empty file", "a.csv", "", http.StatusUnprocessableEntity, "Tệp không có dòng nào"},
		{"another kind of file", "a.csv", "\x00\x01\x02 nothing", http.StatusUnprocessableEntity, "Không đọc được tệp này"},
		{"a list without its header", "a.csv", "1,2,3\n", http.StatusUnprocessableEntity, "Không đọc được tệp này"},
		{"a file beyond the limit", "a.csv", strings.Repeat("x", maxUpload+128<<10), http.StatusRequestEntityTooLarge, "16 MB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := lan.upload("/residents/import", c.file, c.content)
			if got.status != c.status || !strings.Contains(got.body, c.says) {
				t.Fatalf("%d, without %q\n%.2000s", got.status, c.says, got.body)
			}
		})
	}
	for _, packed := range []string{"", "!!!", "aGVsbG8"} {
		if got := lan.post("/residents/import/confirm", "packed", packed); got.status != http.StatusBadRequest {
			t.Errorf("packed %q: %d", packed, got.status)
		}
	}
}
