package main

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"canhgiac/gateway/simulator"
	"canhgiac/internal/peers"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents"
	"canhgiac/residents/sample"
)

var screens = flag.String("screens", "", "keep pictures of the walk in this folder")

// clock is real time moved ahead by hand, so that a schedule falls due without anybody waiting for it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time       { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) move(d time.Duration) { c.ahead.Add(int64(d)) }

// toNextMinute moves to the next full minute, when a schedule of "* * * * *" falls due.
func (c *clock) toNextMinute() {
	now := c.now()
	c.move(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
}

// town is a whole installation in this process: a node, its simulated carrier, phones and voice provider, meeting over
// SMPP and signed webhooks only.
type town struct {
	t         *testing.T
	clock     *clock
	node      *node
	sim       *simulator.Simulator
	url       string
	passwords map[string]string
}

func newTown(t *testing.T) *town {
	t.Helper()
	return townOf(t, simulator.Script{}, "standard")
}

// townOf has its carrier follow a script, and read USSD by a profile. What lies behind the town is put in place before it
// comes alive.
func townOf(t *testing.T, script simulator.Script, ussd string, behind ...func(Config, map[string]string)) *town {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.NewJSONHandler(newLogFile(t), nil))
	public, admin := loopback(t), loopback(t)
	url := "http://" + public.Addr().String()
	secrets := demoSecrets{SMPPPassword: "secret", VoiceSecret: "0123456789abcdef", Passwords: map[string]string{}}
	for _, u := range sampleUsers() {
		secrets.Passwords[u.Name] = newPassword()
	}
	sim, err := simulator.New(simulator.Options{
		SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", SystemID: "demo", Password: secrets.SMPPPassword,
		VoiceURL: url, VoiceProvider: "simulator", VoiceAccount: "ACdemo", VoiceSecret: secrets.VoiceSecret, Log: log, Script: script,
	})
	if err != nil {
		t.Fatal(err)
	}
	simEnded := make(chan error, 1)
	go func() { simEnded <- sim.Run(ctx) }()
	<-sim.Ready()

	c := defaultConfig()
	c.HTTP.Addr = public.Addr().String()
	c.Simulator.SMPPAddr, c.Simulator.HTTPAddr = sim.SMPPAddr(), sim.HTTPAddr()
	c = demoConfig(c, secrets, pgtest.URL(t))
	c.Gateway.Carriers[0].Rate, c.Gateway.Carriers[0].USSD = 5000, ussd
	db, err := openMigrated(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, past := range behind {
		past(c, secrets.Passwords)
	}
	w := &town{t: t, clock: &clock{}, sim: sim, url: url, passwords: secrets.Passwords}
	if w.node, err = newNode(c, db, log, w.clock.now); err != nil {
		t.Fatal(err)
	}
	w.node.public, w.node.admin = public, admin
	w.node.runner.Poll = 20 * time.Millisecond // it asks our clock, which jumps
	nodeEnded := make(chan error, 1)
	go func() { nodeEnded <- runParts(ctx, log, w.node.parts()) }()
	t.Cleanup(func() {
		cancel()
		for _, ended := range []chan error{nodeEnded, simEnded} {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		_ = db.Close()
	})
	return w
}

// newLogFile keeps what the program says, and shows it only when the test fails.
func newLogFile(t *testing.T) io.Writer {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(file.Name()); t.Failed() && err == nil {
			t.Logf("log:\n%s", text)
		}
		_ = file.Close()
	})
	return file
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// browser is one person's window.
type browser struct {
	*town
	ctx  context.Context
	name string
}

// window is a browser in which nobody has signed in.
func (w *town) window() *browser {
	w.t.Helper()
	options := peers.Browser(chromedp.WindowSize(1440, 1000), chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	w.t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	w.t.Cleanup(closeTab)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		w.t.Fatalf("start Chromium: %v", err)
	}
	return &browser{town: w, ctx: ctx}
}

func (w *town) browser(name string) *browser {
	w.t.Helper()
	b := w.window()
	b.name = name
	b.open("/signin")
	b.do("sign in", chromedp.SendKeys(chromedp.CSS("#name"), name), chromedp.SendKeys(chromedp.CSS("#password"), w.passwords[name]+"\n"), chromedp.WaitVisible(chromedp.CSS("[data-home]")))
	return b
}

func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.picture("failed")
		b.t.Fatalf("%s: %s: %v\n%s", b.name, what, err, b.text("main"))
	}
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do("open "+path, chromedp.Navigate(b.url+path), chromedp.WaitVisible(chromedp.CSS("main")))
}

