package console

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// textsOf gives a key's texts by plural form; "" for a text that has none.
func textsOf(t *testing.T, key string, v any) map[string]string {
	t.Helper()
	switch v := v.(type) {
	case string:
		return map[string]string{"": v}
	case map[string]any:
		forms := map[string]string{}
		for form, text := range v {
			forms[form] = fmt.Sprint(text)
		}
		return forms
	}
	t.Errorf("%s is neither a text nor forms of one: %v", key, v)
	return nil
}

var valueInText = regexp.MustCompile(`\{\{\s*\.[A-Za-z]+\s*\}\}`)

// holds gives what a text shows of values and words of the glossary, in order of name.
func holds(forms map[string]string) []string {
	var all []string
	for _, text := range forms {
		all = append(all, valueInText.FindAllString(text, -1)...)
		for _, m := range termInText.FindAllStringSubmatch(text, -1) {
			all = append(all, m[2])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestBothLanguagesShowTheSameValuesAndExplainTheSameWords(t *testing.T) {
	en := keysOf(t, "en")
	for key, v := range keysOf(t, "vi") {
		inVi, inEn := holds(textsOf(t, key, v)), holds(textsOf(t, key, en[key]))
		if !slices.Equal(inVi, inEn) {
			t.Errorf("%s shows %q in Vietnamese, %q in English", key, inVi, inEn)
		}
	}
}

func TestNoTextIsEmptyInAnyForm(t *testing.T) {
	for _, lang := range []string{"vi", "en"} {
		for key, v := range keysOf(t, lang) {
			forms := textsOf(t, key, v)
			for form, text := range forms {
				if strings.TrimSpace(text) == "" || text != strings.TrimSpace(text) {
					t.Errorf("%s: %s %s = %q", lang, key, form, text)
				}
			}
			_, plain := forms[""]
			_, other := forms["other"]
			if _, one := forms["one"]; plain == other || one && lang == "vi" {
				t.Errorf("%s: %s has the forms %v", lang, key, forms)
			}
		}
	}
}

// quoted is a text in Go or in a template's action.
var quoted = regexp.MustCompile(`(print )?"([a-z0-9_.-]+)"`)

// usedTexts gives every quoted text of the program that could be a key, and those that could begin one ("reports.band.").
func usedTexts(t *testing.T) (whole map[string]bool, begins []string) {
	t.Helper()
	whole = map[string]bool{}
	add := func(text string) {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			if m[1] != "" || strings.HasSuffix(m[2], ".") || strings.HasSuffix(m[2], "_") {
				begins = append(begins, m[2])
			}
			whole[m[2]] = true
		}
	}
	templates, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range templates {
		text, err := fs.ReadFile(templateFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		add(string(text))
	}
	// Other rooms name texts too: the error of a job, an act of the audit log.
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		add(string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return whole, begins
}

func TestNoTextIsLeftThatNothingShows(t *testing.T) {
	whole, begins := usedTexts(t)
	for key := range keysOf(t, "vi") {
		used := whole[key] || slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(key, b) })
		if !used {
			t.Errorf("nothing shows %s", key)
		}
	}
}

var (
	englishWord = regexp.MustCompile(`(?i)\b(the|and|of|with|your|this|that|please|click|error|submit|update|user|password|search)\b`)
	marks       = regexp.MustCompile(`[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]`)
	quotation   = regexp.MustCompile(`“[^”]*”|"[^"]*"|'[^']*'|\([^)]*\)`)
)

func TestNeitherLanguageLeaksIntoTheOther(t *testing.T) {
	en := keysOf(t, "en")
	for key, v := range keysOf(t, "vi") {
		for _, text := range textsOf(t, key, v) {
			text = valueInText.ReplaceAllString(text, "")
			if found := englishWord.FindString(termInText.ReplaceAllString(text, "$1")); found != "" && strings.Contains(text, " ") { // a file's name has none
				t.Errorf("vi: %s says %q: %s", key, found, text)
			}
		}
		if strings.HasPrefix(key, "campaigns.problem.trap_") || key == "residents.import.columns_text" {
			continue // they quote Vietnamese
		}
		for _, text := range textsOf(t, key, en[key]) {
			// A column's name, or the name of a thing that has no English one, stands in quotes or brackets.
			text = quotation.ReplaceAllString(termInText.ReplaceAllString(text, "$1"), "")
			if n := len(marks.FindAllString(text, -1)); n > 3 {
				t.Errorf("en: %s is Vietnamese: %s", key, text)
			}
		}
	}
}

var (
	vietnamesePart = regexp.MustCompile(`(?s)\{\{define "card_(?:front|back)"\}\}.*?\n\{\{end\}\}`)
	notWords       = regexp.MustCompile(`(?s)\{\{/\*.*?\*/\}\}|\{\{.*?\}\}|<!--.*?-->|<svg.*?</svg>|<code>.*?</code>|<[^>]*>`)
	word           = regexp.MustCompile(`\p{L}{2,}`)
)

// The name of the program and those of the languages are the same in both; the residents' card is Vietnamese for all.
func TestTemplatesHoldNoWordsOfTheirOwn(t *testing.T) {
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := fs.ReadFile(templateFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		rest := notWords.ReplaceAllString(vietnamesePart.ReplaceAllString(string(text), ""), " ")
		for _, known := range []string{"Cảnh Giác", "CẢNH GIÁC", "UTC", "English", "Tiếng Việt"} {
			rest = strings.ReplaceAll(rest, known, "")
		}
		if found := word.FindAllString(rest, 8); found != nil {
			t.Errorf("%s says %q, which stands in no catalog", f, found)
		}
	}
}
