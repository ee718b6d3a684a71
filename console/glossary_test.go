package console

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var (
	termInTemplate   = regexp.MustCompile(`\bterm "([a-z_]+)"`)
	explainedInPages = regexp.MustCompile(`explain \(t "([a-z0-9_.]+)"`)
)

// termsOf gives the keys of the glossary that a page shows in one language: its own, those of its texts and of its purpose.
func termsOf(page, text string, words map[string]any) (keys []string) {
	for _, m := range termInTemplate.FindAllStringSubmatch(text, -1) {
		keys = append(keys, m[1])
	}
	texts := []string{"purpose." + page}
	for _, m := range explainedInPages.FindAllStringSubmatch(text, -1) {
		texts = append(texts, m[1])
	}
	for _, key := range texts {
		said, _ := words[key].(string)
		for _, m := range termInText.FindAllStringSubmatch(said, -1) {
			keys = append(keys, m[2])
		}
	}
	return keys
}

func TestEveryTermThatAPageUsesIsInTheGlossaryAndStandsOnItOnce(t *testing.T) {
	used := 0
	for _, lang := range []string{"vi", "en"} {
		g, err := loadGlossary(lang)
		if err != nil {
			t.Fatal(err)
		}
		words := keysOf(t, lang)
		for page, text := range pageFiles(t) {
			seen := map[string]bool{}
			for _, key := range termsOf(page, text, words) {
				used++
				if _, err := g.find(key); err != nil {
					t.Errorf("%s, %s.html: %v", lang, page, err)
				}
				if seen[key] {
					t.Errorf("%s, %s.html explains %s twice: its id would stand twice", lang, page, key)
				}
				seen[key] = true
			}
		}
	}
	if used < 30 {
		t.Errorf("only %d terms were seen", used)
	}
}

func TestTextsThatExplainWordsAreShownThroughExplain(t *testing.T) {
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := fs.ReadFile(templateFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for key, v := range keysOf(t, "vi") {
		said, _ := v.(string)
		if !termInText.MatchString(said) || strings.HasPrefix(key, "purpose.") {
			continue
		}
		if n, explained := strings.Count(all.String(), `t "`+key+`"`), strings.Count(all.String(), `explain (t "`+key+`"`); n != explained || n == 0 {
			t.Errorf("%s stands %d times in pages, %d of them explained", key, n, explained)
		}
	}
}

func TestTheGlossaryIsWholeInBothLanguages(t *testing.T) {
	for _, lang := range []string{"vi", "en"} {
		g, err := loadGlossary(lang)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, e := range g {
			if e.Key == "" || e.Word == "" || e.Law == "" || !strings.HasSuffix(e.Means, ".") || strings.Contains(e.Means, ". ") {
				t.Errorf("%s: %+v is not a word, one sentence and a source", lang, e)
			}
			if seen[e.Key] {
				t.Errorf("%s: %s stands twice", lang, e.Key)
			}
			seen[e.Key] = true
		}
	}
}

// What the law or the people concerned do not want to be called: see the glossary's notes on each.
func TestNoPageSaysAForbiddenWord(t *testing.T) {
	forbidden := []string{"tố cáo", "người già", "bị can", "từ chối tiếp nhận"}
	look := func(where, text string) {
		for _, word := range forbidden {
			if strings.Contains(strings.ToLower(text), word) {
				t.Errorf("%s says %q", where, word)
			}
		}
	}
	for _, files := range []struct {
		from    fs.FS
		pattern string
	}{{templateFiles, "templates/*.html"}, {localeFiles, "locales/*.yaml"}, {staticFiles, "static/*.js"}} {
		names, err := fs.Glob(files.from, files.pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(files.pattern, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files.from, name)
			if err != nil {
				t.Fatal(err)
			}
			look(name, string(text))
		}
	}
	look("glossary.yaml", string(glossaryFile))
}

func TestAWordOpensAndClosesByKeyboardWithoutAScript(t *testing.T) {
	h := newHouse(t)
	s := h.screen()
	s.signin(Police)
	open := `document.querySelector('#term-tin_bao').matches(':popover-open')`
	s.do(chromedp.Navigate(s.url+"/reports"), chromedp.WaitVisible(chromedp.CSS("button.term")))
	if evaluate[bool](s, open) {
		t.Error("the word is open before anybody asked")
	}
	s.do(chromedp.SendKeys(chromedp.CSS(`button[popovertarget="term-tin_bao"]`), " "), chromedp.WaitVisible(chromedp.CSS("#term-tin_bao")))
	if got := evaluate[string](s, `document.querySelector('#term-tin_bao').innerText`); !strings.Contains(got, "Điều 144") {
		t.Errorf("the word says %q", got)
	}
	s.do(chromedp.KeyEvent("\x1b"))
	if evaluate[bool](s, open) {
		t.Error("Esc leaves the word open")
	}
}
