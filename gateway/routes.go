package gateway

import (
	"strings"

	"canhgiac/residents"
)

// routes is which carrier a number leaves by: a hint, since numbers have been portable since 2018-11.
type routes struct {
	byPrefix map[string]string // "+8498" -> carrier
	rest     string            // for numbers that no prefix takes
}

// Prefixes of these lengths are looked up, here and in expandSQL, counted as "+84..." with the plus sign.
const longestPrefix, shortestPrefix = 8, 3

func newRoutes(list []Route) routes {
	r := routes{byPrefix: map[string]string{}}
	for _, route := range list {
		if len(route.Prefixes) == 0 && r.rest == "" {
			r.rest = route.Carrier
		}
		for _, p := range route.Prefixes {
			r.byPrefix[international(p)] = route.Carrier
		}
	}
	if r.rest == "" && len(list) > 0 {
		r.rest = list[0].Carrier
	}
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

// carrier gives the carrier of p, as expandSQL does.
func (r routes) carrier(p residents.Phone) string {
	for n := min(longestPrefix, len(p)); n >= shortestPrefix; n-- {
		if c, ok := r.byPrefix[string(p[:n])]; ok {
			return c
		}
	}
	return r.rest
}
