package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"canhgiac/residents"
)

// auditLine is a row as people read it.
type auditLine struct {
	auditRow
	Does, Thing, Says string // act, object and detail in words
	Kind, Ref         string
	Page              string // where the object is, if whoever looks may go there
}

type auditData struct {
	Filter  auditFilter
	Areas   []auditArea
	Kinds   []string
	Roles   []string
	Lines   []auditLine
	Older   string // the address of the rows before these; "" = these are the last
	Problem string // a key
}

const auditPage = 50

func (c *Console) auditList(w http.ResponseWriter, r *http.Request) error {
	d := auditData{Filter: readAuditFilter(r.URL.Query())}
	if before := r.URL.Query().Get("before"); before != "" && d.Filter.Before <= 0 || d.Filter.Act != "" && len(actsOf(d.Filter.Act)) == 0 {
		return errBadForm
	}
	return c.auditShow(w, r, http.StatusOK, d)
}

func (c *Console) auditShow(w http.ResponseWriter, r *http.Request, status int, d auditData) error {
	d.Areas, d.Kinds, d.Roles = auditAreas, auditKinds, []string{"ward", "police", "operator", "api", "system"}
	if _, wrong := d.Filter.args(1); wrong != "" {
		d.Problem = wrong
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "audit", d)
	}
	words := c.catalogs[c.langOf(r)]
	var named []string // accounts among the objects
	err := c.auditRows(r.Context(), d.Filter, auditPage, func(a auditRow) error {
		line := auditLine{auditRow: a, Does: words.textOr("audit.act."+a.Act, a.Act), Thing: words.auditObject(a.Object), Says: words.auditDetail(a.Act, a.Detail)}
		line.Kind, line.Ref, _ = strings.Cut(a.Object, ":")
		if line.Kind == "user" {
			named = append(named, line.Ref)
		}
		d.Lines = append(d.Lines, line)
		return nil
	})
	if err != nil {
		return err
	}
	accounts, err := c.users.idsOf(r.Context(), named)
	if err != nil {
		return err
	}
	for i, line := range d.Lines {
		if id, is := accounts[line.Ref]; is && line.Kind == "user" {
			d.Lines[i].Page = fmt.Sprintf("/users/%d", id)
		}
	}
	if len(d.Lines) == auditPage {
		d.Older = fmt.Sprintf("/audit?%s&before=%d", d.Filter.Query(), d.Lines[auditPage-1].ID)
	}
	if err := c.audit(r.Context(), c.DB, r, "audit.read", "audit", d.Filter.Query()); err != nil {
		return err
	}
	return c.renderStatus(w, r, status, "audit", d)
}

// auditObject names what something was done to: report:2608-0417 is "Tin báo 2608-0417".
func (c *catalog) auditObject(object string) string {
	kind, ref, named := strings.Cut(object, ":")
	if !named {
		return c.textOr("audit.object."+object, object)
	}
	return c.textOr("audit.object."+kind, kind) + " " + ref
}

// auditDetail puts what changed into words. A reason that somebody gave stands as it was given.
func (c *catalog) auditDetail(act, detail string) string {
	said := detail
	var err error
	switch act {
	case "user.change", "user.invite", "user.add":
		var all []string
		for _, one := range strings.Split(detail, "; ") {
			field, values, ok := strings.Cut(one, ": ")
			from, to, changed := strings.Cut(values, " → ")
			if !ok || !changed {
				return detail
			}
			all = append(all, c.textOr("audit.field."+field, field)+": "+c.auditValue(field, from)+" → "+c.auditValue(field, to))
		}
		said = strings.Join(all, "; ")
	case "resident.import":
		var n residents.Result
		if json.Unmarshal([]byte(detail), &n) == nil {
			rejected := 0
			for _, r := range n.Rejected {
				rejected += r
			}
			said, err = c.text("audit.says.import", "Rows", n.Rows, "New", n.Imported, "Changed", n.Updated, "Rejected", rejected)
		}
	case "campaign.fire":
		var run, nth, messages int
		if _, e := fmt.Sscanf(detail, "run %d, content %d, %d messages", &run, &nth, &messages); e == nil {
			said, err = c.text("audit.says.fire", "Nth", nth, "Messages", messages)
		}
	case "report.move":
		said = c.textOr("reports.state."+detail, detail)
	case "report.term":
		if term, reason, ok := strings.Cut(detail, ": "); ok {
			said = c.textOr("reports.term."+term, term) + ": " + reason
		}
	case "campaign.create":
		if from, copied := strings.CutPrefix(detail, "copy of "); copied {
			said, err = c.text("audit.says.copy", "From", c.auditObject(from))
		}
	}
	if err != nil {
		return detail
	}
	return said
}

func (c *catalog) auditValue(field, value string) string {
	switch {
	case field == "role":
		return c.textOr("role."+value, "–")
	case field == "unit" && value == "":
		return c.textOr("users.whole_ward", "–")
	case value == "":
		return "–"
	}
	return value
}