// press clicks the button of a form by where it leads, as its words may change. The page itself clicks: a list that lives
// may put another element in its place between the finding and the clicking.
func (b *browser) press(selector, thenSee string) {
	b.t.Helper()
	b.do("press "+selector, chromedp.WaitVisible(chromedp.CSS(selector)),
		chromedp.Evaluate[chromedp.Void]("document.querySelector("+quote(selector)+").click()"), chromedp.WaitVisible(chromedp.CSS(thenSee)))
}

// see waits until the element holds the text.
func (b *browser) see(selector, text string) {
	b.t.Helper()
	const holds = `(function(){var e = document.querySelector(%s); return !!e && e.innerText.includes(%s)})()`
	expression := strings.Replace(strings.Replace(holds, "%s", quote(selector), 1), "%s", quote(text), 1)
	b.do("see "+text+" in "+selector, chromedp.Poll[chromedp.Void](expression))
}

func quote(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }

func (b *browser) text(selector string) string {
	s, _ := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	return s
}

// fetch gives the file that a link leads to.
func (b *browser) fetch(link string) string {
	b.t.Helper()
	file, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("fetch(document.querySelector("+quote(link)+").href).then(r => r.ok ? r.text() : String(r.status))", chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: fetch %s: %v", b.name, link, err)
	}
	return file
}

// picture keeps what the window shows, where -screens asks for it.
func (b *browser) picture(name string) {
	if *screens == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(*screens, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Errorf("picture %s: %v", name, err)
	}
}

// keys presses the phone's keys one after the other, each when the hotline has asked for it.
func (b *browser) keys(keys string) {
	b.t.Helper()
	for _, k := range keys {
		b.do("key "+string(k), chromedp.Click(chromedp.CSS(`.key[data-key="`+string(k)+`"]`)))
	}
}

// answer presses keys once the hotline says the words.
func (b *browser) answer(says, keys string) {
	b.t.Helper()
	b.see("#heard li:last-child", says)
	b.keys(keys)
}

