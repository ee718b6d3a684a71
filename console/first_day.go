package console

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"github.com/gorilla/mux"

	"canhgiac/internal/practice"
	"canhgiac/residents"
)

const firstDayPath = "/first-day"

func (c *Console) firstDayPages(r *mux.Router) {
	learners := []Role{Ward, Police}
	c.page(r, "GET", firstDayPath, learners, c.firstDay)
	c.page(r, "GET", firstDayPath+"/list.csv", learners, c.practiceList)
	c.page(r, "POST", firstDayPath+"/begin", learners, c.beginPractice)
	c.page(r, "GET", firstDayPath+"/remove", learners, c.removePracticeAsk)
	c.page(r, "POST", firstDayPath+"/remove", learners, c.removePractice)
	c.page(r, "POST", firstDayPath+"/hide", learners, c.hideFirstDay)
	c.addSection(section{name: "first_day", order: homeInfo, roles: learners, load: c.firstDayAtHome,
		shown: c.firstDayIsDue})
}

// step is one thing to do. done asks what really happened in the practice ward; nobody ticks a box.
type step struct {
	Key  string // first_day.step.<key>, and first_day.see.<key>: what there is to see
	Path string // where it is done; "" for nowhere
	done func(a practice.Acts, who string) bool
	Done bool
	Here bool // the first that is not done
}

func mine(act string) func(practice.Acts, string) bool {
	return func(a practice.Acts, who string) bool { return a.By(who, act) }
}

func anybody(act string) func(practice.Acts, string) bool {
	return func(a practice.Acts, _ string) bool { return len(a[act]) > 0 }
}

// stepsOf: the first is done by being here.
func stepsOf(role Role) []step {
	at := func(path string) string { return practicePath + path }
	signedIn := step{Key: "signin", done: func(practice.Acts, string) bool { return true }}
	if role == Police {
		return []step{
			signedIn,
			{Key: "list", Path: at("/reports"), done: mine("report.list")},
			{Key: "receive", Path: at("/reports"), done: mine("report.receive")},
			{Key: "note", Path: at("/reports"), done: mine("report.note")},
			{Key: "reveal", Path: at("/reports"), done: mine("report.reveal")},
			{Key: "export", Path: at("/reports/export"), done: mine("report.export")},
		}
	}
	return []step{
		signedIn,
		{Key: "import", Path: at("/residents/import"), done: mine("resident.import")},
		{Key: "rejects", Path: at("/residents/import"), done: mine("job.fetch")},
		{Key: "write", Path: at("/campaigns/new"), done: mine("campaign.create")},
		{Key: "submit", Path: at("/campaigns"), done: mine("campaign.submit")},
		{Key: "approve", Path: at("/campaigns"), done: func(a practice.Acts, who string) bool { return a.ByAnother(who, "campaign.approve") }},
		{Key: "start", Path: at("/campaigns"), done: anybody("campaign.start")},
		{Key: "watch", Path: at("/campaigns"), done: anybody("campaign.fire")},
	}
}

type firstDayData struct {
	Begun   bool
	Steps   []step
	Done    int
	Problem string
}

// Next is the step to do now; nil when all are done.
func (d firstDayData) Next() *step {
	for i := range d.Steps {
		if d.Steps[i].Here {
			return &d.Steps[i]
		}
	}
	return nil
}

func (c *Console) firstDayOf(r *http.Request) (firstDayData, error) {
	user := userOf(r)
	d := firstDayData{Steps: stepsOf(user.Role)}
	acts := practice.Acts{}
	if c.Practice != nil {
		var err error
		if d.Begun, err = c.Practice.Store.Begun(r.Context()); err != nil {
			return d, err
		}
		if d.Begun {
			if acts, err = c.Practice.Store.Acts(r.Context()); err != nil {
				return d, err
			}
		}
	}
	here := false
	for i := range d.Steps {
		s := &d.Steps[i]
		if s.Done = s.done(acts, user.Name); s.Done {
			d.Done++
		} else if !here {
			s.Here, here = true, true
		}
	}
	return d, nil
}

func (c *Console) firstDay(w http.ResponseWriter, r *http.Request) error {
	d, err := c.firstDayOf(r)
	if err != nil {
		return err
	}
	if d.Done == len(d.Steps) { // a day that is finished asks for no more attention
		if err := c.noMoreFirstDay(r); err != nil {
			return err
		}
	}
	return c.render(w, r, "first_day", d)
}

func (c *Console) firstDayAtHome(r *http.Request) (any, error) { return c.firstDayOf(r) }

const firstDayHiddenSQL = `select exists (select from console_first_days where user_id = $1)`

func (c *Console) firstDayIsDue(r *http.Request) (bool, error) {
	if c.Practice == nil {
		return false, nil
	}
	var hidden bool
	if err := c.DB.QueryRowContext(r.Context(), firstDayHiddenSQL, userOf(r).ID).Scan(&hidden); err != nil {
		return false, fmt.Errorf("first day of user %d: %w", userOf(r).ID, err)
	}
	return !hidden, nil
}

const hideFirstDaySQL = `insert into console_first_days (user_id, hidden_at) values ($1, $2) on conflict do nothing`

func (c *Console) noMoreFirstDay(r *http.Request) error {
	if _, err := c.DB.ExecContext(r.Context(), hideFirstDaySQL, userOf(r).ID, c.Now().UTC()); err != nil {
		return fmt.Errorf("hide the first day of user %d: %w", userOf(r).ID, err)
	}
	return nil
}

func (c *Console) hideFirstDay(w http.ResponseWriter, r *http.Request) error {
	if err := c.noMoreFirstDay(r); err != nil {
		return err
	}
	return c.done(w, r, "first_day.did.hide", "/")
}

func (c *Console) practiceList(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="TAP-HUAN-danh-sach.csv"`)
	_, err := w.Write(residents.PracticeList)
	return err
}

// beginPractice makes the practice ward with its reports in one transaction.
func (c *Console) beginPractice(w http.ResponseWriter, r *http.Request) error {
	takesLong(r) // some forty tables are made
	err := c.changePractice(r, "practice.begin", func(tx *sql.Tx) error {
		if err := c.Practice.Store.Begin(r.Context(), tx, userOf(r).Name); err != nil {
			return err
		}
		if err := c.Practice.Store.Enter(r.Context(), tx); err != nil {
			return err
		}
		if err := c.Practice.Rooms.Residents.LoadPractice(r.Context(), tx); err != nil {
			return err
		}
		return c.Practice.Rooms.Reports.LoadPractice(r.Context(), tx)
	})
	if err != nil && !errors.Is(err, practice.ErrBegun) {
		return err
	}
	return c.done(w, r, "first_day.did.begin", firstDayPath)
}

func (c *Console) removePracticeAsk(w http.ResponseWriter, r *http.Request) error {
	return c.render(w, r, "first_day_remove", nil)
}

func (c *Console) removePractice(w http.ResponseWriter, r *http.Request) error {
	takesLong(r)
	err := c.changePractice(r, "practice.remove", func(tx *sql.Tx) error { return c.Practice.Store.End(r.Context(), tx) })
	if err != nil {
		return err
	}
	return c.done(w, r, "first_day.did.remove", firstDayPath)
}

// changePractice writes the audit row first: do may turn its transaction to the practice tables.
func (c *Console) changePractice(r *http.Request, act string, do func(tx *sql.Tx) error) error {
	if c.Practice == nil {
		return errNoPage
	}
	tx, err := c.DB.BeginTx(r.Context(), nil)
	if err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := c.audit(r.Context(), tx, r, act, "practice", ""); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return nil
}
