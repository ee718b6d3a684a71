package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents"
)

func TestTheShellTellsFullNameAndUnitOfAUser(t *testing.T) {
	c := defaultConfig()
	c.Database.URL = pgtest.URL(t)
	db, err := openMigrated(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := residents.NewStore(db, time.Now).LoadWard(t.Context(), "Thanh Khê", 12); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		cmd := newUserCommand(func() (Config, error) { return c, nil })
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SetIn(strings.NewReader("con mèo ngủ trên mái tôn\n"))
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		cmd.SetArgs(args)
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			return err.Error()
		}
		return out.String()
	}
	add := func(name string, more ...string) string {
		return run(append([]string{"add", "--name", name, "--role", "police", "--password-stdin"}, more...)...)
	}
	if got := add("huy", "--full-name", "Lê Văn Huy", "--unit", "tdp 05"); !strings.Contains(got, "added huy") {
		t.Fatal(got)
	}
	if got := run("invite", "--name", "lan", "--full-name", "Nguyễn Thị Lan", "--role", "ward", "--unit", "Tổ 12"); !strings.Contains(got, "invited lan") {
		t.Fatal(got)
	}
	if got := run("list"); !strings.Contains(got, "Lê Văn Huy") || !strings.Contains(got, "Tổ 5") {
		t.Errorf("the list:\n%s", got)
	}
	if got := add("ba", "--unit", "Tổ 99"); !strings.Contains(got, "Tổ 99") || !strings.Contains(got, "no group has this name") {
		t.Errorf("a group that is none: %s", got)
	}
	if got := run("add", "--name", "tu", "--role", "operator", "--unit", "Tổ 5", "--password-stdin"); !strings.Contains(got, "operator") {
		t.Errorf("an operator with a group: %s", got)
	}
	// A second ward, as after a merger: the name alone says too little, and what would do is told.
	if _, err := db.ExecContext(t.Context(), `with w as (insert into units (kind, parent_id, name, fold, valid_from)
		select 'ward', parent_id, 'Hòa Khánh', 'hoa khanh', valid_from from units where kind = 'ward' returning id)
		insert into units (kind, parent_id, name, fold, valid_from) select 'group', id, 'Tổ 5', 'to 5', current_date from w`); err != nil {
		t.Fatal(err)
	}
	if got := add("ba", "--unit", "Tổ 5"); !strings.Contains(got, "several groups have this name: Tổ 5 (Hòa Khánh); Tổ 5 (Thanh Khê)") {
		t.Errorf("a name of two: %s", got)
	}
	if got := add("ba", "--unit", "Tổ 5 (Thanh Khê)"); !strings.Contains(got, "added ba") {
		t.Errorf("with its ward: %s", got)
	}
	var units int
	if err := db.QueryRowContext(t.Context(), `select count(distinct unit_id) from console_users where name in ('huy', 'ba')`).Scan(&units); err != nil || units != 1 {
		t.Errorf("huy and ba look after %d groups, %v", units, err)
	}
}

func TestTheDemoSaysWhoNeedsASecondFactor(t *testing.T) {
	c := demoConfig(defaultConfig(), demoSecrets{}, "")
	for _, say := range []struct {
		totp []string
		want string
	}{{nil, "Nobody needs a second factor"}, {[]string{"police", "operator"}, "police and operator must have one"}} {
		c.Console.TOTP = say.totp
		var out bytes.Buffer
		printDemo(&out, c, "127.0.0.1:5060", demoSecrets{}, "", "")
		if !strings.Contains(out.String(), say.want) {
			t.Errorf("with %v it does not say %q:\n%s", say.totp, say.want, out.String())
		}
	}
}
