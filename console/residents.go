package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/residents"
)

// residentPages are the ward office's contact directory. Numbers are masked; one is shown whole for a reason that is logged.
func (c *Console) residentPages(r *mux.Router) {
	ward := []Role{Ward}
	c.page(r, "GET", "/residents", ward, c.residentList)
	c.page(r, "GET", "/residents/export", ward, c.residentsExportForm)
	c.page(r, "POST", "/residents/export", ward, c.residentsExport)
	c.page(r, "GET", "/residents/import", ward, c.importForm)
	c.page(r, "POST", "/residents/import", ward, c.importTry, maxUpload+64<<10)
	c.page(r, "POST", "/residents/import/{id:[0-9]+}/keep", ward, c.importKeep)
	c.page(r, "GET", "/residents/{id:[0-9]+}", ward, c.residentShow)
	c.page(r, "POST", "/residents/{id:[0-9]+}/reveal", ward, c.residentReveal)
	c.page(r, "POST", "/residents/{id:[0-9]+}/optout", ward, c.residentOptOut)
	c.page(r, "POST", "/residents/{id:[0-9]+}/register", ward, c.residentRegister)
	c.page(r, "POST", "/residents/{id:[0-9]+}/code-word", ward, c.residentCodeWord)
	c.addNav("/residents", "nav.residents", Ward)
	c.addWay("/residents", "nav.residents", "home.residents", nil, Ward)
}

type residentListData struct {
	Filter   residents.Filter
	Units    []residents.Unit
	Page     residents.Page
	Standing []residents.Standing
	From, To int    // places of the first and last row shown, from 1
	Previous string // addresses of the neighbouring pages; "" at either end
	Next     string
}

func (c *Console) residentList(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	d := residentListData{
		Filter:   residents.Filter{Text: strings.TrimSpace(q.Get("q")), Standing: residents.Standing(q.Get("standing")), Scope: scopeOf(ctx)},
		Standing: []residents.Standing{residents.Consented, residents.NoConsent, residents.OptedOut},
	}
	var err error
	if q.Get("unit") != "" {
		if d.Filter.Unit, err = strconv.ParseInt(q.Get("unit"), 10, 64); err != nil {
			return errBadForm
		}
	}
	if q.Get("page") != "" {
		if d.Filter.Page, err = strconv.Atoi(q.Get("page")); err != nil || d.Filter.Page > 1_000_000 {
			return errBadForm
		}
	}
	ward, err := c.Residents.Ward(ctx)
	if err != nil {
		return err
	}
	if d.Filter.Unit != 0 && d.Filter.Unit != ward.ID && !d.Filter.Scope.Has(d.Filter.Unit) {
		return residents.ErrOutside
	}
	if d.Units, err = c.groupsIn(ctx); err != nil {
		return err
	}
	if d.Page, err = c.Residents.Search(ctx, d.Filter); err != nil {
		return err
	}
	d.From = (d.Page.Number-1)*d.Page.Size + 1
	d.To = d.From + len(d.Page.Residents) - 1
	if d.Page.Number > 1 {
		d.Previous = pageAddress(q, d.Page.Number-1)
	}
	if d.To < d.Page.Total || d.Page.More && len(d.Page.Residents) == d.Page.Size {
		d.Next = pageAddress(q, d.Page.Number+1)
	}
	if err := c.audit(ctx, c.DB, r, "resident.list", "residents", ""); err != nil {
		return err
	}
	return c.render(w, r, "residents", d)
}

func pageAddress(q url.Values, page int) string {
	q.Set("page", strconv.Itoa(page))
	return "/residents?" + q.Encode()
}

type residentData struct {
	residents.Resident
	Standing residents.Standing
	Others   []residents.Resident // of the same household: the same number, another name
	Revealed bool
	CodeWord residents.CodeWord // its words are shown with the number alone
	Problem  string             // a key: why the last act was not done
	Why      string             // the reason as it was typed
}

func standingOf(x residents.Resident) residents.Standing {
	switch {
	case !x.OptedOutAt.IsZero():
		return residents.OptedOut
	case x.ConsentAt.IsZero():
		return residents.NoConsent
	}
	return residents.Consented
}

