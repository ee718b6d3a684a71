package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/lib/pq"

	"canhgiac/gateway"
	"canhgiac/gateway/simulator"
	"canhgiac/internal/postgres/pgtest"
)

// keyboard presses keys of the keyboard, one after the other, on the page itself.
func (b *browser) keyboard(keys string) {
	b.t.Helper()
	b.do("press "+keys, chromedp.KeyEvent(keys))
}

// answers types an answer on the virtual handset and sends it, then waits for the screen that begins so.
func (b *browser) answers(text, thenSees string) {
	b.t.Helper()
	b.keyboard(text + kb.Enter)
	b.see("#ussd-text", thenSees)
}

// TestAReportByUSSDInTheBrowser: on a phone of 390 px, by the keyboard, over SMPP: cut off in the middle, dialled again,
// sent, and at the top of the police page.
func TestAReportByUSSDInTheBrowser(t *testing.T) {
	w := newTown(t)
	if err := w.node.loadDemo(t.Context(), w.passwords); err != nil {
		t.Fatal(err)
	}
	phone := w.browser("quantri")
	phone.do("a small screen", chromedp.EmulateViewport(390, 844))
	phone.open("/handset")
	phone.do("leave the fields", chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	phone.keyboard("*8088#")
	phone.see("#dial-digits", "*8088#")
	phone.keyboard(kb.Enter)
	phone.see("#ussd-text", "1. Vua bi mat tien")
	phone.picture("ussd")
	phone.answers("7", "Xin chon lai.")
	phone.answers("1", "LAM NGAY")
	phone.answers("1", "Ke gian lam gi?")
	phone.keyboard(kb.Escape)
	phone.see("#home-line", "bấm lại mã")

	police := w.browser("congan")
	police.open("/reports")
	police.see(".desk-item[data-urgent]", "Chưa gửi xong")

	phone.do("dial again", chromedp.Click(chromedp.CSS("#dial-code")))
	phone.see("#ussd-text", "Luc nay ba con dang bao tin thi bi ngat.")
	phone.answers("1", "Ke gian lam gi?")
	phone.answers("2", "Nhap so dien thoai")
	phone.keyboard("09055")
	phone.see("#ussd-typed", "09055")
	phone.keyboard(kb.Backspace)
	phone.answers("123456", "Ba con chuyen tien luc nao?")
	phone.answers("1", "So tien da chuyen?")
	phone.answers("3", "Cho cong an goi lai")
	phone.answers("1", "Gui tin bao ve so 0905123456?")
	phone.answers("1", "Da nhan tin bao so ")
	if wide, err := chromedp.Run(phone.ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`)); err != nil || wide > 0 {
		t.Errorf("the page is %d px too wide, %v", wide, err)
	}
	code := strings.TrimPrefix(strings.SplitN(phone.text("#ussd-text"), ".", 2)[0], "Da nhan tin bao so ")
	phone.keyboard(kb.Enter)
	phone.see("#text-body", "Tin bao so "+code)
	police.open("/reports/" + code)
	police.see("main", "Giả ngân hàng, nhà mạng")
	police.see("main", "0905123456")
}

// TestAReportByUSSDInEveryProfile: the simulated carrier names its sessions in each of the ways there are; a handset
// reports, is cut off in the middle, and dials again.
func TestAReportByUSSDInEveryProfile(t *testing.T) {
	for _, profile := range gateway.USSDProfiles() {
		t.Run(profile, func(t *testing.T) {
			script, err := simulator.ParseScript("script.yaml", fmt.Appendf(nil, "network: {ussd: {session: %s}}", profile))
			if err != nil {
				t.Fatal(err)
			}
			w := townOf(t, script, profile)
			const from = "0901234567"
			dial := func(answers ...string) {
				eventually(t, "the code is dialled", func() bool { return w.sim.Dial(from, "*8088#") == nil })
				for _, text := range answers {
					eventually(t, text+" is answered", func() bool { return w.sim.Answer(from, text) == nil })
				}
			}
			dial("1", "1", "2")
			if err := w.sim.CancelDialog(from); err != nil {
				t.Fatal(err)
			}
			dial("1", "0905123456", "1", "9", "3", "1", "1")
			var money, when, number, callback string
			var n, band int
			eventually(t, "the report is sent", func() bool {
				const q = `select money, money_when, scam_number, callback, band, (select count(*) from reports) from reports where origin = 'ussd' and completed_at is not null`
				return w.node.db.QueryRow(q).Scan(&money, &when, &number, &callback, &band, &n) == nil
			})
			if money != "lost" || when != "today" || number != "0905123456" || callback != "yes" || band != 3 || n != 1 {
				t.Errorf("%s %s %s %s %d, %d reports", money, when, number, callback, band, n)
			}
			var ends []string
			if err := w.node.db.QueryRow(`select array_agg(end_status order by id) from ussd_sessions`).Scan(pq.Array(&ends)); err != nil || len(ends) != 2 || ends[0] == "" || ends[0] == "done" || ends[1] != "done" {
				t.Errorf("the sessions ended: %q, %v", ends, err)
			}
		})
	}
}

// TestKillNineBetweenUSSDStepsLosesNoAnswer kills the program after each step, once with the step's answer lost on its way
// to the provider, which then tells the step again to the next program.
func TestKillNineBetweenUSSDStepsLosesNoAnswer(t *testing.T) {
	url := pgtest.URL(t)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ln := loopback(t)
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	program, config := build(t), filepath.Join(t.TempDir(), "config.yaml")
	const secret = "0123456789abcdef0123456789abcdef"
	err = os.WriteFile(config, fmt.Appendf(nil, `
database: {url: "%s"}
http: {addr: "%s"}
admin: {addr: "127.0.0.1:0"}
ussd: {providers: [{name: at, secret: %s}]}
`, url, addr, secret), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	var screen string
	step := func(text string) error {
		resp, err := http.PostForm("http://"+addr+"/ussd/at?key="+secret, neturl.Values{"sessionId": {"ATUid_1"}, "phoneNumber": {"+84901234567"},
			"serviceCode": {"*8088#"}, "text": {text}})
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		screen = string(body)
		return err
	}
	var node *process
	for i, s := range []struct{ text, begins string }{
		{"", "CON CONG AN PHUONG"}, {"1", "CON LAM NGAY"}, {"1", "CON LAM NGAY"}, {"1*1", "CON Ke gian lam gi?"}, {"1*1*2", "CON Nhap so"},
		{"1*1*2*0905123456*1*3*1*1", "END Da nhan tin bao so "}, {"1*1*2*0905123456*1*3*1*1", "END Da nhan tin bao so "},
	} {
		if node != nil {
			node.kill(t)
		}
		node = serve(t, program, config)
		eventually(t, "the program answers", func() bool { return step(s.text) == nil })
		if !strings.HasPrefix(screen, s.begins) {
			t.Fatalf("step %d, %q: %s", i, s.text, screen)
		}
	}
	node.kill(t)
	var n, whole int
	if err := db.QueryRow(`select count(*), count(completed_at) from reports where money = 'lost' and scam_number = '0905123456'`).Scan(&n, &whole); err != nil || n != 1 || whole != 1 {
		t.Errorf("%d reports, %d of them whole, %v", n, whole, err)
	}
}