// sampleList is the messy resident list as a file to choose in the browser.
func sampleList(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "residents.csv")
	if err := os.WriteFile(file, sample.Residents, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// The main job, as its people do it: a messy list goes in, a reminder goes out, a resident reports by keys, the police see it.
func TestTheMainJobInTheBrowser(t *testing.T) {
	w := newTown(t)
	ctx := context.Background()
	if _, err := w.node.loadSampleWard(ctx, w.passwords); err != nil {
		t.Fatal(err)
	}
	if err := w.node.draftReminders(ctx); err != nil {
		t.Fatal(err)
	}

	author := w.browser("canbo")
	author.open("/residents/import")
	author.do("choose the list", chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{sampleList(t)}))
	author.press(".drop .btn", `form[action$="/keep"]`) // the trial is a job, whose page follows it to its end
	author.picture("import")
	author.press(`form[action$="/keep"] .btn`, `a.btn[href="/residents"]`)
	author.see(".counts", "2.707")

	author.open("/campaigns/1/edit")
	author.do("write the first text anew", chromedp.SetValue(chromedp.CSS("#text-0"), "Ai dọa bắt thì KHÔNG SỢ HÃI: bà con tắt máy, gọi 02363111222."))
	author.press(`button[value="unaccent-0"]`, "#plain-0")
	author.do("every minute", chromedp.Click(chromedp.CSS("details:has(#cron) > summary")), chromedp.Click(chromedp.CSS(`input[name="when"][value="cron"]`)), chromedp.SetValue(chromedp.CSS("#cron"), "* * * * *"))
	author.press(`.form-end [value="save"]`, `form[action="/campaigns/1/submit"]`)
	author.press(`form[action="/campaigns/1/submit"] .btn`, `form[action="/campaigns/1/sendback"], #step details`)

	approver := w.browser("lanhdao")
	approver.open("/campaigns/1")
	approver.press(`form[action="/campaigns/1/approve"] .btn`, `form[action="/campaigns/1/start"]`)
	w.clock.toNextMinute() // a whole minute lies ahead, in which the phone is found
	approver.press(`form[action="/campaigns/1/start"] .btn`, `form[action="/campaigns/1/pause"]`)

	police := w.browser("congan")
	police.open("/reports")

	var number string
	const anySMS = `select phone from residents where phone_kind = 'mobile' and wants_sms and consent_at is not null order by id limit 1`
	if err := w.node.db.QueryRowContext(ctx, anySMS).Scan(&number); err != nil {
		t.Fatal(err)
	}
	phone := w.browser("quantri")
	phone.open("/handset?number=" + residents.Phone(number).National())
	w.clock.toNextMinute()
	phone.see(".lcd", "Ai doa bat thi KHONG SO HAI") // the phone opens what arrives
	approver.see(".reach", "1.846/1.846")            // live: the page was not loaded again
	approver.picture("campaign")

	phone.do("report a number by SMS", chromedp.SendKeys(chromedp.CSS("#compose-text"), "Bao 0905 111 222"), chromedp.Click(chromedp.CSS("#compose-send")))
	phone.see(".lcd", "Da nhan tin bao so")
	police.see("#rows", "0905111222")

	phone.do("back", chromedp.Click(chromedp.CSS("#key-red")))
	phone.keys("02363111222")
	phone.do("ring", chromedp.Click(chromedp.CSS("#key-green")))
	phone.answer("kính chào", "1") // any key ends the greeting
	phone.answer("Xin ông bà nghe rồi bấm phím", "2")
	phone.answer("Kẻ gian làm gì", "1")
	phone.answer("Xin bấm số điện thoại của kẻ gian", "0901234567#")
	phone.see("#heard", "Ông bà vừa bấm số")
	phone.keys("1") // a key interrupts: nobody has to hear the number to its end
	phone.answer("Kẻ gian tìm đến ông bà", "1")
	phone.answer("đã chuyển tiền cho kẻ gian chưa", "2")
	phone.answer("chuyển tiền lúc nào", "1")
	phone.see("#heard li:last-child", "Số tiền đã chuyển")
	phone.picture("handset")
	phone.keys("2")
	police.do("the report is there before it is sent", chromedp.WaitVisible(chromedp.CSS(".desk-item[data-urgent]")))
	phone.answer("gọi lại số máy này không", "1")
	phone.see("#heard", "Xin ông bà nghe lại")
	phone.keys("1")
	phone.see("#heard", "Tổng đài đã nhận tin báo")

	police.see("#rows", "0901234567")
	police.picture("reports")
	police.press(".desk-item a", `form[action$="/receive"]`)
	police.do("receive", chromedp.Click(chromedp.CSS(`form[action$="/receive"] .btn`)), chromedp.WaitNotPresent(chromedp.CSS(`form[action$="/receive"]`)))
	police.see("#facts", "Đã tiếp nhận")
	police.picture("report")
	code := police.text(".code-large")
	police.do("note", chromedp.SendKeys(chromedp.CSS("#note"), "Đã gọi lại, bà con chưa chuyển tiền."))
	police.press(`form[action$="/note"] .btn`, ".event.note")
	police.do("a reason", chromedp.SendKeys(chromedp.CSS("#reason-reveal"), "gọi lại cho người báo"))
	police.press(`form[action$="/reveal"] .btn`, ".phone-large")
	if shown := strings.ReplaceAll(police.text(".phone-large"), " ", ""); shown != residents.Phone(number).National() {
		t.Errorf("the number revealed is %s", shown)
	}
	police.open("/reports/export")
	police.do("a reason", chromedp.SendKeys(chromedp.CSS("#reason-export"), "báo cáo tuần"))
	police.press(`form[action="/reports/export"] .btn`, "a[download]")
	if file := police.fetch("a[download]"); !strings.Contains(file, code) || !strings.Contains(file, "0901 234 567") {
		t.Errorf("the file lacks report %s:\n%s", code, file)
	}

	var reads int
	if err := w.node.db.QueryRowContext(ctx, `select count(distinct act) from audit_log where who = 'congan'
		and act in ('report.read', 'report.receive', 'report.note', 'report.reveal', 'report.export', 'job.fetch')`).Scan(&reads); err != nil || reads != 6 {
		t.Errorf("%d of the police's six acts are in the audit log, %v", reads, err)
	}
}
