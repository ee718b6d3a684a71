package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"canhgiac/internal/postgres/pgtest"
)

// diagnose runs the command and gives what it printed; sick is whether it ended with an error, which main turns into exit 1.
func diagnose(t *testing.T, load func() (Config, error), args ...string) (out string, sick bool) {
	t.Helper()
	cmd := newDoctorCommand(load)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	var b bytes.Buffer
	cmd.SetOut(&b)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	if err != nil && !errors.Is(err, errSick) {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) { // how full the disk of this machine is, is no part of any test
		sick = sick || strings.HasPrefix(line, "bad ") && !strings.HasPrefix(line, "bad   disk of")
	}
	if sick && err == nil || err != nil && !strings.Contains(b.String(), "bad") {
		t.Errorf("the command ended with %v:\n%s", err, b.String())
	}
	return b.String(), sick
}

func TestTheDoctorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	url := pgtest.URL(t)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	well := func() (Config, error) {
		c := defaultConfig()
		c.Database.URL, c.HTTP.Addr, c.Admin.Addr, c.Voice.Officers = url, "127.0.0.1:0", "127.0.0.1:0", []string{"0905000001"}
		return c, nil
	}
	with := func(change func(*Config)) func() (Config, error) {
		return func() (Config, error) { c, err := well(); change(&c); return c, err }
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	exec := func(q string) {
		t.Helper()
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		is   string
		do   string
		load func() (Config, error)
		sick bool
		says []string
	}{
		{is: "all well", load: well, says: []string{"ok    config: read", "ok    database: answers", "ok    schema: version", "ok    clock: ", "disk of temp", "ok    sounds: ",
			"ok    menu: the program's own is whole", "ok    live menu: the program's own answers", "ok    officers: 1 numbers", "ok    http.addr: 127.0.0.1:0 is free",
			"warn  voice: no provider or trunk: nobody can call\n      -> set voice.providers or voice.sip", "warn  carriers: none"}},
		{is: "a key that nobody knows", load: func() (Config, error) { return loadConfig(write(t, "voice: {oficers: []}"), nil) }, sick: true,
			says: []string{"bad   config: ", "voice.oficers"}},
		{is: "no database", load: with(func(c *Config) { c.Database.URL = "postgres://127.0.0.1:1/none?sslmode=disable" }), sick: true,
			says: []string{"bad   database: ", "-> start it, or correct database.url", "ok    menu: the program's own is whole"}},
		{is: "an address that is taken, and by no node", load: with(func(c *Config) { c.HTTP.Addr = taken.Addr().String() }), sick: true,
			says: []string{"bad   http.addr: " + taken.Addr().String() + " is in use, and no node runs here\n      -> stop what listens there"}},
		{is: "nobody to ring", load: with(func(c *Config) { c.Voice.Officers = nil }), says: []string{"warn  officers: no number is configured", "-> set voice.officers"}},
		{is: "a version that was broken behind our back", load: well, sick: true,
			do:   `insert into menu_versions (base, state, document, author, approver, created_at, updated_at) values (0, 'live', 'call: {start: chao}', 'lan', 'hoa', now(), now())`,
			says: []string{"bad   live menu 1: call.start: leads to \"chao\", which is no node\n      -> name one of the nodes, or add this one"}},
		{is: "a schema of before", do: `delete from goose_db_version where version_id > 30`, load: well, sick: true,
			says: []string{"bad   schema: version 30, this program needs", "-> run `canhgiac migrate`"}},
	} {
		if c.do != "" {
			exec(c.do)
		}
		out, sick := diagnose(t, c.load)
		if sick != c.sick {
			t.Errorf("%s: sick is %v\n%s", c.is, sick, out)
		}
		for _, says := range c.says {
			if !strings.Contains(out, says) {
				t.Errorf("%s: no %q in\n%s", c.is, says, out)
			}
		}
	}
	out, _ := diagnose(t, well, "--json")
	var told struct {
		Healthy bool
		Checks  []diagnosis
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || told.Healthy || len(told.Checks) < 5 || told.Checks[0] != (diagnosis{"config", ok, "read, and every key is known", ""}) {
		t.Errorf("%v: %s", err, out)
	}
}
