package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"canhgiac/gateway/smpp"
)

// routes looks at what the carriers say of one another.
func (k *check) routes(g GatewayConfig) {
	k.that(g.FailoverAfter >= 10*time.Second, "gateway.failover_after", "at least 10s, since a link that is lost comes back within seconds", g.FailoverAfter)
	var names []string
	for _, r := range g.Carriers {
		names = append(names, r.Name)
	}
	taken := map[string]int{}
	for i, r := range g.Carriers {
		at := fmt.Sprintf("gateway.carriers[%d]", i)
		for j, p := range r.Prefixes {
			path := fmt.Sprintf("%s.prefixes[%d]", at, j)
			k.that(prefixForm.MatchString(p), path, "the start of a number with its country, of 2 to 7 digits, like +8490", p)
			first, ok := taken[p]
			if !ok {
				taken[p] = i
			} else if !samePrefixes(g.Carriers[first], r) {
				k.that(false, path, fmt.Sprintf("a prefix that %s does not take; give both the same prefixes where they shall share their numbers", g.Carriers[first].Name), p)
			}
		}
		for j, answer := range r.UnknownSubscriber {
			k.that(isStatus(answer) || receiptCode.MatchString(answer), fmt.Sprintf("%s.unknown_subscriber[%d]", at, j),
				`the name of a status, like ESME_RINVDSTADR, or a receipt's error code in quotes, like "001"`, answer)
		}
		for j, name := range r.Fallback {
			path := fmt.Sprintf("%s.fallback[%d]", at, j)
			k.that(name != r.Name, path, "another carrier, since "+r.Name+" cannot stand in for itself", name)
			k.that(slices.Contains(names, name), path, "the name of a carrier: one of "+strings.Join(names, ", "), name)
			k.that(!slices.Contains(r.Fallback[:j], name), path, "each name once", name)
		}
	}
}

var receiptCode = regexp.MustCompile(`^[0-9A-Za-z]{1,8}$`)

// isStatus tells whether SMPP knows a status of this name.
func isStatus(name string) bool {
	for s := smpp.StatusOK; s <= smpp.StatusUnknownError; s++ {
		if s != smpp.StatusOK && s.String() == name {
			return true
		}
	}
	return false
}

func samePrefixes(a, b CarrierConfig) bool {
	x, y := slices.Sorted(slices.Values(a.Prefixes)), slices.Sorted(slices.Values(b.Prefixes))
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}
