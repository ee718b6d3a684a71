package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"canhgiac/internal/postgres/pgtest"
)

func TestAListOfPortedNumbersChangesWhatTheDryRunSays(t *testing.T) {
	url := pgtest.URL(t)
	load := func() (Config, error) {
		c, err := loadConfig(write(t, twoCarriers(`prefixes: ["+8490"]`, `prefixes: ["+8491"]`)), nil)
		c.Database.URL = url
		return c, err
	}
	run := func(cmd *cobra.Command, args ...string) (string, error) {
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		cmd.SetArgs(args)
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	if out, err := run(newRouteCommand(load), "0901234567"); err != nil || !strings.Contains(out, "prefix +8490 is with viettel") {
		t.Errorf("before: %v\n%s", err, out)
	}
	list := filepath.Join(t.TempDir(), "mnp.csv")
	for _, c := range []struct{ text, says string }{
		{"phone,carrier\n0901234567,mobi\n", `dòng 2: không có nhà mạng "mobi"`},
		{"phone,carrier\n0901234567,vina\n", ""},
	} {
		if err := os.WriteFile(list, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := run(newPortedCommand(load), list)
		switch {
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("got %v, want %q", err, c.says)
		case c.says == "" && (err != nil || out != "1 numbers: 1 added, 0 changed\n"):
			t.Errorf("%v\n%s", err, out)
		}
	}
	if out, err := run(newRouteCommand(load), "+84901234567", "--json"); err != nil || !strings.Contains(out, `"queue":"vina"`) || !strings.Contains(out, "ported to vina, by a list") {
		t.Errorf("after: %v\n%s", err, out)
	}
	if _, err := run(newRouteCommand(load), "113"); err == nil || !strings.Contains(err.Error(), "want a mobile number") {
		t.Errorf("a number that is none: %v", err)
	}
}
