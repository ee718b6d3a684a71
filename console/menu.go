package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/residents"
)

// menuPages are where the ward edits what the hotline says and offers, and has it approved; the operator looks on.
func (c *Console) menuPages(r *mux.Router) {
	ward, seen := []Role{Ward}, []Role{Ward, Operator}
	c.page(r, "GET", "/menu", seen, c.menuList)
	c.page(r, "POST", "/menu/new", ward, ofTheWholeWard(c.menuNew))
	c.page(r, "GET", "/menu/{id:[0-9]+}", seen, c.menuShow)
	c.page(r, "GET", "/menu/{id:[0-9]+}/menu.yaml", seen, c.menuFile)
	c.page(r, "GET", "/menu/{id:[0-9]+}/try", seen, c.menuTry)
	c.page(r, "GET", "/menu/{id:[0-9]+}/edit", ward, ofTheWholeWard(c.menuEdit))
	c.page(r, "POST", "/menu/{id:[0-9]+}/edit", ward, ofTheWholeWard(c.menuSave), menuForm)
	c.page(r, "POST", "/menu/upload", ward, ofTheWholeWard(c.menuUpload), ivr.FileLimit+8<<10)
	for act := range menuDid {
		c.page(r, "POST", "/menu/{id:[0-9]+}/"+act, ward, ofTheWholeWard(func(w http.ResponseWriter, r *http.Request) error { return c.menuMove(w, r, act) }))
	}
	c.addNav("/menu", "nav.menu", Ward, Operator)
	c.addWay("/menu", "nav.menu", "home.menu", nil, Ward, Operator)
}

// menuForm bounds an edit: all prompts together, as a form writes them.
const menuForm = 512 << 10

// menuDid are the moves, each with what the next page says was done.
var menuDid = map[string]string{
	"submit": "menu.did.submit", "sendback": "menu.did.sendback", "approve": "menu.did.approve", "drop": "menu.did.drop", "restore": "menu.did.restore",
}

func menuUser(r *http.Request) ivr.User {
	u := userOf(r)
	return ivr.User{Name: u.Name, Role: string(u.Role), Addr: addrOf(r)}
}

// mayHotline: what the hotline says and offers is the whole ward's, so who looks after some groups only looks on. What they
// try to change is outside what is theirs (residents.ErrOutside).
func mayHotline(r *http.Request) bool { return userOf(r).Role == Ward && scopeOf(r.Context()) == nil }

// menuVersion is the version of an address; 0 is the program's own.
func (c *Console) menuVersion(r *http.Request) (v ivr.Version, m *ivr.Menu, all ivr.Findings, err error) {
	id, err := pathID(r)
	if err != nil {
		return v, nil, nil, err
	}
	if v, err = c.Calls.Menus().Get(r.Context(), id); errors.Is(err, ivr.ErrNoVersion) {
		return v, nil, nil, errNoPage
	}
	if err != nil {
		return v, nil, nil, err
	}
	m, all = c.Calls.Menus().Judge(v)
	return v, m, all, nil
}

// ofTheWholeWard keeps do from everybody else.
func ofTheWholeWard(do func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !mayHotline(r) {
			return residents.ErrOutside
		}
		return do(w, r)
	}
}

type menuListData struct {
	Live     *ivr.Menu
	Who      ivr.Version // of Live; 0 for the program's own
	Whole    bool        // the reader sees the whole ward, and so the paths of those who ring
	Unusable int64       // a version that is live, and that this program cannot follow
	Hours    ivr.Hours
	Open     bool // an officer can be reached now
	Choices  []prompts.Choice
	Draft    *ivr.Version // the one that is written or waits
	Mine     bool         // its next step is this user's
	Names    people
	Earlier  []ivr.Version
	May      bool
	Refused  string
	Upload   menuUploadData
}

// Steps are the way of a version until it answers; Next is the one that comes next.
func (menuListData) Steps() []string { return []string{"new", "draft", "submitted", "live"} }

func (d menuListData) Next() string {
	if d.Draft == nil {
		return "new"
	}
	return string(d.Draft.State)
}

