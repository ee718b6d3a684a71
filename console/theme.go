package console

import (
	"net/http"

	"github.com/gorilla/mux"
)

func (c *Console) themePages(r *mux.Router) {
	c.open(r, "POST", "/theme", c.theme)
}

// theme keeps which colours a person wants on this computer. It is a cookie, so that the first byte of a page already
// names the right colours, with no flash of the others and no script.
func (c *Console) theme(w http.ResponseWriter, r *http.Request) error {
	chosen := r.PostForm.Get("theme")
	cookie := http.Cookie{Name: "theme", Value: chosen, Path: "/", MaxAge: 365 * 24 * 60 * 60, HttpOnly: true,
		Secure: c.sessions.Cookie.Secure, SameSite: http.SameSiteLaxMode}
	switch chosen {
	case "light", "dark":
	case "":
		cookie.MaxAge = -1
	default:
		return errBadForm
	}
	http.SetCookie(w, &cookie)
	http.Redirect(w, r, localPath(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

// themeOf gives the colours that r's user chose, "" for those of the screen.
func themeOf(r *http.Request) string {
	if cookie, err := r.Cookie("theme"); err == nil && (cookie.Value == "light" || cookie.Value == "dark") {
		return cookie.Value
	}
	return ""
}
