package sip

import "strings"

// infoKey is the key in the body of a SIP INFO: "Signal=5\r\nDuration=160" as application/dtmf-relay, or the bare key as
// application/dtmf. false: no key stands there.
func infoKey(contentType, body string) (rune, bool) {
	kind, _, _ := strings.Cut(contentType, ";")
	signal := ""
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/dtmf":
		signal = strings.TrimSpace(body)
		if v, ok := field(body, "signal"); ok { // some send the long form under the short name
			signal = v
		}
	case "application/dtmf-relay":
		signal, _ = field(body, "signal")
	}
	switch signal { // some name the two keys by their event numbers
	case "10":
		signal = "*"
	case "11":
		signal = "#"
	}
	if len(signal) != 1 {
		return 0, false
	}
	key := strings.ToUpper(signal)
	if !strings.Contains(keyNames, key) {
		return 0, false
	}
	return rune(key[0]), true
}

// field is the value of "name=value" on a line of its own, names in any case.
func field(body, name string) (string, bool) {
	for line := range strings.Lines(body) {
		key, value, ok := strings.Cut(line, "=")
		if ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}
