package console

import (
	"fmt"
	"net/url"
	"strings"

	"canhgiac/ivr"
)

// menuFinding is one finding as people read it: which part, which place by its human name, and where it is mended.
type menuFinding struct {
	ivr.Finding
	Part string
	Key  string // of the catalogs, for the place; "" where it has no name but its own
	Name string // its own
	Href string // where the page mends it; "" where only a file can

	AKey, BKey string // of the catalogs, for those of A and B that are names
}

// menuFindings are findings of a version; id is 0 where there is none to mend them in.
func menuFindings(id int64, m *ivr.Menu, all ivr.Findings) []menuFinding {
	var found []menuFinding
	for _, f := range all {
		part, name, _ := strings.Cut(f.Place, ".")
		one := menuFinding{Finding: f, Part: part, Name: name}
		edit := func(part, anchor string) {
			if id != 0 {
				one.Href = fmt.Sprintf("/menu/%d/edit?part=%s#%s", id, part, anchor)
			}
		}
		switch part {
		case "menu": // the file itself
			one.Name = ""
		case "words":
			one.Key = "menu.prompt." + name
			if f.Code == "no_sound" {
				one.AKey = one.Key // A names the line; a person knows the words that it is a piece of
			}
			edit("call", "text-"+name)
		case "receipts":
			one.Key = "menu.receipt." + name
			edit("receipts", "receipt-"+name)
		case "sms":
			one.Key = "menu.act." + name
			edit("sms", "act-"+name)
			one.AKey, one.BKey = "menu.act."+f.A, "menu.act."+f.B
		case "hours":
			one.Key = "menu.day." + name
			edit("hours", "day-"+name)
		default:
			one.place(m, edit)
		}
		found = append(found, one)
	}
	return found
}

// place names a node by what it says or shows.
func (f *menuFinding) place(m *ivr.Menu, edit func(part, anchor string)) {
	f.Key = "menu.at." + f.Name
	if m == nil {
		return
	}
	kind, name := m.Named(f.Part, f.Name)
	if kind == "" {
		return
	}
	f.Key = "menu." + kind + "." + name
	switch {
	case strings.HasPrefix(f.Code, "key_"):
		edit("keys&of="+url.QueryEscape(f.Part+"."+name), "rows")
	case kind == "screen":
		edit("ussd", "screen-"+name)
	default:
		edit("call", "text-"+name)
	}
}
