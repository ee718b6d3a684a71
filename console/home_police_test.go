package console

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"canhgiac/reports"
)

// part is one section of the home page of b.
func (b *browser) part(name string) string {
	b.t.Helper()
	got := b.get("/home/" + name)
	if got.status != 200 || strings.Contains(got.body, "<html") {
		b.t.Fatalf("section %s: %d\n%s", name, got.status, got.body)
	}
	return got.body
}

func TestThePoliceHomeSaysWhatToDoNow(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	for name, calm := range map[string]string{
		"urgent": "Không có tin gấp nào chờ tiếp nhận.", "deadlines": "Không có tin báo nào quá hạn hoặc sắp đến hạn.",
		"fresh": "0 tin báo trong 24 giờ qua.", "clusters": "Chưa có số nào",
	} {
		if got := b.part(name); !strings.Contains(got, calm) {
			t.Errorf("%s with nothing to do: %s", name, got)
		}
	}
	about := h.report(reports.Draft{Ref: "1", Reporter: "+84901234567", Kind: 1, ScamNumber: "0912345678", Money: "about", Complete: true})
	lost := h.report(reports.Draft{Ref: "2", Kind: 5, ScamNumber: "84912345678", Money: "lost", When: "earlier", Band: 3, Complete: true})
	old := h.report(reports.Draft{Ref: "3", Kind: 2, Complete: true})
	if _, err := h.db.Exec(`update reports set created_at = now() - interval '30 hours' where code = $1`, old.Code); err != nil {
		t.Fatal(err)
	}
	got := b.part("urgent")
	if !strings.Contains(got, about.Code) || strings.Contains(got, lost.Code) || !strings.Contains(got, "data-urgent") || strings.Contains(got, "•••") {
		t.Errorf("urgent: %s", got)
	}
	if got := b.part("deadlines"); !strings.Contains(got, old.Code) || strings.Contains(got, about.Code) || !strings.Contains(got, "quá hạn 6 giờ") {
		t.Errorf("deadlines: %s", got)
	}
	if got := b.part("clusters"); !strings.Contains(got, "2 tin báo") || !strings.Contains(got, "1 người đã mất tiền, nhiều nhất từ 50") || !strings.Contains(got, "/reports?number=84912345678") {
		t.Errorf("clusters: %s", got)
	}
	if got := b.part("fresh"); !strings.Contains(got, about.Code) || !strings.Contains(got, "2 tin báo trong 24 giờ qua.") {
		t.Errorf("fresh before the first visit: %s", got)
	}
	if got := b.get("/reports?number=84912345678"); !strings.Contains(got.body, about.Code) || !strings.Contains(got.body, lost.Code) || strings.Contains(got.body, old.Code) {
		t.Errorf("the list by number: %s", got.body)
	}
	h.clock.set(time.Minute) // the list was opened just now
	newer := h.report(reports.Draft{Ref: "4", Kind: 3, Complete: true})
	if got := b.part("fresh"); !strings.Contains(got, newer.Code) || strings.Contains(got, about.Code) || !strings.Contains(got, "1 tin báo mới từ lần mở danh sách lúc") {
		t.Errorf("fresh after the visit: %s", got)
	}
	if got := h.as(Ward).get("/home/urgent"); got.status != 404 {
		t.Errorf("the ward reads the police's section: %d", got.status)
	}
}

func TestAnUrgentReportAppearsOnTheOpenPoliceHome(t *testing.T) {
	h := newHouse(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	s := h.screen()
	s.signin(Police)
	evaluate[chromedp.Void](s, `window.sameDocument = true`)
	s.do(chromedp.Click(chromedp.CSS("[data-sound]")), chromedp.WaitVisible(chromedp.CSS(`[data-sound][aria-pressed=true]`)))
	urgent := h.report(reports.Draft{Ref: "new", Kind: 1, Money: "about"})
	s.do(chromedp.WaitVisible(chromedp.CSS(`#home-urgent .fresh[data-item="` + urgent.Code + `"]`)))
	if !evaluate[bool](s, `window.sameDocument === true && document.querySelectorAll('#home-urgent h2').length === 1`) {
		t.Error("the page was loaded anew, or the section stands twice")
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
