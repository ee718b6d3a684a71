package main

import (
	"context"

	"github.com/chromedp/chromedp"

	"canhgiac/gateway/simulator"
	"canhgiac/residents"
)

// demoScript is the demo's own carrier.
func demoScript() simulator.Script { return simulator.Script{Network: demoNetwork} }

// openPhone rings the hotline and goes on to the question of money.
func (b *browser) openPhone() {
	b.t.Helper()
	var number string
	const anySMS = `select phone from residents where phone_kind = 'mobile' and wants_sms and consent_at is not null order by id limit 1`
	if err := b.node.db.QueryRowContext(context.Background(), anySMS).Scan(&number); err != nil {
		b.t.Fatal(err)
	}
	b.open("/handset?number=" + residents.Phone(number).National())
	b.clock.toNextMinute()
	b.see(".lcd", "KHONG")
	b.do("back", chromedp.Click(chromedp.CSS("#key-red")))
	b.keys("02363111222")
	b.do("ring", chromedp.Click(chromedp.CSS("#key-green")))
	b.answer("kính chào", "1")
	b.answer("Xin ông bà nghe rồi bấm phím", "2")
	b.answer("Kẻ gian làm gì", "1")
	b.answer("Xin bấm số điện thoại của kẻ gian", "0900111417#")
	b.see("#heard", "Ông bà vừa bấm số")
	b.keys("1")
	b.answer("Kẻ gian tìm đến ông bà", "1")
	b.see("#heard li:last-child", "đã chuyển tiền cho kẻ gian chưa")
}

// dialCode hangs up and dials the code of the menu.
func (b *browser) dialCode() {
	b.t.Helper()
	b.open("/handset")
	b.do("dial the code", chromedp.Click(chromedp.CSS("#dial-code")))
	b.see("#ussd-text", "1. Vua bi mat tien")
}

// tryList hands the messy list in and waits for its trial.
func (b *browser) tryList() {
	b.t.Helper()
	b.do("choose the list", chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{sampleList(b.t)}))
	b.press(".drop .btn", `form[action$="/keep"]`)
}

// hidePlaces puts a server's places where this machine's stand, whose pictures are kept.
func (b *browser) hidePlaces() {
	b.t.Helper()
	b.do("hide where this test runs", chromedp.Evaluate[chromedp.Void](`(function () {
		var walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT), n
		while ((n = walk.nextNode())) n.data = n.data.replace(/(làm việc|dữ liệu) \/\S+:/g, '$1 /srv/canhgiac:').replace(/^\s*\S+ · \d+\s*$/, 'may-chu-1 · 812')
	})()`))
}
