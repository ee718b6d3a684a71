package console

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages are layout.html and the partial_*.html joined with each other file, which is a page of the same name, once a language.
// A page is joined when it is first asked for: all of them are more work and memory than a program that shows a few should spend.
// A node that serves joins all as it starts (check).
type pages struct {
	names  []string // the files', without .html
	shared map[string]*template.Template

	mu     sync.Mutex
	joined map[pageKey]*template.Template
}

type pageKey struct{ lang, name string }

func loadPages(cs catalogs, files static) (*pages, error) {
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	p := &pages{shared: map[string]*template.Template{}, joined: map[pageKey]*template.Template{}}
	for _, file := range names {
		if name := strings.TrimSuffix(path.Base(file), ".html"); name != "layout" && !strings.HasPrefix(name, "partial_") {
			p.names = append(p.names, name)
		}
	}
	for lang, catalog := range cs {
		glossary, err := loadGlossary(lang)
		if err != nil {
			return nil, err
		}
		words := template.FuncMap{
			"term":    glossary.term,    // term "tin_bao": the word with what it means
			"explain": glossary.explain, // a text whose [words](tin_bao) have it too
			"asset":   files.address,    // asset "console.css": its address
		}
		p.shared[lang], err = template.New("layout").Funcs(funcs(catalog)).Funcs(words).ParseFS(templateFiles, "templates/layout.html", "templates/partial_*.html")
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
	}
	return p, nil
}

// page gives a page in a language.
func (p *pages) page(lang, name string) (*template.Template, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := pageKey{lang, name}
	if t := p.joined[key]; t != nil {
		return t, nil
	}
	if p.shared[lang] == nil || !slices.Contains(p.names, name) {
		return nil, fmt.Errorf("no page %s in %s", name, lang)
	}
	t, err := p.shared[lang].Clone()
	if err == nil {
		t, err = t.ParseFS(templateFiles, "templates/"+name+".html")
	}
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	p.joined[key] = t
	return t, nil
}

// check joins every page, so that none fails in front of somebody.
func (p *pages) check(ctx context.Context) error {
	for lang := range p.shared {
		for _, name := range p.names {
			if ctx.Err() != nil {
				return nil
			}
			if _, err := p.page(lang, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func funcs(c *catalog) template.FuncMap {
	return template.FuncMap{
		"t":        c.text,   // t "nav.audit"; t "x" "Name" .Name
		"tor":      c.textOr, // tor key name: the name itself where no catalog has the key
		"n":        c.count,  // n "reports.count" 5: the form for five, with {{.N}}
		"num":      c.num,    // num 1234567: 1.234.567
		"id":       c.id,     // id 1956: a number that is a name
		"pct":      c.pct,    // pct part whole: 12,5%
		"money":    c.money,  // money 1250000: 1.250.000 đ
		"bytes":    c.bytes,  // bytes 1500000: 1,5 MB
		"at":       c.at,     // 08:05, 23/11/2026
		"clock":    func(t time.Time) string { return clock(t, "15:04") },
		"atSec":    c.atSec, // 08:05:09 23/11/2026
		"date":     c.date,  // 23/11/2026
		"day":      c.day,   // Thứ Hai, 23/11
		"month":    c.month, // 11/2026
		"span":     c.span,  // span duration: 2 giờ 15 phút
		"ago":      c.ago,   // ago time: 2 giờ 15 phút trước
		"left":     c.left,  // left time: còn 3 ngày, quá hạn 2 giờ
		"utc":      func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") },
		"timeOf":   func(t *time.Time) time.Time { return *t },
		"inc":      func(i int) int { return i + 1 }, // a place in a list as people count
		"standing": standingOf,
		"dict":     dict, // dict "Key" value ...: for handing several things to a partial
	}
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: a key without a value")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m, nil
}

// view is what a template sees as dot: who asks, in which language, and the page's own Data.
type view struct {
	Lang     string
	Page     string // the template's name, as purpose.<Page> has it
	Path     string
	Practice bool   // in the practice ward
	Back     string // this page, for the switches of language and colours
	Theme    string // "light", "dark", or "" for what the screen is set to
	User     User
	Stage    stage // of the sign-in; User is somebody only where it is open
	Idle     int   // seconds without an act after which the page locks itself, 0 = never
	Nav      []navItem
	Flash    string // a key: what the last form did
	Jobs     int    // how many of this person's jobs have not ended
	Data     any
}

type navItem struct {
	Path, Key string
	Roles     []Role
	Here      bool
}

// addNav puts a page into the head of roles' pages; key is a text of the catalogs.
func (c *Console) addNav(path, key string, roles ...Role) {
	c.nav = append(c.nav, navItem{Path: path, Key: key, Roles: roles})
}

func (c *Console) view(r *http.Request, data any) view {
	v := view{Lang: c.langOf(r), Theme: themeOf(r), Path: r.URL.Path, Back: "/", User: userOf(r), Stage: signinOf(r).Stage, Idle: int(c.IdleLock.Seconds()), Data: data}
	if r.Method == http.MethodGet {
		v.Back = r.URL.RequestURI()
	}
	if c.practising {
		v.Practice, v.Back = true, practicePath+v.Back
	}
	for _, item := range c.nav {
		if has(item.Roles, v.User.Role) && (!c.practising || isPractised(item.Path)) { // no way leads unseen from practice to the real
			item.Here = v.Path == item.Path || strings.HasPrefix(v.Path, item.Path+"/")
			v.Nav = append(v.Nav, item)
		}
	}
	return v
}

func has(roles []Role, role Role) bool {
	for _, r := range roles {
		if r == role {
			return true
		}
	}
	return false
}

// render answers with a whole page.
func (c *Console) render(w http.ResponseWriter, r *http.Request, name string, data any) error {
	return c.renderStatus(w, r, http.StatusOK, name, data)
}

func (c *Console) renderStatus(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	v := c.view(r, data)
	if v.User.ID != 0 {
		var err error
		if v.Jobs, err = c.Jobs.CountOpen(r.Context(), v.User.Name); err != nil {
			c.Log.Warn("page without its mark of jobs", "error", err) // no reason to keep the page back
		}
	}
	if v.User.ID != 0 && status == http.StatusOK {
		v.Flash = c.sessions.PopString(r.Context(), sessionFlash)
	}
	return c.write(w, status, name, "layout", v)
}

// fragment answers with one block of a page's file, for parts.js. Its dot is the same view as the page's.
func (c *Console) fragment(w http.ResponseWriter, r *http.Request, name, block string, data any) error {
	return c.write(w, http.StatusOK, name, block, c.view(r, data))
}

// write makes the whole answer before it sends any, so that an error still becomes an error page.
func (c *Console) write(w http.ResponseWriter, status int, name, block string, v view) error {
	t, err := c.pages.page(v.Lang, name)
	if err != nil {
		return err
	}
	v.Page = name
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, block, v); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // an error here is a browser that went away: there is nobody to tell
	return nil
}

const sessionFlash = "flash"

// done ends a form: it says what was done on the next page and goes there. key is a text of the catalogs.
func (c *Console) done(w http.ResponseWriter, r *http.Request, key, to string) error {
	c.sessions.Put(r.Context(), sessionFlash, key)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
