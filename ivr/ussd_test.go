package ivr

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/reports"
)

// dialler is a phone in USSD over one kind of network.
type dialler interface {
	dial() (Screen, error)
	answer(text string) (Screen, error)
	again() (Screen, error) // the network tells the last step once more
}

// stepwise is a network that tells each step by itself, as SMPP does, with a number for each; or with none.
type stepwise struct {
	*bench
	d        Dialogue
	unnamed  bool
	n        int
	lastText string
}

func (s *stepwise) name() string {
	if s.unnamed {
		return ""
	}
	return fmt.Sprint(s.n)
}

func (s *stepwise) dial() (Screen, error) {
	s.n, s.lastText = 0, ""
	return s.Dialled(s.t.Context(), s.d, s.name())
}

func (s *stepwise) answer(text string) (Screen, error) {
	if err := s.Shown(s.t.Context(), s.d); err != nil { // who answers has seen
		return Screen{}, err
	}
	s.n, s.lastText = s.n+1, text
	return s.Typed(s.t.Context(), s.d, s.name(), text)
}

func (s *stepwise) again() (Screen, error) {
	if s.n == 0 {
		return s.Dialled(s.t.Context(), s.d, s.name())
	}
	return s.Typed(s.t.Context(), s.d, s.name(), s.lastText)
}

// sofar is a network that repeats all that was typed.
type sofar struct {
	*bench
	d   Dialogue
	all []string
}

func (s *sofar) dial() (Screen, error) {
	s.calls++
	s.d.Session, s.all = fmt.Sprintf("ATUid_%d", s.calls), nil
	return s.again()
}

func (s *sofar) answer(text string) (Screen, error) {
	s.all = append(s.all, text)
	return s.again()
}

func (s *sofar) again() (Screen, error) {
	return s.TypedSoFar(s.t.Context(), s.d, strings.Join(s.all, "*"))
}

// networks are the kinds that a phone may be on.
func (b *bench) networks(from string) map[string]dialler {
	d := Dialogue{Provider: "test", From: from, Code: "*8088#"}
	numbered, plain, http := d, d, d
	numbered.Session, plain.Session, http.Provider = from+":17", from, "http"
	plain.Provider = "plain"
	return map[string]dialler{
		"steps with a number": &stepwise{bench: b, d: numbered}, "steps without one": &stepwise{bench: b, d: plain, unnamed: true},
		"all that was typed so far": &sofar{bench: b, d: http},
	}
}

// first is the first line of a screen, with a mark where it ends the session.
func first(s Screen) string {
	line, _, _ := strings.Cut(s.Text, "\n")
	if s.End {
		return line + " ."
	}
	return line
}

const (
	mainMenu  = "CONG AN PHUONG - PHONG LUA DAO"
	doNow     = "LAM NGAY:"
	whatKind  = "Ke gian lam gi?"
	whichNo   = "Nhap so dien thoai cua ke gian roi bam Gui."
	odd9      = "So 090512345 co 9 chu so, khong giong so dien thoai thuong gap."
	isGone    = "Da chuyen tien cho ke gian chua?"
	whenGone  = "Ba con chuyen tien luc nao?"
	howMuch   = "So tien da chuyen?"
	callBack  = "Cho cong an goi lai so nay khong?"
	sendIt    = "Gui tin bao ve so 0905123456?"
	sendBare  = "Gui tin bao nay cho cong an phuong?"
	sentIt    = "Da nhan tin bao so CODE. ."
	goOn      = "Luc nay ba con dang bao tin thi bi ngat."
	wrongKey  = "So nay khong co trong bang. Xin chon lai."
	chooseNow = "Xin chon lai."
)

