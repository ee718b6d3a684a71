// Package console serves the pages of the ward office, the ward police and the operator: sign-in, roles, audit, and
// what each of them works from.
package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/scs/v2"
	"github.com/gorilla/mux"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/internal/jobs"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/sounds"
	"canhgiac/reports"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// Options is what cmd joins to the pages. All but DatabaseURL, PublicURL and HandsetURL are needed.
type Options struct {
	DB          *sql.DB
	DatabaseURL string // for LISTEN; "" = the pages learn of changes by asking every two seconds
	Now         func() time.Time
	Log         *slog.Logger
	PublicURL   string // https makes the cookies Secure
	Words       *prompts.Words
	Calls       *ivr.Hotline
	Reports     *reports.Store
	Residents   *residents.Store
	Campaigns   *campaigns.Store
	Gateway     *gateway.Store
	Jobs        *jobs.Store       // its runner does Works
	Carriers    []gateway.Carrier // those configured, for the operator: Name, Rate and ReceiptID
	Schedules   *schedules.Store
	Outgoing    *ivr.Outgoing                                            // nil: no calls are placed
	Sounds      *sounds.Store                                            // what the hotline plays; nil: no page of it
	Taped       func(ctx context.Context, sid string) (ivr.Sound, error) // the sound of a recorded call (reports.Tape.SID); nil: there are none
	Spoken      func(ctx context.Context, key string) (ivr.Sound, error) // the sound of a message that is kept here (reports.Message.Sound); nil: there are none
	HandsetURL  string                                                   // "" = no handset page
	Hotline     string                                                   // the numbers that the handset page offers: words.hotline, words.shortcode
	Shortcode   string
	Practice    *Practice // nil = no practice ward

	Session  time.Duration // how long a sign-in lasts; 0 = twelve hours
	IdleLock time.Duration // after how long without a person's act a screen locks; 0 = never
	TOTP     []Role        // who must have a second factor
	Secrets  []string      // what second factors are sealed with, the current one first; none: they are not
}

// Console is the pages. Make it with New, serve Handler, and keep Run running beside it.
type Console struct {
	Options
	users    *Users
	seals    *sealer
	sessions *scs.SessionManager
	catalogs catalogs
	static   static
	pages    *pages
	live     *hub
	cross    *http.CrossOriginProtection
	router   *mux.Router
	routes   []Page
	nav      []navItem
	sections []section
	practice *Console // the pages of the practice ward; nil without one

	uploads      *semaphore.Weighted // those whose files are in memory
	pageTime     time.Duration
	practising   bool                       // these are those pages
	practiceOver func(context.Context) bool // of those pages: the practice ward was taken away
	ways         []way
}

// Page is an address that the console serves; its path may hold variables.
type Page struct {
	Method, Path string
	Roles        []Role // none: open to all
}

// Pages are all of them, for those who try or measure each.
func (c *Console) Pages() []Page { return c.routes }

