package console

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"

	"github.com/gorilla/mux"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

//go:embed glossary.yaml
var glossaryFile []byte

// entry is one word of the glossary in one language.
type entry struct{ Key, Word, Means, Law string }

// glossary holds the entries of one language in its alphabet's order.
type glossary []entry

func loadGlossary(lang string) (glossary, error) {
	var all []struct {
		Key              string
		Word, Means, Law map[string]string
	}
	if err := yaml.Unmarshal(glossaryFile, &all); err != nil {
		return nil, fmt.Errorf("console: glossary: %w", err)
	}
	var g glossary
	for _, w := range all {
		g = append(g, entry{w.Key, w.Word[lang], w.Means[lang], w.Law[lang]})
	}
	order, err := language.Parse(lang)
	if err != nil {
		return nil, fmt.Errorf("console: glossary: %w", err)
	}
	collate.New(order, collate.IgnoreCase).Sort(g)
	return g, nil
}

func (g glossary) Len() int           { return len(g) }
func (g glossary) Swap(i, j int)      { g[i], g[j] = g[j], g[i] }
func (g glossary) Bytes(i int) []byte { return []byte(g[i].Word) } // what collate sorts by

func (g glossary) find(key string) (entry, error) {
	for _, e := range g {
		if e.Key == key {
			return e, nil
		}
	}
	return entry{}, fmt.Errorf("the glossary has no %q", key)
}

// termHTML: the browser itself opens a popover at a press or a key and closes it at Esc, with no script. The id allows a
// word once a page.
var termHTML = template.Must(template.New("term").Parse(
	`<button type="button" class="term" popovertarget="term-{{.Key}}">{{.Shown}}</button>` +
		`<span class="term-says" id="term-{{.Key}}" popover><strong>{{.Word}}</strong>: {{.Means}} <a href="/glossary#{{.Key}}">{{.Law}}</a></span>`))

// term gives a word with what it means; shown is how it stands in its sentence.
func (g glossary) term(key string, shown ...string) (template.HTML, error) {
	e, err := g.find(key)
	if err != nil {
		return "", err
	}
	word := e.Word
	if len(shown) > 0 {
		word = shown[0]
	}
	var b strings.Builder
	err = termHTML.Execute(&b, struct {
		entry
		Shown string
	}{e, word})
	return template.HTML(b.String()), err
}

var termInText = regexp.MustCompile(`\[([^\]]+)\]\(([a-z_]+)\)`)

// explain gives a text of the catalogs whose [words](key) have their meaning with them.
func (g glossary) explain(text string) (template.HTML, error) {
	var b strings.Builder
	last := 0
	for _, m := range termInText.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(template.HTMLEscapeString(text[last:m[0]]))
		term, err := g.term(text[m[4]:m[5]], text[m[2]:m[3]])
		if err != nil {
			return "", err
		}
		b.WriteString(string(term))
		last = m[1]
	}
	b.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(b.String()), nil
}

func (c *Console) glossaryPages(r *mux.Router) {
	c.page(r, "GET", "/glossary", everyone, func(w http.ResponseWriter, r *http.Request) error {
		g, err := loadGlossary(c.langOf(r))
		if err != nil {
			return err
		}
		return c.render(w, r, "glossary", g)
	})
}
