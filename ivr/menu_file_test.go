package ivr

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"canhgiac/ivr/prompts"
)

func TestAVersionGoesOutAsAFileAndComesInAgain(t *testing.T) {
	b := newBench(t).everywhere()
	id := b.draft()
	receipt := prompts.Message{Accented: "{brand}: Chưa rõ tin của bà con. Xin gọi {hotline}.", Plain: "{brand}: Chua ro tin cua ba con. Xin goi {hotline}."}
	b.edit(id, func(e *Edit) error { return e.Receipt("khong_hieu_lenh", receipt) })
	v, err := b.menus.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	src, err := b.menus.File(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := theSchema(t)(src); err != nil {
		t.Errorf("the file is not as the schema says: %v", err)
	}
	if _, err := b.menus.Upload(t.Context(), src, author); !errors.Is(err, ErrOpen) {
		t.Errorf("beside a draft: %v", err)
	}
	if err := b.menus.Drop(t.Context(), id, author); err != nil {
		t.Fatal(err)
	}
	again, err := b.menus.Upload(t.Context(), src, author)
	if err != nil {
		t.Fatal(err)
	}
	w, err := b.menus.Get(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.menus.File(w); err != nil || !bytes.Equal(got, src) {
		t.Errorf("it comes out as\n%s, %v", got, err)
	}
	if w.State != Draft || w.Author != author.Name {
		t.Errorf("it is %s of %s", w.State, w.Author)
	}
	b.approved(again)
	said, err := b.sms(t, "khong hieu gi ca")
	if want := "chua ro tin cua ba con"; err != nil || !strings.Contains(strings.ToLower(said), want) {
		t.Errorf("an SMS that nobody understands is answered with %q, %v", said, err)
	}
}

// sms is one message that begins with no word of the menu, and its answer.
func (b *bench) sms(t *testing.T, text string) (string, error) {
	t.Helper()
	tx, err := b.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing of it is asked for
	return b.Inbound(t.Context(), tx, "", text, mobile, "1")
}

func TestAFileThatCannotBeReadSaysAtWhichLine(t *testing.T) {
	b := newBench(t)
	own := string(menuYAML)
	line := func(text string) int { return 1 + strings.Count(own[:strings.Index(own, text)], "\n") }
	for name, c := range map[string]struct {
		src  string
		want FileError
	}{
		"nothing":             {"", FileError{Why: "empty"}},
		"a comment alone":     {"# menu\n", FileError{Why: "empty"}},
		"a picture":           {"\x89PNG\r\n\x1a\n\x00", FileError{Line: 1, Why: "letters"}},
		"a name that is none": {strings.Replace(own, "  officer: gap_can_bo", "  oficer: gap_can_bo", 1), FileError{Line: line("  officer:"), Why: "name", A: "oficer"}},
		"words for a number":  {strings.Replace(own, "  wait: 10", "  wait: lau", 1), FileError{Line: line("  wait: 10"), Why: "kind", A: "lau"}},
		"a name twice":        {strings.Replace(own, "  wait: 10", "  wait: 10\n  wait: 9", 1), FileError{Line: line("  wait: 10") + 1, Why: "twice", A: "wait"}},
		"two files in one":    {own + "\n---\ncall: {}\n", FileError{Why: "several", A: "document"}},
		"an empty node":       {strings.Replace(own, "    chao:\n      say: [chao]", "    trong:\n    chao:\n      say: [chao]", 1), FileError{Why: "node", A: "trong"}},
		"words of no prompt":  {own + "\nwords:\n  prompts:\n    chao_em: Dạ\n", FileError{Line: 4 + strings.Count(own, "\n"), Why: "words", A: "chao_em"}},
		"a campaign's words":  {own + "\nwords:\n  messages:\n    nhac_1_khong_so: {vi: a, khong_dau: a}\n", FileError{Line: 4 + strings.Count(own, "\n"), Why: "words", A: "nhac_1_khong_so"}},
	} {
		_, err := b.menus.Upload(t.Context(), []byte(c.src), author)
		var got *FileError
		if !errors.As(err, &got) || *got != c.want {
			t.Errorf("%s: %v, want %+v", name, err, c.want)
		}
	}
	_, err := b.menus.Upload(t.Context(), []byte(strings.Replace(own, `"2": {goto: loai_lua_dao}`, `"2": {goto: nowhere}`, 1)), author)
	var found Findings
	if !errors.As(err, &found) || found[0].Line != line("    menu_chinh:") {
		t.Errorf("a destination that is none: %+v", found)
	}
	same(t, "no draft of any of them", []string{"0"}, b.column(`select count(*)::text from menu_versions`))
}

// Whatever line a hand deletes, the file is judged, and judging it ends.
func TestAFileWithAnyLineMissingIsJudged(t *testing.T) {
	w := theWords(t)
	lines := bytes.SplitAfter(menuYAML, []byte("\n"))
	for i := 0; i < len(lines); i++ {
		if len(bytes.TrimSpace(lines[i])) == 0 || bytes.HasPrefix(bytes.TrimSpace(lines[i]), []byte("#")) {
			continue
		}
		src := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
		f, _, err := readFile(src)
		if err != nil {
			continue
		}
		m := &Menu{document: f.document, words: w}
		m.check(everySound)
		m.Asks()
	}
}
