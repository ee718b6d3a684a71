package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents"
	"canhgiac/residents/sample"
)

func TestImportCommandPrintsTheExpectedCounts(t *testing.T) {
	url := pgtest.URL(t)
	load := func() (Config, error) {
		c := defaultConfig()
		c.Database.URL = url
		return c, nil
	}
	c, _ := load()
	db, err := openDatabase(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := residents.NewStore(db, time.Now).LoadWard(t.Context(), "Thanh Khê", 60); err != nil {
		t.Fatal(err)
	}
	list, rejects := filepath.Join(t.TempDir(), "list.csv"), filepath.Join(t.TempDir(), "rejects.csv")
	if err := os.WriteFile(list, sample.Residents, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		cmd := newImportCommand(load)
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		cmd.SetArgs(args)
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	for _, args := range [][]string{{list, "--dry-run", "--json"}, {list, "--json", "--rejects", rejects, "--unit", "Thanh Khê"}} {
		out, err := run(args...)
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if err := json.Unmarshal(sample.Expected, &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: expected -, got +:\n%s", args, diff)
		}
	}
	text, err := os.ReadFile(rejects)
	if err != nil || !bytes.HasPrefix(text, []byte("\ufeffDòng,STT,")) || bytes.Count(text, []byte("\n")) != 206 {
		t.Errorf("rejects: %v, %d lines, begins %q", err, bytes.Count(text, []byte("\n")), text[:min(40, len(text))])
	}
	if out, err := run(list); err != nil || !strings.Contains(out, "unchanged                           2707") || !strings.Contains(out, "rejected.phone_missing                58") {
		t.Errorf("the same file again, for people: %v\n%s", err, out)
	}
	if _, err := run(list, "--unit", "Hòa Vang"); err == nil || !strings.Contains(err.Error(), "Hòa Vang") {
		t.Errorf("a ward that is not: %v", err)
	}
	if _, err := run(list + ".gone"); err == nil {
		t.Error("a file that is not there was imported")
	}
}
