package console

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"canhgiac/internal/jobs"
)

// handIn chooses a file of that name and content on the page for lists, and presses.
func (s *screen) handIn(name, content string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.show("#file")
	s.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
	s.press(".drop .btn")
}

func TestAListIsLeftComeBackToCancelledTriedAndKept(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	h.runLive()
	h.works(func(w map[jobs.Kind]jobs.Work) {
		quick, slow := w[residentsTry], waits(nil)
		w[residentsTry] = func(ctx context.Context, t *jobs.Task) error {
			if t.Job().Title == "dai.csv" {
				return slow(ctx, t)
			}
			return quick(ctx, t)
		}
	})
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, nth int) {
		s := tab()
		s.enter("ward", password)
		s.show(`[data-home="ward"]`)
		s.open("/residents")
		s.press(`a[href="/residents/import"]`)
		s.handIn("dai.csv", list)
		s.says("30%")
		s.press(".brand")
		s.show(`[data-home="ward"]`)
		s.press(".top-jobs")
		s.press(`.row:has(progress) a`)
		s.press(`form[action$="/cancel"] .btn`)
		s.says("Đã hủy")
		s.press(`a.btn[href="/residents/import"]`)

		s.handIn("khong-phai.csv", "\x00\x01\x02 nothing")
		s.says("Tệp không phải là CSV")
		s.handIn("to1.csv", list)
		s.show(".reasons")
		s.press(`form[action$="/keep"] .btn`)
		s.says("Danh sách đã được ghi vào danh bạ")
		if rejects := s.file("a[download]"); !strings.Contains(rejects, "Ngô Văn Ba") {
			t.Errorf("the file of refused rows holds %q", rejects)
		}
		s.press(`form[action$="/discard"] .btn`)
		s.says("đã được xóa")
		s.open("/residents")
		s.write("#q", "hoa")
		s.press(`form[action="/residents"] .btn`)
		s.says("Lê Thị Hoa")
	})
	if h.audited("job.cancel") != len(everyHands) || h.audited("resident.import") != len(everyHands) {
		t.Errorf("%d were cancelled and %d kept", h.audited("job.cancel"), h.audited("resident.import"))
	}
}

func TestACampaignGoesFromOneOfficerToTheOtherAndBack(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	h.runLive()
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, nth int) {
		lan, huy := tab(), tab()
		lan.enter("ward", password)
		lan.show(`[data-home="ward"]`)
		lan.open("/campaigns")
		lan.press(`a.btn[href="/campaigns/new"]`)
		lan.write("#name", fmt.Sprint("Nhắc tháng ", nth))
		lan.write("#text-0", "Bà con đừng đọc mã OTP cho ai.")
		lan.press(`button[value="unaccent-0"]`)
		lan.show(`#plain-0`)
		lan.press(`.form-end [value="save"]`)
		lan.show("#step")
		page := evaluate[string](lan, `location.pathname`)
		do := func(act string) string { return `form[action="` + page + `/` + act + `"] .btn` }
		lan.press(do("submit"))
		lan.says("Người soạn không tự phê duyệt được")

		huy.enter("huy", password)
		huy.show(`[data-home="ward"]`)
		huy.press(`#home-to_do a[href="` + page + `"]`)
		huy.press(`details:has(#reason-sendback) > summary`)
		huy.write("#reason-sendback", "Xin nói rõ số gọi lại")
		huy.press(do("sendback"))
		huy.says("Bản nháp")

		lan.press(`#step a[href="` + page + `/edit"]`) // live: the page was not loaded again
		lan.write("#text-0", "Bà con đừng đọc mã OTP cho ai. Hỏi: 02363111222.")
		lan.press(`button[value="unaccent-0"]`)
		lan.show(`#plain-0`)
		lan.press(`.form-end [value="save"]`)
		lan.press(do("submit"))
		huy.press(do("approve"))
		lan.press(do("start"))
		lan.press(do("pause"))
		lan.press(do("resume"))
		lan.show(do("pause"))
		lan.press("#step details > summary")
		lan.write("#reason-cancel", "Đổi nội dung")
		lan.press(do("cancel"))
		lan.do(chromedp.WaitNotPresent(chromedp.CSS("#reason-cancel"))) // what is cancelled cannot be cancelled again
		lan.press(`details:has(.history) > summary`)
		lan.says("(Xin nói rõ số gọi lại)")
		lan.says("(Đổi nội dung)")
	})
	for _, act := range []string{"campaign.sendback", "campaign.approve", "campaign.pause", "campaign.cancel"} {
		if n := h.audited(act); n != len(everyHands) {
			t.Errorf("%s stands %d times in the audit log", act, n)
		}
	}
}
