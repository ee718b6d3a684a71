package ivr

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"canhgiac/ivr/prompts"
)

var (
	author   = User{Name: "lan", Role: "ward", Addr: "10.0.0.1"}
	approver = User{Name: "hoa", Role: "ward"}
)

const ownGreeting = "Dạ, kính chào ông bà. Đây là tổng đài của phường mình."

// draft makes a version that says another greeting and another first screen, and takes another SMS word.
func (b *bench) draft() int64 {
	b.t.Helper()
	id, err := b.menus.Begin(b.t.Context(), author)
	if err != nil {
		b.t.Fatal(err)
	}
	b.edit(id, func(e *Edit) error {
		e.Words("dang_ky", []string{"NHAN TIN"})
		return errors.Join(e.Prompt("chao", ownGreeting), e.Screen("nhac", "4 KHONG, 2 PHAI.\nBao: {hotline}"))
	})
	return id
}

func (b *bench) edit(id int64, change func(*Edit) error) {
	b.t.Helper()
	v, err := b.menus.Get(b.t.Context(), id)
	if err == nil {
		err = b.menus.Edit(b.t.Context(), id, v.Revision, author, change)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// approved brings a draft to answer.
func (b *bench) approved(id int64) {
	b.t.Helper()
	if err := b.menus.Submit(b.t.Context(), id, author); err != nil {
		b.t.Fatal(err)
	}
	v, err := b.menus.Get(b.t.Context(), id)
	if err == nil {
		err = b.menus.Approve(b.t.Context(), id, v.Revision, approver)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// everywhere takes all words as sounding: whoever says them is not this test's matter.
func (b *bench) everywhere() *bench {
	b.menus.sounding = everySound
	return b
}

func TestAConversationEndsWithTheVersionThatItBeganWith(t *testing.T) {
	b := newBench(t, "101").everywhere()
	other := b.otherNode().everywhere()
	other.calls = 100
	id := b.draft()
	began := b.ring(mobile)
	phone := b.networks(mobile)["steps with a number"]
	if _, err := phone.dial(); err != nil {
		t.Fatal(err)
	}
	b.approved(id)

	line := prompts.LineOf("chao", ownGreeting)
	if got := heard(other.ring(landline).reply); got != line+" ?" {
		t.Errorf("the other node begins with %s, expected %s", got, line)
	}
	if got := began.press("*"); got != "chao ?" {
		t.Errorf("the call that began before hears %s", got)
	}
	if s, err := phone.answer("3"); err != nil || !strings.HasPrefix(s.Text, "4 KHONG: khong so hai") {
		t.Errorf("the session that began before shows %q, %v", s.Text, err)
	}
	if _, err := phone.dial(); err != nil {
		t.Fatal(err)
	}
	if s, err := phone.answer("3"); err != nil || s.Text != "4 KHONG, 2 PHAI.\nBao: 02363111222" {
		t.Errorf("the next session shows %q, %v", s.Text, err)
	}
	same(t, "pins", []string{"0", "1"}, b.column(`select distinct menu_version::text from calls order by 1`))
	same(t, "sessions' pins", []string{"0", "1"}, b.column(`select menu_version::text from ussd_sessions order by id`))

	tx, err := b.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	words, err := other.Words(t.Context(), tx)
	if err != nil || !slices.Equal(words["dang_ky"], []string{"NHAN TIN"}) {
		t.Errorf("words %v, %v", words, err)
	}
}

func TestConsentToChangedWordsNamesTheVersion(t *testing.T) {
	b := newBench(t).everywhere()
	b.approved(b.draft())
	l := b.ring(mobile)
	l.all("-", "4", "1")
	same(t, "text version", []string{"0.1-draft+1"}, b.column(`select text_version from consents`))
}

func TestWhoMayDoWhatWithAVersion(t *testing.T) {
	b := newBench(t).everywhere()
	ctx := t.Context()
	id := b.draft()
	if _, err := b.menus.Begin(ctx, approver); !errors.Is(err, ErrOpen) {
		t.Errorf("a second draft: %v", err)
	}
	v, _ := b.menus.Get(ctx, id)
	if err := b.menus.Edit(ctx, id, v.Revision-1, approver, func(*Edit) error { return nil }); !errors.Is(err, ErrChanged) {
		t.Errorf("an edit of what has changed: %v", err)
	}
	if err := b.menus.Approve(ctx, id, v.Revision, approver); !errors.Is(err, ErrMove) {
		t.Errorf("a draft approved: %v", err)
	}
	if err := b.menus.Submit(ctx, id, author); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"edited when submitted":           b.menus.Edit(ctx, id, v.Revision, author, func(*Edit) error { return nil }),
		"submitted twice":                 b.menus.Submit(ctx, id, author),
		"dropped when submitted":          b.menus.Drop(ctx, id, author),
		"taken back to, unapproved":       b.menus.Restore(ctx, id, author, ""),
		"the file's own, when it answers": b.menus.Restore(ctx, 0, author, ""),
	} {
		if !errors.Is(err, ErrMove) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.menus.Approve(ctx, id, v.Revision, author); !errors.Is(err, ErrSelfApproval) {
		t.Errorf("approved by its author: %v", err)
	}
	if err := b.menus.Approve(ctx, id, v.Revision-1, approver); !errors.Is(err, ErrChanged) {
		t.Errorf("approved unseen: %v", err)
	}
	if err := b.menus.SendBack(ctx, id, approver, "chào dài quá"); err != nil {
		t.Fatal(err)
	}
	v, _ = b.menus.Get(ctx, id)
	if err := b.menus.Edit(ctx, id, v.Revision, approver, func(e *Edit) error { return e.Prompt("chao", "Dạ, xin chào ông bà.") }); err != nil {
		t.Fatal(err)
	}
	if err := b.menus.Submit(ctx, id, author); err != nil {
		t.Fatal(err)
	}
	if err := b.menus.Approve(ctx, id, v.Revision+1, approver); !errors.Is(err, ErrSelfApproval) {
		t.Errorf("approved by who wrote in it: %v", err)
	}
	if err := b.menus.Approve(ctx, id, v.Revision+1, User{Name: "ba", Role: "ward"}); err != nil {
		t.Error(err)
	}
	if _, err := b.menus.Get(ctx, 77); !errors.Is(err, ErrNoVersion) {
		t.Errorf("a version that is none: %v", err)
	}
	same(t, "record", []string{"lan menu.create menu:1 ", "lan menu.edit menu:1 ", "lan menu.submit menu:1 ", "hoa menu.sendback menu:1 chào dài quá",
		"hoa menu.edit menu:1 ", "lan menu.submit menu:1 ", "ba menu.approve menu:1 "},
		b.column(`select who || ' ' || act || ' ' || object || ' ' || detail from audit_log order by id`))
}

func TestTakingBackAnApprovedVersion(t *testing.T) {
	b := newBench(t).everywhere()
	ctx := t.Context()
	first := b.draft()
	b.approved(first)
	second, err := b.menus.Begin(ctx, author)
	if err != nil {
		t.Fatal(err)
	}
	b.edit(second, func(e *Edit) error { return e.Prompt("chao", "Dạ, xin chào.") })
	b.approved(second)
	now := func() string { return heard(b.ring(landline).reply) }
	if want := prompts.LineOf("chao", "Dạ, xin chào.") + " ?"; now() != want {
		t.Errorf("the second begins with %s", now())
	}
	if err := b.menus.Restore(ctx, first, author, "lời chào mới khó nghe"); err != nil {
		t.Fatal(err)
	}
	if want := prompts.LineOf("chao", ownGreeting) + " ?"; now() != want {
		t.Errorf("after taking back: %s", now())
	}
	if err := b.menus.Restore(ctx, 0, author, ""); err != nil {
		t.Fatal(err)
	}
	if now() != "chao ?" {
		t.Errorf("the program's own: %s", now())
	}
}

func TestWhatIsBrokenNeverGoesLive(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	id := b.draft() // its greeting has no sound
	var all Findings
	if err := b.menus.Submit(ctx, id, author); !errors.As(err, &all) || len(all) != 1 || all[0].Code != "no_sound" {
		t.Errorf("submitted without a sound: %v", err)
	}
	b.everywhere()
	if err := b.menus.Submit(ctx, id, author); err != nil {
		t.Fatal(err)
	}
	for name, breaks := range map[string]string{
		"a destination that is not there": `replace(document, 'goto: dang_ky', 'goto: dangky')`, "no YAML": `'{'`, "nothing": `''`,
	} {
		if _, err := b.db.Exec(`update menu_versions set document = ` + breaks); err != nil {
			t.Fatal(err)
		}
		v, _ := b.menus.Get(ctx, id)
		if err := b.menus.Approve(ctx, id, v.Revision, approver); !errors.As(err, &all) {
			t.Errorf("%s: approved: %v", name, err)
		}
		if got := heard(b.ring(landline).reply); got != "chao ?" {
			t.Errorf("%s: calls begin with %s", name, got)
		}
	}
	same(t, "states", []string{"submitted"}, b.column(`select state from menu_versions`))
}

// TestABrokenVersionStopsNoNode: an older program may meet acts that it does not know; the last good version answers.
func TestABrokenVersionStopsNoNode(t *testing.T) {
	b := newBench(t).everywhere()
	first := b.draft()
	b.approved(first)
	second, err := b.menus.Begin(t.Context(), author)
	if err != nil {
		t.Fatal(err)
	}
	b.approved(second)
	if _, err := b.db.Exec(`update menu_versions set document = replace(document, 'do: register', 'do: newer_act') where state = 'live'`); err != nil {
		t.Fatal(err)
	}
	node := b.otherNode().everywhere()
	node.calls = 500
	var log bytes.Buffer
	node.menus.log = slog.New(slog.NewTextHandler(&log, nil))
	want := prompts.LineOf("chao", ownGreeting) + " ?"
	for range 3 {
		if got := heard(node.ring(landline).reply); got != want {
			t.Errorf("calls begin with %s, expected the first version's %s", got, want)
		}
	}
	if n := strings.Count(log.String(), "menu version cannot be used"); n != 1 || !strings.Contains(log.String(), "newer_act") {
		t.Errorf("told %d times: %s", n, log.String())
	}
	if id, unusable := node.menus.Unusable(t.Context()); id != second || unusable == nil {
		t.Errorf("the operator is told of %d, %v", id, unusable)
	}
	if _, err := node.db.Exec(`update menu_versions set texts = '{"prompts": {"gone": "x"}}' where id = $1`, first); err != nil {
		t.Fatal(err)
	}
	third := node.otherNode()
	third.calls = 600
	if got := heard(third.ring(landline).reply); got != "chao ?" {
		t.Errorf("with no good version left calls begin with %s", got)
	}
}
