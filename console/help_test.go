package console

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// pageFiles gives the text of every template that is a page, by its name.
func pageFiles(t *testing.T) map[string]string {
	t.Helper()
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		if name == "layout" || strings.HasPrefix(name, "partial_") {
			continue
		}
		text, err := fs.ReadFile(templateFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

var sentenceEnd = regexp.MustCompile(`[.?!]( |$)`)

func TestEveryPageSaysWhatItIsForInAtMostTwoSentences(t *testing.T) {
	pages := pageFiles(t)
	delete(pages, "error") // its one paragraph is the error itself
	for lang, keys := range map[string]map[string]any{"vi": keysOf(t, "vi"), "en": keysOf(t, "en")} {
		for name, text := range pages {
			if h1, purpose := strings.Index(text, "<h1"), strings.Index(text, `{{template "purpose" .}}`); h1 < 0 || purpose < h1 {
				t.Errorf(`%s.html: {{template "purpose" .}} is not under its h1`, name)
			}
			said, _ := keys["purpose."+name].(string)
			if n := len(sentenceEnd.FindAllString(said, -1)); n < 1 || n > 2 {
				t.Errorf("%s: purpose.%s has %d sentences: %q", lang, name, n, said)
			}
		}
		for k := range keys {
			if name, is := strings.CutPrefix(k, "purpose."); is && pages[name] == "" {
				t.Errorf("%s: %s is for no page", lang, k)
			}
		}
	}
}