// TestUSSDConversations are whole sessions: what is typed and the first line of the screen then, the report and the texts.
func TestUSSDConversations(t *testing.T) {
	toMoney := []say{{"2", whatKind}, {"1", whichNo}, {"0905 123 456", isGone}}
	d := func(with ...func(*reports.Draft)) *reports.Draft {
		r := &reports.Draft{Kind: 1, ScamNumber: "0905123456"}
		for _, w := range with {
			w(r)
		}
		return r
	}
	lost := func(r *reports.Draft) { r.Money, r.When, r.Band = "lost", "today", 2 }
	none := func(r *reports.Draft) { r.Money = "none" }
	yes := func(r *reports.Draft) { r.Callback = "yes" }
	sent := func(r *reports.Draft) { r.Complete = true }

	b := newBench(t)
	for name, c := range map[string]struct {
		from   string // "" is a mobile of its own
		says   []say
		report *reports.Draft
		texts  []string
	}{
		"money lost today, to the code": {
			says:   join(toMoney, []say{{"2", howMuch}, {"2", callBack}, {"1", sendIt}, {"1", sentIt}}),
			report: d(lost, yes, sent),
			texts:  []string{"CATHANHKHEX: Da nhan tin bao so CODE luc 14:05 ngay 27/08.", "CATHANHKHEX: Tin bao so CODE. LAM NGAY:"},
		},
		"money lost before today": {
			says:   join(toMoney, []say{{"3", howMuch}, {"5", callBack}, {"2", sendIt}}),
			report: d(func(r *reports.Draft) { r.Money, r.When, r.Band, r.Callback = "lost", "before", 5, "no" }),
		},
		"nothing lost: not asked how much": {
			says:   join(toMoney, []say{{"1", callBack}, {"1", sendIt}, {"1", sentIt}}),
			report: d(none, yes, sent),
			texts:  []string{"CATHANHKHEX: Da nhan tin bao so CODE"},
		},
		"about to send money: told to stop first": {
			says:   join(toMoney, []say{{"4", "KHONG CHUYEN TIEN."}, {"1", callBack}}),
			report: d(func(r *reports.Draft) { r.Money = "about" }),
		},
		"just lost money, cut off at the advice: kept": {
			says:   []say{{"1", doNow}},
			report: &reports.Draft{Money: "lost"},
		},
		"just lost money: not asked again whether, only when; no number": {
			says:   []say{{"1", doNow}, {"1", whatKind}, {"3", whichNo}, {"0", whenGone}, {"1", howMuch}, {"4", callBack}, {"1", sendBare}, {"1", sentIt}},
			report: &reports.Draft{Kind: 3, Money: "lost", When: "today", Band: 4, Callback: "yes", Complete: true},
			texts:  []string{"CATHANHKHEX: Da nhan tin bao so CODE", "CATHANHKHEX: Tin bao so CODE. LAM NGAY:"},
		},
		"a wrong key at each length of screen: the choices stay in view": {
			says: []say{{"7", chooseNow}, {"hello", chooseNow}, {"", chooseNow}, {"2.", whatKind}, {"9", chooseNow}, {" 1 ", whichNo}, {"123456789012345678901", "So dien thoai chua ro. Xin nhap lai."},
				{"khong biet", "So dien thoai chua ro. Xin nhap lai."}, {"+84 905.123.456", isGone}, {"5", wrongKey}, {"1", callBack}, {"3", wrongKey}},
			report: &reports.Draft{Kind: 1, ScamNumber: "84905123456", Money: "none"},
		},
		"a digit missing: asked about, and kept when it is so": {
			says:   []say{{"2", whatKind}, {"1", whichNo}, {"090512345", odd9}, {"1", isGone}},
			report: &reports.Draft{Kind: 1, ScamNumber: "090512345"},
		},
		"a digit missing: typed again": {
			says:   []say{{"2", whatKind}, {"1", whichNo}, {"090512345", odd9}, {"2", whichNo}, {"0905123456", isGone}},
			report: d(),
		},
		"a number from abroad, with its plus, is not asked about": {
			says:   []say{{"2", whatKind}, {"1", whichNo}, {"+1 500 555 0006", isGone}},
			report: &reports.Draft{Kind: 1, ScamNumber: "15005550006"},
		},
		"done again: the answers stay until others take their place": {
			says:   join(toMoney, []say{{"2", howMuch}, {"2", callBack}, {"1", sendIt}, {"2", whatKind}, {"8", whichNo}}),
			report: d(lost, yes, func(r *reports.Draft) { r.Kind = 8 }),
		},
		"cancelled: kept as cancelled, no text": {
			says:   join(toMoney, []say{{"1", callBack}, {"1", sendIt}, {"3", "Da huy, khong gui tin bao nay. ."}}),
			report: d(none, yes, func(r *reports.Draft) { r.Cancelled = true }),
		},
		"the reminders":        {says: []say{{"3", "4 KHONG: khong so hai, khong tham, khong ket ban nguoi la, khong lam theo. ."}}},
		"numbers to call":      {says: []say{{"0", "Cong an phuong: 02363111222 ."}}},
		"register":             {says: []say{{"4", consent}, {"1", "Da dang ky. Muon ngung: goi 02363111222, bam phim 9. ."}}, texts: []string{"CATHANHKHEX: Ba con da dang ky nhan tin"}},
		"register declined":    {says: []say{{"4", consent}, {"2", mainMenu}}},
		"register, a slip":     {says: []say{{"4", consent}, {"3", chooseNow}, {"2", mainMenu}}},
		"stop":                 {says: []say{{"9", "Ngung nhan tin nhac?"}, {"1", "Da ngung gui tin den so may nay luc 14:05 ngay 27/08. ."}}, texts: []string{"CATHANHKHEX: Da nhan yeu cau ngung nhan tin luc 14:05 ngay 27/08."}},
		"stop, second thought": {says: []say{{"9", "Ngung nhan tin nhac?"}, {"2", mainMenu}}},
		"a foreign number reports like anybody, without a text": {
			from:   foreign,
			says:   join(toMoney, []say{{"1", callBack}, {"1", sendIt}, {"1", sentIt}}),
			report: d(none, yes, sent),
		},
		"a foreign number cannot register": {from: foreign, says: []say{{"4", "Cong an phuong: 02363111222 ."}}},
		"a withheld number reports and is not asked for a call back": {
			from:   "unknown",
			says:   join(toMoney, []say{{"1", sendIt}, {"1", sentIt}}),
			report: d(none, sent, func(r *reports.Draft) { r.Callback = "no" }),
		},
		"a withheld number can neither register nor stop": {from: "unknown", says: []say{{"9", "Cong an phuong: 02363111222 ."}}},
	} {
		b.calls++
		from := c.from
		if from == "" {
			from = fmt.Sprintf("8490124%04d", b.calls)
		}
		for network, phone := range b.networks(from) {
			t.Run(name+", over "+network, func(t *testing.T) {
				b.t = t
				if got, err := phone.dial(); err != nil || first(got) != mainMenu {
					t.Fatalf("the session begins with %q, %v", got.Text, err)
				}
				code := ""
				for i, s := range c.says {
					got, err := phone.answer(s.does)
					if err != nil {
						t.Fatal(err)
					}
					if len(got.Text) > prompts.ScreenLimit {
						t.Errorf("%d characters: %q", len(got.Text), got.Text)
					}
					want := s.hears
					if r := b.lastUSSD(); r != nil && strings.Contains(want, "CODE") {
						code, want = r.Code, strings.ReplaceAll(want, "CODE", r.Code)
					}
					if first(got) != want {
						t.Fatalf("exchange %d, %q: the screen says\n%s\nexpected %s", i+1, s.does, got.Text, want)
					}
					if repeat, err := phone.again(); err != nil || repeat != got {
						t.Fatalf("exchange %d told twice: %q, %v", i+1, repeat.Text, err)
					}
				}
				var got *reports.Draft
				if r := b.lastUSSD(); r != nil {
					got = &r.Draft
					got.Origin, got.Ref, got.Reporter = "", "", ""
				}
				same(t, "report", c.report, got)
				texts := b.column(`select text from test_texts order by key`)
				if len(texts) != len(c.texts) {
					t.Fatalf("texts %q, expected %q", texts, c.texts)
				}
				for i, text := range texts {
					if want := strings.ReplaceAll(c.texts[i], "CODE", code); !strings.HasPrefix(text, want) {
						t.Errorf("text %q, expected %q", text, want)
					}
				}
			})
			b.forget()
		}
	}
}

