package main

import (
	"log/slog"
	"strings"
	"testing"
)

func TestACapOtherThanThePromiseIsWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		perWeek int
		warns   bool
	}{
		"as promised":            {2, false},
		"more than was promised": {3, true},
		"no cap at all":          {0, true},
		"fewer than promised":    {1, true},
	} {
		var out strings.Builder
		config := defaultConfig()
		config.Sending.Caps.PerWeek = c.perWeek
		warnOfPromise(config, slog.New(slog.NewTextHandler(&out, nil)))
		if got := strings.Contains(out.String(), "level=WARN"); got != c.warns {
			t.Errorf("%s: log %q", name, out.String())
		}
	}
}