func (c *Console) readResident(r *http.Request) (residentData, error) {
	id, err := pathID(r)
	if err != nil {
		return residentData{}, err
	}
	var d residentData
	if d.Resident, err = c.Residents.Get(r.Context(), id, scopeOf(r.Context())); err != nil {
		return d, err
	}
	d.Standing = standingOf(d.Resident)
	if d.Phone == "" {
		return d, nil
	}
	if d.CodeWord, err = residents.CodeWordOf(r.Context(), c.DB, d.Phone); err != nil {
		return d, err
	}
	all, err := c.Residents.ByPhone(r.Context(), d.Phone)
	for _, x := range all {
		if x.ID != d.ID && scopeOf(r.Context()).Has(x.UnitID) {
			d.Others = append(d.Others, x)
		}
	}
	return d, err
}

func (c *Console) residentShow(w http.ResponseWriter, r *http.Request) error {
	d, err := c.readResident(r)
	if err != nil {
		return err
	}
	if err := c.audit(r.Context(), c.DB, r, "resident.read", residentObject(d.ID), ""); err != nil {
		return err
	}
	return c.render(w, r, "resident", d)
}

func residentObject(id int64) string { return fmt.Sprintf("resident:%d", id) }

// residentReveal shows the number whole, once, on this answer.
func (c *Console) residentReveal(w http.ResponseWriter, r *http.Request) error {
	return c.residentAct(w, r, "resident.reveal", func(_ context.Context, _ *sql.Tx, d *residentData) error {
		d.Revealed = true
		return nil
	}, "")
}

// residentOptOut records that a resident asked the office to stop. It holds from this moment, for what is queued as well.
func (c *Console) residentOptOut(w http.ResponseWriter, r *http.Request) error {
	return c.residentAct(w, r, "resident.optout", func(ctx context.Context, tx *sql.Tx, d *residentData) error {
		_, err := c.Residents.OptOut(ctx, tx, d.Phone, residents.Act{Channel: "console", Key: "office", Ref: userOf(r).Name})
		return err
	}, "residents.did.optout")
}

// residentRegister records a consent given at the office: its reason says where the signed paper is.
func (c *Console) residentRegister(w http.ResponseWriter, r *http.Request) error {
	return c.residentAct(w, r, "resident.register", func(ctx context.Context, tx *sql.Tx, d *residentData) error {
		_, err := c.Residents.Register(ctx, tx, d.Phone, residents.Act{Channel: "console", Key: "office", TextVersion: c.Words.Version, Ref: userOf(r).Name})
		return err
	}, "residents.did.register")
}

// residentCodeWord keeps what a household wants our calls to begin with. The audit row says that it was chosen, never the words.
func (c *Console) residentCodeWord(w http.ResponseWriter, r *http.Request) error {
	return c.residentAct(w, r, "resident.code_word", func(ctx context.Context, tx *sql.Tx, d *residentData) error {
		p := r.PostForm
		return c.Residents.SetCodeWord(ctx, tx, d.Phone, residents.CodeWord{First: p.Get("first"), Second: p.Get("second")})
	}, "residents.did.code_word")
}

// Nouns are what a code word may be made of.
func (residentData) Nouns() []residents.Noun { return residents.Nouns }

var errNoNumber = errors.New("the resident has no number")

// residentAct does something to a resident for a reason, which the audit row keeps; did is what the next page says, or ""
// to answer with the resident's page itself.
func (c *Console) residentAct(w http.ResponseWriter, r *http.Request, act string, do func(context.Context, *sql.Tx, *residentData) error, did string) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	d, err := c.readResident(r)
	if err != nil {
		return err
	}
	if d.Phone == "" {
		return fmt.Errorf("%s of resident %d: %w", act, d.ID, errNoNumber)
	}
	d.Why = strings.TrimSpace(r.PostForm.Get("reason"))
	if n := len([]rune(d.Why)); n == 0 || n > 300 {
		d.Problem = "error.reason"
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "resident", d)
	}
	ctx := r.Context()
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	err = do(ctx, tx, &d)
	if errors.Is(err, residents.ErrCodeWord) {
		d.Problem = "residents.problem.code_word"
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "resident", d)
	}
	if err != nil {
		return err
	}
	if err := c.audit(ctx, tx, r, act, residentObject(d.ID), d.Why); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if did == "" {
		return c.render(w, r, "resident", d)
	}
	return c.done(w, r, did, fmt.Sprintf("/residents/%d", d.ID))
}
