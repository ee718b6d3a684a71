package gateway

import (
	"encoding/json"
	"slices"
	"strings"

	"canhgiac/residents"
)

// routes is which carrier a number leaves by: a hint, since numbers have been portable since 2018-11.
type routes struct {
	names    []string            // every carrier, in the configuration's order
	byPrefix map[string]string   // "+8498" -> carrier
	prefixes map[string][]string // the other way round, in order: carriers with the same are equals
	fallback map[string][]string // who stands in for a carrier that is down, the first that is not down itself
	rest     string              // for numbers that no prefix takes
	table    string              // byPrefix as prefixSQL reads it
}

// Prefixes of these lengths are looked up, here and in expandSQL, counted as "+84..." with the plus sign.
const longestPrefix, shortestPrefix = 8, 3

func newRoutes(list []Route) routes {
	r := routes{byPrefix: map[string]string{}, prefixes: map[string][]string{}, fallback: map[string][]string{}}
	for _, route := range list {
		if len(route.Prefixes) == 0 && r.rest == "" {
			r.rest = route.Carrier
		}
		var prefixes []string
		for _, p := range route.Prefixes {
			p = international(p)
			prefixes = append(prefixes, p)
			if _, taken := r.byPrefix[p]; !taken { // of equals, the first gives its name to the queue
				r.byPrefix[p] = route.Carrier
			}
		}
		slices.Sort(prefixes)
		r.names = append(r.names, route.Carrier)
		r.prefixes[route.Carrier], r.fallback[route.Carrier] = slices.Compact(prefixes), route.Fallback
	}
	if r.rest == "" && len(list) > 0 {
		r.rest = list[0].Carrier
	}
	table, _ := json.Marshal(r.byPrefix) // a map of texts; never fails
	r.table = string(table)
	return r
}

// international writes a prefix as the numbers of the tables begin: 098, 8498 and +8498 are the same.
func international(prefix string) string {
	switch {
	case strings.HasPrefix(prefix, "+"):
		return prefix
	case strings.HasPrefix(prefix, "0"):
		return "+84" + prefix[1:]
	default:
		return "+" + prefix
	}
}

// carrier gives the carrier of p's prefix, as prefixSQL does.
func (r routes) carrier(p residents.Phone) string {
	_, c := r.longest(p)
	return c
}

// longest gives the longest prefix of p that a carrier takes, and which; no prefix where it is the rest's.
func (r routes) longest(p residents.Phone) (prefix, carrier string) {
	for n := min(longestPrefix, len(p)); n >= shortestPrefix; n-- {
		if c, ok := r.byPrefix[string(p[:n])]; ok {
			return string(p[:n]), c
		}
	}
	return "", r.rest
}