const menusShown = 50

func (c *Console) menuList(w http.ResponseWriter, r *http.Request) error {
	return c.menuListed(w, r, http.StatusOK, "", menuUploadData{})
}

func (c *Console) menuListed(w http.ResponseWriter, r *http.Request, status int, refused string, upload menuUploadData) error {
	ctx, menus := r.Context(), c.Calls.Menus()
	d := menuListData{May: mayHotline(r), Refused: refused, Whole: scopeOf(ctx) == nil, Upload: upload}
	var err error
	if d.Live, err = menus.Live(ctx); err != nil {
		return err
	}
	if d.Who, err = menus.Get(ctx, d.Live.Version); err != nil {
		return err
	}
	if id, why := menus.Unusable(ctx); why != nil {
		d.Unusable = id
	}
	d.Open, d.Choices, d.Hours = d.Live.Hours.Open(c.Now()), d.Live.MainChoices(), d.Live.Hours
	all, err := menus.Versions(ctx, menusShown)
	if err != nil {
		return err
	}
	for _, v := range all {
		switch v.State {
		case ivr.Draft, ivr.Submitted:
			d.Draft = &v
			d.Mine = d.May && (v.MayApprove(userOf(r).Name) || v.State == ivr.Draft && v.Wrote(userOf(r).Name))
		case ivr.Approved, ivr.Live:
			d.Earlier = append(d.Earlier, v)
		}
	}
	who := []string{d.Who.Approver}
	for _, v := range all {
		who = append(who, v.Author)
	}
	if d.Names, err = c.users.people(ctx, who...); err != nil {
		return err
	}
	return c.renderStatus(w, r, status, "menu", d)
}

func (c *Console) menuNew(w http.ResponseWriter, r *http.Request) error {
	id, err := c.Calls.Menus().Begin(r.Context(), menuUser(r))
	if errors.Is(err, ivr.ErrOpen) {
		return c.menuListed(w, r, http.StatusConflict, "menu.refused.open", menuUploadData{})
	}
	if err != nil {
		return err
	}
	return c.done(w, r, "menu.did.new", fmt.Sprintf("/menu/%d/edit", id))
}

type menuVersionData struct {
	ivr.Version
	Whole      bool // it can be read, and so tried
	Findings   []menuFinding
	Mute       []prompts.Line
	Changes    []ivr.Change
	Paths      []ivr.Change // of them, those of the tree itself, which only whoever writes files reads
	Before     int64        // the version that Changes are against
	IsLive     bool
	May        bool
	MayApprove bool
	WroteIt    bool
	SentBack   *auditRow
	History    []auditRow
	Refused    string
	Names      people
}

// editable is the id of a version that can be written in, else 0.
func editable(v ivr.Version) int64 {
	if v.State != ivr.Draft {
		return 0
	}
	return v.ID
}

// Kinds are what the catalogs call the places of a change, by its part.
func (menuVersionData) Kinds() map[string]string {
	return map[string]string{"prompt": "menu.prompt.", "screen": "menu.screen.", "receipt": "menu.receipt.", "sms": "menu.act.", "hours": "menu.day."}
}

func (c *Console) menuShow(w http.ResponseWriter, r *http.Request) error {
	return c.menuShown(w, r, http.StatusOK, "")
}

