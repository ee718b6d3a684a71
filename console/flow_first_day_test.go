package console

import (
	"context"
	"database/sql"
	"testing"

	"github.com/chromedp/chromedp"

	"canhgiac/residents"
)

// doneSteps waits until the guide shows so many steps as done.
func (s *screen) doneSteps(n int) {
	s.t.Helper()
	s.open("/first-day")
	s.show(".steps")
	if got := evaluate[int](s, `document.querySelectorAll('.steps .done').length`); got != n {
		s.t.Errorf("%d steps are done, not %d: %s", got, n, s.text(".steps"))
	}
}

// removePractice takes the practice ward away, by the page that asks first.
func (s *screen) removePractice() {
	s.t.Helper()
	s.open("/first-day")
	s.press(`a[href="/first-day/remove"]`)
	s.press(`form[action="/first-day/remove"] .btn.danger`)
	s.show(`form[action="/first-day/begin"]`)
}

func TestAWardOfficersFirstDayFromTheListToTheRemoval(t *testing.T) {
	var db *sql.DB
	h := newHouse(t, withPractice(t, &db))
	h.works()
	h.runLive() // a list that takes long is watched as it is done
	if _, err := h.users.Add(t.Context(), "huy", Standing{Role: Ward}, password); err != nil {
		t.Fatal(err)
	}
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, _ int) {
		s, huy := tab(), tab()
		s.enter("ward", password)
		s.show(`[data-home="ward"]`)
		s.open("/first-day")
		s.press(`form[action="/first-day/begin"] .btn`)
		s.show(`[aria-current="step"]`)
		s.press(`[aria-current="step"] a.btn`)
		s.show(".practice-bar")
		s.handIn("tap-huan.csv", string(residents.PracticeList))
		s.press(`form[action$="/keep"] .btn`)
		s.says("Danh sách đã được ghi vào danh bạ")
		s.file("a[download]") // the refused rows
		s.doneSteps(3)

		s.press(`[aria-current="step"] a.btn`)
		s.write("#name", "Tập huấn")
		s.write("#text-0", "Bà con đừng đọc mã OTP cho ai.")
		s.press(`button[value="unaccent-0"]`)
		s.show("#plain-0")
		s.press(`.form-end [value="save"]`)
		s.press(`form[action="/practice/campaigns/1/submit"] .btn`)
		s.says("Người soạn không tự phê duyệt được")
		s.doneSteps(5)
		huy.enter("huy", password)
		huy.show(`[data-home="ward"]`)
		huy.open("/practice/campaigns/1")
		huy.press(`form[action="/practice/campaigns/1/approve"] .btn`)
		huy.press(`form[action="/practice/campaigns/1/start"] .btn`)
		huy.show(`form[action="/practice/campaigns/1/pause"]`)
		h.firePractice(db, 1)
		s.doneSteps(8)
		if home := h.as(Ward).get("/campaigns").body; len(codeInPage.FindAllString(home, -1)) > 0 {
			t.Error("practice shows among what is real")
		}
		s.removePractice()
	})
}

// firePractice sends a practice campaign's next text and holds it at the practice gate, as a node does when it falls due.
func (h *house) firePractice(db *sql.DB, campaign int64) {
	h.t.Helper()
	ctx := context.Background()
	rooms := h.Practice.Rooms
	tx, err := db.Begin()
	if err != nil {
		h.t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := rooms.Campaigns.Fire(ctx, tx, campaign, h.Now(), 1); err != nil {
		h.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		h.t.Fatal(err)
	}
	if n, err := rooms.Gateway.HoldPractice(ctx); n == 0 || err != nil {
		h.t.Fatalf("held %d: %v", n, err)
	}
}

func TestAPolicemansFirstDayByEveryHand(t *testing.T) {
	var db *sql.DB
	h := newHouse(t, withPractice(t, &db))
	h.works()
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, _ int) {
		s := tab()
		s.enter("police", password)
		s.show(`[data-home="police"]`)
		s.open("/first-day")
		s.press(`form[action="/first-day/begin"] .btn`)
		s.show(`[aria-current="step"]`)
		s.press(`[aria-current="step"] a.btn`)
		s.press(".desk-item h2 a")
		s.press(`form[action$="/receive"] .btn`)
		s.do(chromedp.WaitNotPresent(chromedp.CSS(`form[action$="/receive"]`)))
		s.write("#note", "Đã gọi ngân hàng.")
		s.press(`form[action$="/note"] .btn`)
		s.show(".event.note")
		s.write("#reason-reveal", "tập gọi lại")
		s.press(`form[action$="/reveal"] .btn`)
		s.show(".phone-large")
		s.doneSteps(5)
		s.press(`[aria-current="step"] a.btn`)
		s.write("#reason-export", "tập xuất")
		s.press(`form[action="/practice/reports/export"] .btn`)
		s.file("a[download]")
		s.doneSteps(6)
		s.removePractice()
	})
}
