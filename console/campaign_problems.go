package console

import (
	"strconv"
	"strings"

	"canhgiac/campaigns"
)

// byField keeps the first problem of each kind at a field: two readings of one mistake help nobody.
func byField(found []campaigns.Problem) map[string][]campaigns.Problem {
	by := map[string][]campaigns.Problem{}
	for _, p := range found {
		field := p.Field
		if field == "cron" && len(by[field]) > 0 {
			continue
		}
		by[field] = append(by[field], p)
	}
	return by
}

// problemAt is a problem as the head of the form lists it: with the id of the field to go to and mend.
type problemAt struct {
	campaigns.Problem
	At  string
	Nth int    // which text it is about, 0 = none
	Of  string // which form of that text
}

// listed gives the problems in the order of the form's check, those that byField keeps.
func listed(found []campaigns.Problem) []problemAt {
	var all []problemAt
	cron := false
	for _, p := range found {
		at := problemAt{Problem: p, At: p.Field}
		switch p.Field {
		case "contents":
			at.At = "text-0"
		case "form":
			at.At = "form-plain"
		case "units":
			at.At = "audience-groups"
		case "hours":
			at.At = "from"
		case "caps":
			at.At = "per_day"
		case "cron":
			if cron {
				continue
			}
			cron, at.At = true, "time"
			if strings.HasPrefix(p.Code, "cron_") {
				at.At = "cron"
			}
		}
		if parts := strings.Split(p.Field, "."); len(parts) == 3 { // contents.0.text
			if n, err := strconv.Atoi(parts[1]); err == nil {
				at.At, at.Nth, at.Of = parts[2]+"-"+parts[1], n+1, "accented"
				if parts[2] != "text" {
					at.Of = parts[2]
				}
			}
		}
		all = append(all, at)
	}
	return all
}