func (c *Console) menuShown(w http.ResponseWriter, r *http.Request, status int, refused string) error {
	v, m, all, err := c.menuVersion(r)
	if err != nil {
		return err
	}
	ctx, menus, name := r.Context(), c.Calls.Menus(), userOf(r).Name
	d := menuVersionData{Version: v, Whole: m != nil, Findings: menuFindings(editable(v), m, all), Refused: refused, May: mayHotline(r), MayApprove: v.MayApprove(name), WroteIt: v.Wrote(name)}
	live, err := menus.Live(ctx)
	if err != nil {
		return err
	}
	d.IsLive = live.Version == v.ID
	if m != nil {
		d.Mute = menus.Mute(m)
		before := live
		if d.IsLive { // what answers is told by what was new in it
			if before, err = menus.Base(ctx, v); err != nil {
				return err
			}
		}
		d.Before, d.Changes = before.Version, ivr.Changes(before, m)
		for _, change := range d.Changes {
			if change.Part == "node" {
				d.Paths = append(d.Paths, change)
			}
		}
	}
	err = c.auditRows(ctx, auditFilter{Kind: "menu", Ref: strconv.FormatInt(v.ID, 10)}, historyShown, func(a auditRow) error {
		if d.SentBack == nil && strings.TrimPrefix(a.Act, "menu.") == "sendback" && v.State == ivr.Draft && a.Detail != "" {
			d.SentBack = &a
		}
		d.History = append(d.History, a)
		return nil
	})
	if err != nil {
		return err
	}
	who := append([]string{v.Author}, v.Editors...)
	for _, a := range d.History {
		who = append(who, a.Who)
	}
	if d.Names, err = c.users.people(ctx, who...); err != nil {
		return err
	}
	return c.renderStatus(w, r, status, "menu_version", d)
}

const historyShown = 100

// menuFile is the whole version as a file, for whoever keeps or compares it.
func (c *Console) menuFile(w http.ResponseWriter, r *http.Request) error {
	v, _, _, err := c.menuVersion(r)
	if err != nil {
		return err
	}
	src, err := c.Calls.Menus().File(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="menu-%d.yaml"`, v.ID))
	_, err = fmt.Fprintf(w, "# yaml-language-server: $schema=%s%s\n%s", strings.TrimRight(c.PublicURL, "/"), ivr.SchemaPath, src)
	return err
}

func (c *Console) menuMove(w http.ResponseWriter, r *http.Request, act string) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(r.PostForm.Get("reason"))
	if len([]rune(reason)) > 300 {
		return errBadForm
	}
	ctx, menus, by := r.Context(), c.Calls.Menus(), menuUser(r)
	switch act {
	case "submit":
		err = menus.Submit(ctx, id, by)
	case "sendback":
		if reason == "" {
			return c.menuShown(w, r, http.StatusConflict, "menu.refused.reason")
		}
		err = menus.SendBack(ctx, id, by, reason)
	case "approve":
		revision, wrong := strconv.Atoi(r.PostForm.Get("revision"))
		if wrong != nil {
			return errBadForm
		}
		err = menus.Approve(ctx, id, revision, by)
	case "drop":
		err = menus.Drop(ctx, id, by)
	case "restore":
		if reason == "" {
			return c.menuShown(w, r, http.StatusConflict, "menu.refused.reason")
		}
		err = menus.Restore(ctx, id, by, reason)
	}
	if errors.Is(err, ivr.ErrNoVersion) {
		return errNoPage
	}
	if key := menuRefused(err); key != "" {
		return c.menuShown(w, r, http.StatusConflict, key)
	}
	if err != nil {
		return err
	}
	to := fmt.Sprintf("/menu/%d", id)
	if act == "drop" {
		to = "/menu"
	}
	return c.done(w, r, menuDid[act], to)
}

// menuRefused gives the words for what the room refused; "" when it refused nothing, or when the error is nobody's.
func menuRefused(err error) string {
	var found ivr.Findings
	switch {
	case errors.Is(err, ivr.ErrSelfApproval):
		return "menu.refused.self"
	case errors.Is(err, ivr.ErrMove):
		return "menu.refused.move"
	case errors.Is(err, ivr.ErrChanged):
		return "menu.refused.changed"
	case errors.As(err, &found):
		return "menu.refused.found"
	}
	return ""
}

// menuToDo: what answers calls is not what was approved.
func (c *Console) menuToDo(ctx context.Context) (do []systemDo) {
	if id, why := c.Calls.Menus().Unusable(ctx); why != nil {
		do = append(do, systemDo{What: "menu_unusable", Path: fmt.Sprintf("/menu/%d", id), N: id, At: c.Now().Truncate(time.Minute), Now: true})
	}
	return do
}