const consent = "Luu so may nay de nhan tin nhac phong lua dao, moi tuan khong qua 2 tin, mien phi. Ngung luc nao cung duoc."

// lastUSSD is the report of the latest session that has one, nil where nobody told anything.
func (b *bench) lastUSSD() *reports.Detail {
	b.t.Helper()
	all := b.reportsOf(`where origin = 'ussd'`)
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

// forget parts what follows from what was: another phone on another day.
func (b *bench) forget() {
	const q = `delete from test_texts; delete from opt_outs; delete from residents; update reports set origin = 'api', ref = 'before-' || id where origin = 'ussd';
update ussd_sessions set from_phone = '', sid = 'before', report_id = null`
	if _, err := b.db.Exec(q); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) open(p dialler, typed ...string) Screen {
	b.t.Helper()
	s, err := p.dial()
	for _, text := range typed {
		if err == nil {
			s, err = p.answer(text)
		}
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// TestWhoDialsAgainGoesOn: each first session is cut off; the next one offers to go on, and shows the very screen.
func TestWhoDialsAgainGoesOn(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		typed []string
		opens string
	}{
		"at the advice to who has lost money": {[]string{"1"}, doNow},
		"at the kind, money just lost":        {[]string{"1", "1"}, whatKind},
		"at the number":                       {[]string{"2", "1"}, whichNo},
		"after a wrong number":                {[]string{"2", "1", "x"}, whichNo},
		"at the question of money":            {[]string{"2", "1", "0905123456"}, isGone},
		"at the warning to stop":              {[]string{"2", "1", "0", "4"}, "KHONG CHUYEN TIEN."},
		"at how much":                         {[]string{"2", "1", "0", "2"}, howMuch},
		"at the call back":                    {[]string{"2", "1", "0", "1"}, callBack},
		"before sending":                      {[]string{"2", "1", "0905123456", "1", "1"}, sendIt},
		"doing it again":                      {[]string{"2", "1", "0905123456", "1", "1", "2"}, whatKind},
	} {
		from := fmt.Sprintf("8490125%04d", b.calls)
		for network, phone := range b.networks(from) {
			t.Run(name+", over "+network, func(t *testing.T) {
				b.t = t
				*b.clock = noon
				b.open(phone, c.typed...)
				before := b.lastUSSD().Draft
				*b.clock = b.clock.Add(9 * time.Minute)
				if got := b.open(phone); first(got) != goOn {
					t.Fatalf("dialled again: %q", got.Text)
				}
				got, err := phone.answer("1")
				if err != nil || first(got) != c.opens {
					t.Fatalf("going on: %q, %v; expected %s", got.Text, err, c.opens)
				}
				same(t, "report", before, b.lastUSSD().Draft)
				if n := len(b.reportsOf(`where origin = 'ussd'`)); n != 1 {
					t.Errorf("%d reports", n)
				}
				*b.clock = b.clock.Add(goOnWithin + time.Second)
				if got := b.open(phone); first(got) != mainMenu {
					t.Errorf("after half an hour: %q", got.Text)
				}
			})
			b.forget()
		}
		b.calls++
	}
}

func TestAReportOverThreeSessionsIsOneAndIsSentOnce(t *testing.T) {
	b := newBench(t)
	phone := b.networks(mobile)["all that was typed so far"]
	b.open(phone, "1")
	b.open(phone, "1", "1", "2")
	if got := b.open(phone, "1", "0", "1", "3", "1", "1"); !got.End || !strings.HasPrefix(got.Text, "Da nhan tin bao so ") {
		t.Fatalf("%q", got.Text)
	}
	r := b.lastUSSD()
	want := reports.Draft{Origin: "ussd", Ref: "1", Reporter: mobile, Kind: 2, Money: "lost", When: "today", Band: 3, Callback: "yes", Complete: true}
	same(t, "report", want, r.Draft)
	if n := len(b.allReports()); n != 1 {
		t.Errorf("%d reports", n)
	}
	if got := b.open(phone); first(got) != mainMenu {
		t.Errorf("nothing is left to go on with: %q", got.Text)
	}
	for _, e := range r.Events {
		if e.Node == "loai" && e.Key != "2" {
			t.Errorf("the record says %+v", e)
		}
	}
}

func TestWhoWantsSomethingElseStartsAnew(t *testing.T) {
	b := newBench(t)
	phone := b.networks(mobile)["steps with a number"]
	b.open(phone, "2", "1")
	if got := b.open(phone, "2", "2", "4"); first(got) != whichNo {
		t.Fatalf("%q", got.Text)
	}
	if n := len(b.allReports()); n != 2 {
		t.Errorf("%d reports", n)
	}
	if got := b.open(b.networks("84909999999")["steps with a number"]); first(got) != mainMenu {
		t.Errorf("another number is offered %q", got.Text)
	}
}

func TestASilentSessionIsOver(t *testing.T) {
	b := newBench(t)
	for network, phone := range b.networks(mobile) {
		b.open(phone, "2", "1")
		*b.clock = b.clock.Add(ussdIdle + time.Second)
		if got, err := phone.answer("0905123456"); err != nil || first(got) != goOn {
			t.Errorf("over %s: %q, %v", network, got.Text, err)
		}
		if got, err := phone.answer("1"); err != nil || first(got) != whichNo {
			t.Errorf("over %s, going on: %q, %v", network, got.Text, err)
		}
		b.forget()
	}
}

func TestADroppedSessionIsOver(t *testing.T) {
	b := newBench(t)
	phone := b.networks(mobile)["steps without one"].(*stepwise)
	b.open(phone, "2", "1")
	for range 2 {
		if err := b.Dropped(t.Context(), phone.d, "aborted"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := phone.answer("1"); err != nil || first(got) != goOn {
		t.Errorf("an answer to a session that is over: %q, %v", got.Text, err)
	}
	if got := b.column(`select end_status from ussd_sessions order by id`); got[0] != "aborted" {
		t.Errorf("%q", got)
	}
	if err := b.Dropped(t.Context(), Dialogue{Provider: "test", Session: "nobody", From: mobile}, "aborted"); err != nil {
		t.Error(err)
	}
}

// TestWhatWasTypedSoFar holds the ways in which a provider's text may come.
func TestWhatWasTypedSoFar(t *testing.T) {
	for name, c := range map[string]struct {
		texts []string // one a request, in one session
		opens string
	}{
		"the code alone":                             {[]string{""}, mainMenu},
		"a longer code dialled":                      {[]string{"2"}, whatKind},
		"a longer code dialled with two choices":     {[]string{"2*1"}, whichNo},
		"told twice at the beginning":                {[]string{"", ""}, mainMenu},
		"told twice":                                 {[]string{"", "2", "2", "2*1", "2*1"}, whichNo},
		"an old step told again":                     {[]string{"", "2", "2*1", "2"}, whatKind},
		"an old step told again, then on":            {[]string{"", "2", "2*1", "2", "2*1*0905123456"}, isGone},
		"a step that never came":                     {[]string{"", "2*1"}, whichNo},
		"three steps that never came":                {[]string{"", "2", "2*1*0905123456*2"}, howMuch},
		"a star typed before the number":             {[]string{"", "2", "2*1", "2*1**0905123456"}, isGone},
		"stars typed within the number":              {[]string{"", "2", "2*1", "2*1*0905*123*456"}, isGone},
		"stars within the number, and a step behind": {[]string{"", "2", "2*1*0905*123*456*2"}, howMuch},
		"a star alone where a key is asked":          {[]string{"", "*"}, chooseNow},
		"nothing typed":                              {[]string{"", "2", "2*"}, chooseNow},
		"something that does not follow":             {[]string{"", "2", "9"}, whatKind},
		"after the end, the end":                     {[]string{"", "3", "3*1"}, "4 KHONG: khong so hai, khong tham, khong ket ban nguoi la, khong lam theo. ."},
		"more than the menu takes":                   {[]string{"", "3*1*1*1"}, "4 KHONG: khong so hai, khong tham, khong ket ban nguoi la, khong lam theo. ."},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			var got Screen
			for _, text := range c.texts {
				var err error
				if got, err = b.TypedSoFar(t.Context(), Dialogue{Provider: "at", Session: "ATUid_1", From: mobile, Code: "*8088#"}, text); err != nil {
					t.Fatal(err)
				}
			}
			if first(got) != c.opens {
				t.Errorf("%q, expected %s", got.Text, c.opens)
			}
			if r := b.lastUSSD(); r != nil && r.ScamNumber != "" && r.ScamNumber != "0905123456" {
				t.Errorf("the number is %s", r.ScamNumber)
			}
		})
	}
}

// TestTwoNodesTakeOneSession: every step comes to the other node, and to both at once.
func TestTwoNodesTakeOneSession(t *testing.T) {
	b := newBench(t)
	nodes := []*bench{b, b.otherNode()}
	d := Dialogue{Provider: "at", Session: "ATUid_1", From: mobile, Code: "*8088#"}
	all := []string{"2", "1", "0905123456", "2", "3", "1", "1"}
	for n := range len(all) + 1 {
		text := strings.Join(all[:n], "*")
		var both sync.WaitGroup
		var screens [4]Screen
		for i := range screens {
			both.Go(func() {
				var err error
				if screens[i], err = nodes[(n+i)%2].TypedSoFar(t.Context(), d, text); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		for _, s := range screens[1:] {
			same(t, "what one node says and the other", screens[0], s)
		}
	}
	if n := len(b.column(`select 1 from ussd_steps`)); n != len(all)+1 {
		t.Errorf("%d steps kept", n)
	}
	if r := b.lastUSSD(); !r.Complete || len(b.allReports()) != 1 || len(b.sent()) != 2 {
		t.Errorf("%+v, texts %q", r.Draft, b.sent())
	}
}

// TestAStepThatFailsIsSaidAndChangesNothing: the database refuses at each of a report's steps; the person sees whom to
// call, and dialling again goes on at the same question.
func TestAStepThatFailsIsSaidAndChangesNothing(t *testing.T) {
	b := newBench(t)
	phone := b.networks(mobile)["steps with a number"].(*stepwise)
	typed := []string{"2", "1", "0905123456", "2", "3", "1", "1"}
	at := b.open(phone)
	for i, text := range typed {
		if _, err := b.db.Exec(`alter table ussd_steps add constraint broken check (step < 0) not valid`); err != nil {
			t.Fatal(err)
		}
		got, err := phone.answer(text)
		if err == nil || first(got) != "He thong dang ban. Xin goi 02363111222. Viec gap: goi 113. ." {
			t.Fatalf("step %d: %q, %v", i, got.Text, err)
		}
		if _, err := b.db.Exec(`alter table ussd_steps drop constraint broken`); err != nil {
			t.Fatal(err)
		}
		if i >= 2 { // something is known
			if got := b.open(phone, "1"); got != at {
				t.Fatalf("step %d: going on with %q, expected %q", i, got.Text, at.Text)
			}
		}
		if at, err = phone.answer(text); err != nil {
			t.Fatal(err)
		}
	}
	if r := b.lastUSSD(); !r.Complete || len(b.allReports()) != 1 {
		t.Errorf("%+v", r.Draft)
	}
}

// TestATextThatCannotBeQueuedLosesNoReport as for calls.
func TestATextThatCannotBeQueuedLosesNoUSSDReport(t *testing.T) {
	b := newBench(t)
	b.texts.fail = fmt.Errorf("the queue is full")
	got := b.open(b.networks(mobile)["steps with a number"], "2", "1", "0", "1", "1", "1")
	if !got.End || !b.lastUSSD().Complete {
		t.Errorf("%q", got.Text)
	}
}

func TestASessionIsItsNumbersOwn(t *testing.T) {
	b := newBench(t)
	d := Dialogue{Provider: "at", Session: "ATUid_1", From: mobile}
	if _, err := b.TypedSoFar(t.Context(), d, ""); err != nil {
		t.Fatal(err)
	}
	d.From = "+84909999999"
	if got, err := b.TypedSoFar(t.Context(), d, "1"); err == nil || !got.End {
		t.Errorf("another number went on: %q", got.Text)
	}
}

func TestTheUrgentStandFirstFromTheirFirstKey(t *testing.T) {
	b := newBench(t)
	b.open(b.networks("84901000001")["steps with a number"], "1")
	b.open(b.networks("84901000002")["steps with a number"], "2", "1", "0", "4")
	b.open(b.networks("84901000003")["steps with a number"], "2", "1", "0", "1")
	var got []reports.Urgency
	for _, r := range b.allReports() {
		got = append(got, r.Urgency)
	}
	same(t, "urgency", []reports.Urgency{reports.LostToday, reports.AboutToLose, reports.Other}, got)
}

func TestConsentOverUSSDKeepsItsWords(t *testing.T) {
	b := newBench(t)
	b.open(b.networks(mobile)["steps with a number"], "4", "1")
	got := b.column(`select phone || ' ' || act || ' ' || channel || ' ' || text_version || ' ' || key || ' ' || ref from consents`)
	if want := mobile + " given ussd " + b.menus.words.Version + " 1 1"; len(got) != 1 || got[0] != want {
		t.Errorf("%q, expected %q", got, want)
	}
}

// TestALateAnswerToldTwiceIsOneDialling: what begins a new session must not, told again, press a key in it.
func TestALateAnswerToldTwiceIsOneDialling(t *testing.T) {
	b := newBench(t)
	for name, phone := range map[string]*stepwise{
		"steps with a number": {bench: b, d: Dialogue{Provider: "test", Session: "17", From: mobile, Code: "*8088#"}},
		"steps without one":   {bench: b, d: Dialogue{Provider: "plain", Session: mobile, From: mobile, Code: "*8088#"}, unnamed: true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := phone.dial(); err != nil {
				t.Fatal(err)
			}
			*b.clock = b.clock.Add(ussdIdle + time.Second)
			s, err := phone.answer("1")
			for range 3 {
				if err != nil || first(s) != mainMenu {
					t.Fatalf("%q, %v", first(s), err)
				}
				s, err = phone.again()
			}
			if s, err := phone.answer("2"); err != nil || first(s) != whatKind {
				t.Errorf("then %q, %v", first(s), err)
			}
			if n := len(b.allReports()); n != 0 {
				t.Errorf("%d reports", n)
			}
		})
	}
}
