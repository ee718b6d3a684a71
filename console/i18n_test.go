package console

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// keysOf gives all keys of one language with what each holds.
func keysOf(t *testing.T, lang string) map[string]any {
	t.Helper()
	files, err := fs.Glob(localeFiles, "locales/*."+lang+".yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	all := map[string]any{}
	for _, f := range files {
		text, err := fs.ReadFile(localeFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]any{}
		if err := yaml.Unmarshal(text, &keys); err != nil {
			t.Fatal(err)
		}
		for k, v := range keys {
			if _, twice := all[k]; twice {
				t.Errorf("%s: %s stands in two files", f, k)
			}
			all[k] = v
		}
	}
	return all
}

func TestBothLanguagesHaveTheSameKeys(t *testing.T) {
	vi, en := keysOf(t, "vi"), keysOf(t, "en")
	for k := range vi {
		if _, ok := en[k]; !ok {
			t.Errorf("%s is missing in English", k)
		}
	}
	for k := range en {
		if _, ok := vi[k]; !ok {
			t.Errorf("%s is missing in Vietnamese", k)
		}
	}
	for lang, keys := range map[string]map[string]any{"vi": vi, "en": en} {
		for k, v := range keys {
			if s, ok := v.(string); ok && (strings.TrimSpace(s) == "" || strings.Contains(strings.ToLower(s), "tố cáo")) {
				t.Errorf("%s: %s = %q", lang, k, s)
			}
		}
	}
}

var (
	keyInTemplate = regexp.MustCompile(`\b[tn] "([a-z0-9_.]+)"`)
	partInPrint   = regexp.MustCompile(`\bt(?:or)? \(print "([a-z0-9_.]+)\."`)
	// A key in Go is a string of an area that the catalogs know, a dot and a name. c.audit(ctx, tx, r, "audit.read", ...)
	// takes acts, which look the same.
	keyInGo = regexp.MustCompile(`"([a-z]+\.[a-z0-9_.]+)"`)
)

func TestEveryKeyThatIsUsedExists(t *testing.T) {
	known := keysOf(t, "vi")
	areas := map[string]bool{}
	for k := range known {
		areas[strings.SplitN(k, ".", 2)[0]] = true
	}
	pages, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range pages {
		text, err := fs.ReadFile(templateFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range keyInTemplate.FindAllStringSubmatch(string(text), -1) {
			if _, ok := known[m[1]]; !ok {
				t.Errorf("%s uses %s, which no catalog has", f, m[1])
			}
		}
		for _, m := range partInPrint.FindAllStringSubmatch(string(text), -1) {
			found := false
			for k := range known {
				found = found || strings.HasPrefix(k, m[1]+".")
			}
			if !found {
				t.Errorf("%s uses %s.*, of which no catalog has any", f, m[1])
			}
		}
	}
	sources, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sources {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range keyInGo.FindAllStringSubmatch(string(text), -1) {
			area := strings.SplitN(m[1], ".", 2)[0]
			_, ok := known[m[1]]
			for k := range known { // "reports.band." + n
				ok = ok || strings.HasSuffix(m[1], ".") && strings.HasPrefix(k, m[1])
			}
			if file := strings.HasSuffix(m[1], ".css") || strings.HasSuffix(m[1], ".js"); !ok && !file && areas[area] && !strings.Contains(string(text), "r, "+m[0]+",") {
				t.Errorf("%s uses %s, which no catalog has", f.Name(), m[1])
			}
		}
	}
}

func TestTheLanguageIsKept(t *testing.T) {
	h := newHouse(t)
	b := h.as(Operator)
	if got := b.get("/"); !strings.Contains(got.body, `<html lang="vi">`) || !strings.Contains(got.body, "Việc của tôi") {
		t.Error("the first page is not Vietnamese")
	}
	if got := b.post("/language", "lang", "en", "back", "/audit"); got.header.Get("Location") != "/audit" {
		t.Errorf("back to %q", got.header.Get("Location"))
	}
	if got := b.get("/"); !strings.Contains(got.body, `<html lang="en">`) || !strings.Contains(got.body, "My work") {
		t.Error("the page is not English")
	}
	if got := b.post("/language", "lang", "xx"); got.status != 400 {
		t.Errorf("an unknown language: %d", got.status)
	}
}
