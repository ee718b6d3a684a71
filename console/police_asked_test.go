package console

import (
	"strings"
	"testing"

	"canhgiac/reports"
)

func TestAReportSaysHowManyAskedAboutItsNumberAndNeverWho(t *testing.T) {
	h := newHouse(t)
	police := h.as(Police)
	code := h.report(reports.Draft{Ref: "1", Reporter: "+84901000001", Kind: 1, ScamNumber: "0905123456", Complete: true}).Code
	if body := police.get("/reports/" + code).body; strings.Contains(body, "hỏi tổng đài về số này") {
		t.Error("nobody asked, yet the page says so")
	}
	for _, asked := range []struct{ asker, found string }{
		{"+84907654321", "none"}, {"+84907654321", "reported"}, {"+84908888888", "reported"}, {"+84909999999", "limited"},
	} {
		const q = `insert into number_checks (at, channel, asker, number, found) values ($1, 'ussd', $2, $3, $4)`
		if _, err := h.db.Exec(q, h.Now().UTC(), asked.asker, reports.NumberKey("+84905123456"), asked.found); err != nil {
			t.Fatal(err)
		}
	}
	body := police.get("/reports/" + code).body
	if !strings.Contains(body, "2 người đã hỏi tổng đài về số này") {
		t.Error("two people asked, and the page does not say so")
	}
	for _, tail := range []string{"7654321", "8888888"} {
		if strings.Contains(body, tail) {
			t.Errorf("the page says who asked: …%s", tail)
		}
	}
}
