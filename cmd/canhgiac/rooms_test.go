package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The rooms and what each may import of the others. cmd joins what lies sideways; internal is open to all.
var rooms = map[string][]string{
	"residents": {},
	"schedules": {},
	"gateway":   {"residents", "schedules"}, // schedules for the sending hours alone
	"campaigns": {"residents", "schedules", "gateway"},
	"reports":   {"residents"},
	"ivr":       {"residents", "reports"},
	"console":   {"residents", "schedules", "gateway", "campaigns", "reports", "ivr"},
	"api":       {"residents", "schedules", "gateway", "campaigns", "reports"},
}

func TestRoomsImportEachOtherOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "canhgiac/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		packages := strings.Fields(line)
		from := roomOf(packages[0])
		allowed, known := rooms[from]
		if !known {
			continue
		}
		seen[from] = true
		for _, imported := range packages[1:] {
			to := roomOf(imported)
			if _, isRoom := rooms[to]; isRoom && to != from && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s", packages[0], imported)
			}
			if to == "cmd" {
				t.Errorf("%s imports %s", packages[0], imported)
			}
		}
	}
	if len(seen) != len(rooms) {
		t.Errorf("saw only %v", seen)
	}
}

// roomOf is "gateway" for canhgiac/gateway/smpp, and empty for what is not ours.
func roomOf(path string) string {
	rest, ours := strings.CutPrefix(path, "canhgiac/")
	if !ours {
		return ""
	}
	room, _, _ := strings.Cut(rest, "/")
	return room
}
