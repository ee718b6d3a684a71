package console

import (
	"bytes"
	"mime/multipart"
	"net/http"
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

func TestAHouseholdsCodeWordIsShownWithItsNumberAlone(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	if got := lan.post("/residents/1/code-word", "first", "hoa_sen", "second", "hoa_sen", "reason", "Bà Lan chọn"); got.status != http.StatusUnprocessableEntity ||
		!strings.Contains(got.body, "hai từ khác nhau") {
		t.Errorf("one word twice: %d", got.status)
	}
	if got := lan.post("/residents/1/code-word", "first", "hoa_sen", "second", "con_trau", "reason", "Bà Lan chọn"); got.status != http.StatusSeeOther {
		t.Errorf("chosen: %d", got.status)
	}
	if got := lan.get("/residents/1"); strings.Contains(got.body, "<strong>hoa sen") || !strings.Contains(got.body, "Đã chọn") {
		t.Error("the page shows the words, or nothing of them")
	}
	if got := lan.post("/residents/1/reveal", "reason", "Bà hỏi lại"); !strings.Contains(got.body, "<strong>hoa sen – con trâu</strong>") {
		t.Error("not shown with the number")
	}
	if n := h.audited("resident.code_word"); n != 1 {
		t.Errorf("%d audit rows", n)
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
