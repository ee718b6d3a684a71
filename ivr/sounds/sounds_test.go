package sounds

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
	"canhgiac/residents"
)

// ward is a database with nodes on it, each with sounds of its own in memory.
type ward struct {
	t  *testing.T
	db *sql.DB
	w  *prompts.Words
}

func newWard(t *testing.T) *ward {
	w, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &ward{t, pgtest.New(t), w}
}

func (w *ward) node(speaker Speaker) *Store {
	w.t.Helper()
	playing, err := prompts.OpenSound(w.w, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return New(w.db, time.Now, playing, speaker, prompts.Central, slog.New(slog.DiscardHandler))
}

func (w *ward) in(do func(tx *sql.Tx) error) error {
	w.t.Helper()
	tx, err := w.db.Begin()
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (w *ward) must(do func(tx *sql.Tx) error) {
	w.t.Helper()
	if err := w.in(do); err != nil {
		w.t.Fatal(err)
	}
}

func (s *Store) line(t *testing.T, name string) prompts.Line {
	t.Helper()
	l, err := s.playing.Line(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// said is what the program's own voice says of a line: good enough for a person's recording of the same words.
func (s *Store) said(t *testing.T, name string) []byte {
	t.Helper()
	k, ok := s.playing.Given(prompts.Northern, name)
	if !ok {
		t.Fatalf("no sound of %s", name)
	}
	return k.WAV
}

var chao = prompts.Key{Voice: prompts.Central, Line: "chao"}

// record keeps a sound of the line as a person's.
func (w *ward) record(s *Store, name string) Sound {
	w.t.Helper()
	line := s.line(w.t, name)
	wav, f, err := Prepare(s.said(w.t, name), line.Text)
	if err != nil {
		w.t.Fatal(err)
	}
	var x Sound
	w.must(func(tx *sql.Tx) (err error) {
		x, err = s.Keep(w.t.Context(), tx, Given{Line: line, Voice: prompts.Central, Origin: prompts.Recorded, Speaker: "Chị Hoa", By: "lan"}, wav, f)
		return err
	})
	return x
}

func (w *ward) hears(s *Store, want prompts.Origin) {
	w.t.Helper()
	if err := s.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if k, _, err := s.playing.Find(prompts.Central, "chao"); err != nil || k.Origin != want {
		w.t.Errorf("callers hear %s, %v; expected %s", k.Origin, err, want)
	}
}

// TestASoundIsHeardOnEveryNodeFromItsUseOn, and not before; taken back, the program's own is heard again; deleted it is gone.
func TestASoundIsHeardOnEveryNodeFromItsUseOn(t *testing.T) {
	w := newWard(t)
	here, there := w.node(nil), w.node(nil)
	x := w.record(here, "chao")
	w.hears(here, prompts.BuiltIn)
	use := func(tx *sql.Tx) error {
		return here.Use(t.Context(), tx, here.line(t, "chao"), prompts.Central, x.ID, "lan")
	}
	w.must(use)
	w.hears(here, prompts.Recorded)
	w.hears(there, prompts.Recorded)
	if k, _, _ := there.playing.Find(prompts.Northern, "chao"); k.Origin != prompts.BuiltIn {
		t.Error("the other voice changed too")
	}
	if err := w.in(func(tx *sql.Tx) error { return here.Delete(t.Context(), tx, chao, x.ID) }); !errors.Is(err, ErrInUse) {
		t.Errorf("what callers hear was deleted: %v", err)
	}
	w.must(func(tx *sql.Tx) error { return here.TakeBack(t.Context(), tx, chao, "lan") })
	w.hears(there, prompts.BuiltIn)
	w.must(use)
	w.hears(there, prompts.Recorded)
	w.must(func(tx *sql.Tx) error { return here.TakeBack(t.Context(), tx, chao, "lan") })
	w.must(func(tx *sql.Tx) error { return here.Delete(t.Context(), tx, chao, x.ID) })
	if _, err := here.WAV(t.Context(), chao, x.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted, and still there: %v", err)
	}
	uses, err := here.Uses(t.Context(), chao, 10)
	if err != nil || len(uses) != 4 || uses[0].Sound != 0 || uses[1].Sound != x.ID {
		t.Errorf("%+v, %v", uses, err)
	}
	if err := w.in(use); !errors.Is(err, ErrNotFound) {
		t.Errorf("what was deleted is used: %v", err)
	}
}

func TestASoundOfOtherWordsIsNeitherUsedNorHeard(t *testing.T) {
	w := newWard(t)
	s := w.node(nil)
	x := w.record(s, "chao")
	line := s.line(t, "chao")
	w.must(func(tx *sql.Tx) error { return s.Use(t.Context(), tx, line, prompts.Central, x.ID, "lan") })
	w.hears(s, prompts.Recorded)
	if _, err := w.db.Exec(`update sounds set text = 'Chào.'`); err != nil {
		t.Fatal(err)
	}
	if err := w.in(func(tx *sql.Tx) error { return s.Use(t.Context(), tx, line, prompts.Central, x.ID, "lan") }); !errors.Is(err, ErrStale) {
		t.Errorf("used all the same: %v", err)
	}
	w.hears(w.node(nil), prompts.BuiltIn)
	inUse, err := s.InUse(t.Context())
	if err != nil || inUse[chao].Text != "Chào." {
		t.Errorf("%+v, %v", inUse, err)
	}
}

func TestNobodysVoiceIsKeptWithoutTheirWord(t *testing.T) {
	w := newWard(t)
	s := w.node(nil)
	err := w.in(func(tx *sql.Tx) error {
		_, err := s.Keep(t.Context(), tx, Given{Line: s.line(t, "chao"), Voice: prompts.Central, Origin: prompts.Uploaded, By: "lan"}, s.said(t, "chao"), audio.Figures{})
		return err
	})
	if err == nil {
		t.Error("a sound of nobody's is kept")
	}
	x := w.record(s, "chao")
	if got, err := s.Get(t.Context(), chao, x.ID); err != nil || got.Speaker != "Chị Hoa" || got.AgreedAt.IsZero() || got.SHA256 != x.SHA256 || !got.Figures.OnTarget() && got.Figures.Head == 0 && got.Figures.Loudness < audio.Quietest {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAHouseholdIsSpokenToInItsUnitsVoice: the group's, else the ward's, else the installation's; a number that nobody knows is
// the ward's.
func TestAHouseholdIsSpokenToInItsUnitsVoice(t *testing.T) {
	w := newWard(t)
	s := w.node(nil)
	rs := residents.NewStore(w.db, time.Now)
	unit, err := rs.LoadWard(t.Context(), "Thanh Khê", 3)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := rs.Groups(t.Context(), unit.ID)
	if err != nil {
		t.Fatal(err)
	}
	const home, far = "+84901234567", "+84907654321"
	if _, err := w.db.Exec(`insert into residents (phone, phone_kind, name, name_fold, unit_id, created_at, updated_at) values ($1, 'mobile', 'A', 'a', $2, now(), now())`, home, groups[1].ID); err != nil {
		t.Fatal(err)
	}
	set := func(unit int64, v prompts.Voice) func() {
		return func() { w.must(func(tx *sql.Tx) error { return s.SetVoice(t.Context(), tx, unit, v, "lan") }) }
	}
	for _, c := range []struct {
		name              string
		set               func()
		home, far, hidden prompts.Voice
	}{
		{"nothing is set", func() {}, prompts.Central, prompts.Central, prompts.Central},
		{"the group's", set(groups[1].ID, prompts.Northern), prompts.Northern, prompts.Central, prompts.Central},
		{"another group's", set(groups[0].ID, prompts.Northern), prompts.Northern, prompts.Central, prompts.Central},
		{"the ward's too", set(unit.ID, prompts.Northern), prompts.Northern, prompts.Northern, prompts.Northern},
		{"the group's goes before the ward's", set(groups[1].ID, prompts.Central), prompts.Central, prompts.Northern, prompts.Northern},
		{"the group's is taken back", set(groups[1].ID, ""), prompts.Northern, prompts.Northern, prompts.Northern},
	} {
		c.set()
		for phone, want := range map[string]prompts.Voice{home: c.home, far: c.far, "": c.hidden} {
			w.must(func(tx *sql.Tx) error {
				if v, err := s.VoiceOf(t.Context(), tx, phone); err != nil || v != want {
					t.Errorf("%s: %q is spoken to in %s, %v", c.name, phone, v, err)
				}
				return nil
			})
		}
	}
}

// speaker counts what it is asked.
type speaker struct {
	wav   []byte
	texts []string
}

func (s *speaker) Engine() string { return "test" }

func (s *speaker) Speak(_ context.Context, text string, v prompts.Voice) ([]byte, error) {
	s.texts = append(s.texts, string(v)+" "+text)
	return s.wav, nil
}

func TestNothingIsSpokenTwice(t *testing.T) {
	w := newWard(t)
	sp := &speaker{}
	s := w.node(sp)
	sp.wav = s.said(t, "chao")
	line := prompts.Line{Name: "chao-w0123456789", Text: "Xin gọi 113, hoặc 02363111222, lúc 8 giờ."}
	for _, v := range []prompts.Voice{prompts.Central, prompts.Central, prompts.Northern} {
		x, err := s.Synthesise(t.Context(), line, v, "lan")
		if err != nil || x.ID == 0 || x.Engine != "test" || x.Origin != prompts.Synthesised || !(x.Figures.Loudness > audio.Quietest) {
			t.Errorf("%+v, %v", x, err)
		}
	}
	const spaced = " Xin gọi 1 1 3, hoặc 0 2 3 6 3 1 1 1 2 2 2, lúc 8 giờ."
	if len(sp.texts) != 2 || sp.texts[0] != "trung"+spaced || sp.texts[1] != "bac"+spaced {
		t.Errorf("spoken: %q", sp.texts)
	}
	if _, err := w.node(nil).Synthesise(t.Context(), line, prompts.Central, "lan"); !errors.Is(err, ErrNoSpeaker) {
		t.Errorf("with no speech program: %v", err)
	}
}
