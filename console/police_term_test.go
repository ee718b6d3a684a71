package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"canhgiac/reports"
)

func TestDeadlinesStandInTheListAndOnTheReport(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	late := h.report(reports.Draft{Ref: "1", Kind: 1, ScamNumber: "0912345678", Complete: true})
	age := func(by time.Duration) { // the report's age, since a session ends with the shift
		t.Helper()
		if _, err := h.db.Exec(`update reports set created_at = $2 where code = $1`, late.Code, h.Now().Add(-by).UTC()); err != nil {
			t.Fatal(err)
		}
	}
	age(20*time.Hour - time.Minute)
	fresh := h.report(reports.Draft{Ref: "2", Kind: 2, ScamNumber: "0900000001", Complete: true})
	if got := b.get("/reports?due=soon"); !strings.Contains(got.body, late.Code) || strings.Contains(got.body, fresh.Code) || !strings.Contains(got.body, "Tiếp nhận: còn 4 giờ") {
		t.Errorf("due soon: %s", got.body)
	}
	if got := b.get("/reports?number=%2B84912345678"); !strings.Contains(got.body, late.Code) || strings.Contains(got.body, fresh.Code) {
		t.Errorf("by number: %s", got.body)
	}
	age(26 * time.Hour)
	if got := b.get("/reports?due=overdue&sort=due"); !strings.Contains(got.body, late.Code) || strings.Contains(got.body, fresh.Code) || !strings.Contains(got.body, "Tiếp nhận: quá hạn 2 giờ") {
		t.Errorf("overdue: %s", got.body)
	}
	if got := b.get("/reports?due=never"); got.status != http.StatusBadRequest {
		t.Errorf("a standing that there is not: %d", got.status)
	}
	path := "/reports/" + late.Code
	if got := b.post(path+"/term", "term", "complex", "reason", "QĐ 12"); got.status != http.StatusConflict {
		t.Errorf("a term before it was received: %d", got.status)
	}
	b.post(path + "/receive")
	if got := b.post(path+"/term", "term", "complex", "reason", " "); got.status != http.StatusUnprocessableEntity || h.audited("report.term") != 0 {
		t.Errorf("a term without a reason: %d", got.status)
	}
	if got := b.post(path+"/term", "term", "complex", "reason", "QĐ 12"); got.status != http.StatusSeeOther || h.audited("report.term") != 1 {
		t.Errorf("a term: %d", got.status)
	}
	page := b.get(path)
	for _, want := range []string{"Phân loại: còn 1 ngày", "vụ việc phức tạp", "Đổi thời hạn giải quyết: Vụ việc phức tạp", "QĐ 12"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the report shows no %q", want)
		}
	}
}
