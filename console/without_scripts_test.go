package console

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"canhgiac/reports"
)

// TestTheMainFormsWorkWithoutScripts is a browser that runs none: what an officer must be able to do on any machine.
func TestTheMainFormsWorkWithoutScripts(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	r := h.report(reports.Draft{Ref: "CA1", Reporter: "+84901234567", Kind: 1, ScamNumber: "0912345678", Complete: true})

	t.Run("read a report and note what was done", func(t *testing.T) {
		s := h.tab(t)
		s.withoutScripts()
		s.look(1440, false)
		s.signin(Police)
		s.follow(`.top-nav a[href="/reports"]`)
		s.follow(".desk-item h2 a")
		s.follow(`form[action$="/receive"] button`)
		s.do(chromedp.WaitVisible(chromedp.CSS(".flash")), chromedp.SendKeys(chromedp.CSS("#note"), "Đã gọi lại."))
		s.follow(`form[action$="/note"] button`)
		s.do(chromedp.WaitVisible(chromedp.Search(`//p[@class="note-text" and contains(., "Đã gọi lại.")]`)), chromedp.Click(chromedp.CSS(".user-menu > summary")))
		s.follow(`form[action="/signout"] button`)
		s.do(chromedp.WaitVisible(chromedp.CSS("#password")))
	})
	if h.audited("report.note") != 1 || h.audited("report.receive") != 1 {
		t.Errorf("report %s was not worked on", r.Code)
	}

	t.Run("choose a colour, write a campaign and submit it", func(t *testing.T) {
		s := h.tab(t)
		s.withoutScripts()
		s.look(390, false)
		s.signin(Ward)
		s.do(chromedp.Click(chromedp.CSS(".user-menu > summary")))
		s.follow(`button[name=theme][value=dark]`)
		s.do(chromedp.WaitReady(chromedp.CSS(`meta[name=color-scheme][content=dark]`)), chromedp.Click(chromedp.CSS(".pages-menu > summary")))
		s.follow(`.pages-menu a[href="/campaigns"]`)
		s.follow(`a[href="/campaigns/new"]`)
		s.do(chromedp.SendKeys(chromedp.CSS("#name"), "Nhắc tháng 11"), chromedp.SendKeys(chromedp.CSS("#text-0"), "Bà con đừng đọc mã OTP cho ai."))
		s.follow(`button[name=do][value=unaccent-0]`)
		s.do(chromedp.WaitVisible(chromedp.CSS("#plain-0")))
		s.follow(`#campaign-form .form-end button[value=save]`)
		s.do(chromedp.WaitVisible(chromedp.CSS(".flash")))
		s.follow(`form[action$="/submit"] button`)
		s.do(chromedp.WaitNotPresent(chromedp.CSS(`form[action$="/submit"]`)))
	})
	if h.audited("campaign.submit") != 1 {
		t.Error("the campaign was not submitted")
	}

	t.Run("hand in a list", func(t *testing.T) {
		list := filepath.Join(t.TempDir(), "danh-sach.csv")
		if err := os.WriteFile(list, []byte("Họ và tên,Năm sinh,Số điện thoại,Tổ dân phố,Đồng ý nhận tin\nLê Văn Tám,1950,0905123456,Tổ 1,x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		s := h.tab(t)
		s.withoutScripts()
		s.signin(Ward)
		s.open("/residents/import")
		s.look(1440, false)
		s.do(chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{list}), chromedp.Click(chromedp.CSS(`main form .btn`)), chromedp.WaitReady(chromedp.CSS(`.crumb a[href="/jobs"]`)))
	})
}
