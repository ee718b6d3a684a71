package console

import (
	"net/http"
	"strings"
	"testing"

	"canhgiac/reports"
)

func TestAReportIsTakenStepByStepToItsEndAndOpenedAgain(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	r := h.report(reports.Draft{Ref: "1", Reporter: "+84901234567", Kind: 1, Complete: true})
	path := "/reports/" + r.Code
	if got := b.get(path).body; strings.Contains(got, path+"/move") {
		t.Error("a report that nobody received offers a further step")
	}
	if got := b.post(path+"/move", "to", "verifying"); got.status != http.StatusConflict {
		t.Errorf("verified before it was received: %d", got.status)
	}
	b.post(path + "/receive")
	for _, step := range []struct {
		to, why string
		before  []string // on the page that offers the step
		after   string
	}{
		{"verifying", "", []string{"Bắt đầu xác minh sơ bộ", "Giải quyết: còn 20 ngày"}, "Đang xác minh sơ bộ"},
		{"answered", "Đã gọi lại số 0901234567, bà con chưa mất gì", []string{"Chuyển cơ quan điều tra", "Ghi là đã trả lời", "thời hạn giải quyết dừng lại"}, "bà con chưa mất gì"},
		{"closed", "Đã báo kết quả hôm nay", []string{"Đóng hồ sơ"}, "Đã báo kết quả hôm nay"},
		{"reopened", "Tìm lại được biên lai", []string{"Mở lại hồ sơ", "Giải quyết: còn 20 ngày"}, "Đã mở lại hồ sơ"},
	} {
		page := b.get(path).body
		for _, want := range step.before {
			if !strings.Contains(page, want) {
				t.Errorf("before %s the page lacks %q", step.to, want)
			}
		}
		if step.why != "" {
			if got := b.post(path+"/move", "to", step.to, "reason", " "); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Xin ghi lý do") {
				t.Errorf("%s without a reason: %d", step.to, got.status)
			}
		}
		if got := b.post(path+"/move", "to", step.to, "reason", step.why); got.status != http.StatusSeeOther {
			t.Fatalf("%s: %d", step.to, got.status)
		}
		page = b.get(path).body
		if !strings.Contains(page, step.after) || !strings.Contains(page, "Nguyên vẹn") {
			t.Errorf("after %s the page lacks %q, or its record is broken", step.to, step.after)
		}
		if strings.Contains(page, "0901234567") {
			t.Errorf("after %s the reporter's number stands in the record for all to see", step.to)
		}
	}
	if n := h.audited("report.move"); n != 4 {
		t.Errorf("%d audit rows of four steps", n)
	}
}

func TestTheSlowerOfTwoOfficersSeesWhatWasDone(t *testing.T) {
	h := newHouse(t)
	quick, slow := h.as(Police), h.as(Police)
	r := h.report(reports.Draft{Ref: "1", Kind: 1, Complete: true})
	path := "/reports/" + r.Code
	quick.post(path + "/receive")
	quick.post(path+"/move", "to", "verifying")
	quick.post(path+"/move", "to", "transferred", "reason", "CV 12")
	got := slow.post(path+"/move", "to", "transferred", "reason", "CV 13")
	if got.status != http.StatusConflict || !strings.Contains(got.body, "đã sang bước khác") || !strings.Contains(got.body, "CV 12") {
		t.Errorf("the slower officer: %d", got.status)
	}
	if got := slow.post(path+"/move", "to", "closed", "reason", strings.Repeat("x", 2001)); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "xxx</textarea>") {
		t.Errorf("a reason that is too long: %d", got.status)
	}
	if got := slow.post(path+"/move", "to", "refused", "reason", "x"); got.status != http.StatusConflict {
		t.Errorf("a state that there is not: %d", got.status)
	}
	if n := h.audited("report.move"); n != 2 {
		t.Errorf("%d audit rows of two steps", n)
	}
}
