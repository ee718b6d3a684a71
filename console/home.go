package console

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"

	"github.com/gorilla/mux"
)

// section is a part of the home page that one area contributes. Its words are the template block "home_<name>", whose dot
// is the page's view with what load gave as Data; its heading is the text home.<name>.
type section struct {
	name  string
	order int // the smaller stands higher: what is to be done now, what comes next, what is good to know
	roles []Role
	live  string // a topic of the hub: the section fetches itself again when that changes; "" for never
	load  func(r *http.Request) (any, error)
	shown func(r *http.Request) (bool, error) // whether this person has it; nil: whoever has the role
}

// Where a section stands. Sections of one place stand in the order in which they were added.
const (
	homeNow  = 10 // what to do now
	homeSoon = 20 // what comes next
	homeInfo = 30 // what is good to know
	homeWays = 90 // ways into the pages
)

// addSection puts a part on the home page of its roles.
func (c *Console) addSection(s section) {
	c.sections = append(c.sections, s)
	slices.SortStableFunc(c.sections, func(a, b section) int { return a.order - b.order })
}

// way is a link from the home page into one of a role's pages, for who does not know them yet.
type way struct {
	path, key, text string
	roles           []Role
	note            func(ctx context.Context, words *catalog) (string, error)
}

// addWay lists a page on the home page of roles: its name and one sentence, both keys of the catalogs, and a note that
// says what waits there, nil or "" for none.
func (c *Console) addWay(path, key, text string, note func(ctx context.Context, words *catalog) (string, error), roles ...Role) {
	c.ways = append(c.ways, way{path, key, text, roles, note})
}

func (c *Console) homePages(r *mux.Router) {
	c.page(r, "GET", "/", everyone, c.home)
	c.page(r, "GET", "/home/{section}", everyone, c.homeSection)
	c.addSection(section{name: "ways", order: homeWays, roles: everyone, load: c.waysFor})
}

type homeWay struct{ Path, Key, Text, Note string }

func (c *Console) waysFor(r *http.Request) (any, error) {
	var shown []homeWay
	for _, t := range c.ways {
		if !has(t.roles, userOf(r).Role) {
			continue
		}
		h := homeWay{Path: t.path, Key: t.key, Text: t.text}
		if t.note != nil {
			var err error
			if h.Note, err = t.note(r.Context(), c.catalogs[c.langOf(r)]); err != nil {
				return nil, err
			}
		}
		shown = append(shown, h)
	}
	return shown, nil
}

// homePart is a section as its frame shows it.
type homePart struct {
	Name     string
	Live     string
	Revision string // of the topic, asked before the section was read
	Body     template.HTML
}

// homePart reads and writes one section. One that cannot be read says so and leaves the others standing: a home page that
// does not open while one table is locked would hide all the rest.
func (c *Console) homePart(r *http.Request, s section) (homePart, error) {
	p := homePart{Name: s.name, Live: s.live}
	block, data, err := "home_"+s.name, any(nil), error(nil)
	if s.live != "" {
		p.Revision, err = c.revisionOf(r.Context(), s.live)
	}
	if err == nil {
		data, err = s.load(r)
	}
	if err != nil {
		if r.Context().Err() != nil {
			return p, err
		}
		c.Log.Error("a part of the home page cannot be read", "section", s.name, "error", err)
		block, data = "home_unread", nil
	}
	home, err := c.pages.page(c.langOf(r), "home")
	if err != nil {
		return p, err
	}
	var body bytes.Buffer
	if err := home.ExecuteTemplate(&body, block, c.view(r, data)); err != nil {
		return p, fmt.Errorf("section %s of the home page: %w", s.name, err)
	}
	p.Body = template.HTML(body.String()) //nolint:gosec // a template wrote it
	return p, nil
}

func (c *Console) revisionOf(ctx context.Context, name string) (string, error) {
	t, id, err := c.live.find(name)
	if err != nil {
		return "", err
	}
	return t.revision(ctx, id)
}

func (c *Console) home(w http.ResponseWriter, r *http.Request) error {
	var parts []homePart
	for _, s := range c.sections {
		if !has(s.roles, userOf(r).Role) {
			continue
		}
		if s.shown != nil {
			switch is, err := s.shown(r); {
			case err != nil:
				return err
			case !is:
				continue
			}
		}
		p, err := c.homePart(r, s)
		if err != nil {
			return err
		}
		parts = append(parts, p)
	}
	return c.render(w, r, "home", parts)
}

// homeSection is one section fetching itself again.
func (c *Console) homeSection(w http.ResponseWriter, r *http.Request) error {
	for _, s := range c.sections {
		if s.name != mux.Vars(r)["section"] || !has(s.roles, userOf(r).Role) {
			continue
		}
		p, err := c.homePart(r, s)
		if err != nil {
			return err
		}
		return c.fragment(w, r, "home", "home_part", p)
	}
	return errNoPage
}
