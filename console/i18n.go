package console

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

//go:embed locales/*.yaml
var localeFiles embed.FS

const defaultLang = "vi"

// catalogs are the pages' words by language. Files are named for their area: reports.vi.yaml, reports.en.yaml.
type catalogs map[string]*catalog

// catalog is one language: its words, and how it writes figures and times.
type catalog struct {
	words   *i18n.Localizer
	instead map[string]string // keys that another stands for: the practice ward says some things in words of its own
	*forms
}

// wordsOfPages are the files' words, read once: the pages and those of the practice ward have the same.
var wordsOfPages = sync.OnceValues(func() (*i18n.Bundle, error) {
	bundle := i18n.NewBundle(language.Vietnamese)
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	files, err := fs.Glob(localeFiles, "locales/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if _, err := bundle.LoadMessageFileFS(localeFiles, f); err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
	}
	return bundle, nil
})

// loadCatalogs gives them all. now is what "two hours ago" counts from.
func loadCatalogs(now func() time.Time) (catalogs, error) {
	bundle, err := wordsOfPages()
	if err != nil {
		return nil, err
	}
	all := catalogs{}
	for _, tag := range bundle.LanguageTags() {
		c := &catalog{words: i18n.NewLocalizer(bundle, tag.String())}
		var err error
		if c.forms, err = newForms(tag.String(), c, now); err != nil {
			return nil, err
		}
		all[tag.String()] = c
	}
	return all, nil
}

// text gives the words of key; pairs fill its {{.Name}}s. A whole number is a count there and gets its separators; one
// that is a name goes through id first. A key that is missing fails the page: the tests look for it.
func (c *catalog) text(key string, pairs ...any) (string, error) {
	data, err := dict(pairs...)
	if err != nil {
		return "", err
	}
	for name, value := range data {
		if v := reflect.ValueOf(value); v.CanInt() || v.CanUint() {
			if data[name], err = c.num(value); err != nil {
				return "", err
			}
		}
	}
	if other, ok := c.instead[key]; ok {
		key = other
	}
	return c.words.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data})
}

// textOr is for names that another room may add to without these catalogs: where they have no word, the name stands.
func (c *catalog) textOr(key, otherwise string) string {
	s, err := c.text(key)
	if err != nil {
		return otherwise
	}
	return s
}

// count gives the form of key's words for n, which they show as {{.N}}. The library looks for a form "one" in Vietnamese,
// which has none; it then gives the form "other" with an error.
func (c *catalog) count(key string, n int) (string, error) {
	figure, err := c.num(n)
	if err != nil {
		return "", err
	}
	s, err := c.words.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: n, TemplateData: map[string]any{"N": figure}})
	if s != "" {
		return s, nil
	}
	return "", err
}

// langOf: Vietnamese unless the user chose otherwise. What a browser says of itself is not asked: in an office it often
// says English because nobody changed it.
func (c *Console) langOf(r *http.Request) string {
	if cookie, err := r.Cookie("lang"); err == nil {
		if _, known := c.catalogs[cookie.Value]; known {
			return cookie.Value
		}
	}
	return defaultLang
}
