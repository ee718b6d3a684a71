package console

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

//go:embed locales/*.yaml
var localeFiles embed.FS

const defaultLang = "vi"

// catalogs are the pages' words by language. Files are named for their area: reports.vi.yaml, reports.en.yaml.
type catalogs map[string]*catalog

type catalog struct{ words *i18n.Localizer }

func loadCatalogs() (catalogs, error) {
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
	all := catalogs{}
	for _, tag := range bundle.LanguageTags() {
		all[tag.String()] = &catalog{i18n.NewLocalizer(bundle, tag.String())}
	}
	return all, nil
}

// text gives the words of key; pairs fill its {{.Name}}s. A key that is missing fails the page: the tests look for it.
func (c *catalog) text(key string, pairs ...any) (string, error) {
	data, err := dict(pairs...)
	if err != nil {
		return "", err
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
	s, err := c.words.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: n, TemplateData: map[string]any{"N": n}})
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
