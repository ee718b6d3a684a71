package console

import (
	"context"
	"net/http"

	"github.com/gorilla/mux"
)

// tile is a way from the home page into one of a role's pages.
type tile struct {
	path, key, text string
	roles           []Role
	note            func(ctx context.Context, words *catalog) (string, error)
}

// addTile puts a page on the home page of roles: its heading and one sentence, both keys of the catalogs, and a note
// that says what waits there, nil or "" for none.
func (c *Console) addTile(path, key, text string, note func(ctx context.Context, words *catalog) (string, error), roles ...Role) {
	c.tiles = append(c.tiles, tile{path, key, text, roles, note})
}

func (c *Console) homePages(r *mux.Router) {
	c.page(r, "GET", "/", everyone, c.home)
}

type homeTile struct{ Path, Key, Text, Note string }

func (c *Console) home(w http.ResponseWriter, r *http.Request) error {
	var shown []homeTile
	for _, t := range c.tiles {
		if !has(t.roles, userOf(r).Role) {
			continue
		}
		h := homeTile{Path: t.path, Key: t.key, Text: t.text}
		if t.note != nil {
			var err error
			if h.Note, err = t.note(r.Context(), c.catalogs[c.langOf(r)]); err != nil {
				return err
			}
		}
		shown = append(shown, h)
	}
	return c.render(w, r, "home", shown)
}