func New(o Options) (*Console, error) {
	if o.Session == 0 {
		o.Session = 12 * time.Hour
	}
	c := &Console{Options: o, users: NewUsers(o.DB, o.Now, o.TOTP...), live: newHub(o.Log), router: mux.NewRouter(),
		uploads: semaphore.NewWeighted(uploadsAtOnce), pageTime: pageTime}
	secure := strings.HasPrefix(o.PublicURL, "https://")
	c.sessions = newSessions(o.DB, o.Now, o.Session, secure, c.fail)
	c.cross = http.NewCrossOriginProtection()
	if u, err := url.Parse(o.PublicURL); err == nil && u.Host != "" {
		if err := c.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fmt.Errorf("console: http.public_url: %w", err)
		}
	}
	c.cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.fail(w, r, problem{http.StatusForbidden, "error.cross_origin"})
	}))
	var err error
	if c.seals, err = newSealer(o.Secrets...); err != nil {
		return nil, err
	}
	if len(o.TOTP) > 0 && len(c.seals.seals) == 0 {
		o.Log.Warn("console.secret is empty: whoever reads a copy of the database has the second factors' secrets")
	}
	if c.catalogs, err = loadCatalogs(o.Now); err != nil {
		return nil, err
	}
	if c.static, err = loadStatic(); err != nil {
		return nil, err
	}
	if c.pages, err = loadPages(c.catalogs, c.static); err != nil {
		return nil, err
	}

	r := c.router
	c.signinPages(r)
	c.myPages(r)
	c.lockPages(r)
	c.themePages(r)
	c.homePages(r)
	c.reportPages(r)
	c.inboxPages(r)
	c.campaignPages(r)
	c.residentPages(r)
	c.statisticsPages(r)
	c.funnelPages(r)
	c.jobPages(r)
	c.systemPages(r)
	c.promptPages(r)
	c.auditPages(r)
	c.designPages(r)
	c.glossaryPages(r)
	c.keyCardPages(r)
	c.menuPages(r)
	c.firstDayPages(r)
	c.accountPages(r)
	c.livePages(r)
	if err := c.handsetPages(r); err != nil {
		return nil, err
	}
	if o.Practice != nil {
		if c.practice, err = c.newPractice(o.Practice); err != nil {
			return nil, err
		}
		c.practicePages()
	}
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.fail(w, r, errNoPage) })
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.fail(w, r, problem{http.StatusMethodNotAllowed, "error.no_page"})
	})
	return c, nil
}

// Run tells open pages what changed, until ctx ends. End it before the HTTP server shuts down: open pages hang on it.
func (c *Console) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.pages.check(ctx) })
	g.Go(func() error { return c.live.run(ctx, c.DatabaseURL) })
	if c.practice != nil {
		g.Go(func() error { return c.practice.Run(ctx) })
	}
	return g.Wait()
}

// Handler serves everything under /.
func (c *Console) Handler() http.Handler {
	pages := c.inTime(c.sessions.LoadAndSave(c.withUser(c.cross.Handler(c.router))))
	return c.withHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") {
			c.static.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	}))
}

// handler is a page. What it returns becomes an error page; it has then written nothing.
type handler func(w http.ResponseWriter, r *http.Request) error

// page adds a page for roles. body bounds what a form may send; 0 is 64 KB.
func (c *Console) page(r *mux.Router, method, path string, roles []Role, h handler, body ...int64) {
	if len(roles) == 0 {
		panic("console: " + path + " names no role") // a page that anybody may read says so by open
	}
	c.add(r, method, path, roles, h, body)
}

// open adds a page that needs no sign-in.
func (c *Console) open(r *mux.Router, method, path string, h handler) {
	c.add(r, method, path, nil, h, nil)
}

func (c *Console) add(r *mux.Router, method, path string, roles []Role, h handler, body []int64) {
	limit := int64(64 << 10)
	if len(body) > 0 {
		limit = body[0]
	}
	c.routes = append(c.routes, Page{method, path, roles})
	r.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if strings.IndexByte(r.URL.Path, 0) >= 0 || !utf8.ValidString(r.URL.Path) { // nothing has such an address, and no audit row can name it
			c.fail(w, r, errNoPage)
			return
		}
		if len(roles) > 0 {
			if err := c.admit(w, r, roles); err != nil {
				c.fail(w, r, err)
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		err := legible(r)
		if err == nil {
			err = h(w, r)
		}
		if errors.Is(err, residents.ErrOutside) {
			err = errors.Join(err, c.outside(r))
		}
		if err != nil {
			c.fail(w, r, err)
		}
	}).Methods(method)
}

// legible refuses what no browser sends and the database does not keep: NUL, and bytes that are no UTF-8. A file that is
// uploaded beside the fields is for its reader to judge.
func legible(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return err
		}
		return errBadForm
	}
	for _, values := range r.Form {
		for _, v := range values {
			if strings.IndexByte(v, 0) >= 0 || !utf8.ValidString(v) {
				return errBadForm
			}
		}
	}
	return nil
}
