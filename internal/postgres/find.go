// Package postgres runs a private PostgreSQL server for the demo and the tests: its own data folder, a Unix socket and
// no TCP port, so that it can neither clash with nor be reached like an installed server.
package postgres

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// ErrNotInstalled says that neither PATH nor the places where Debian keeps its versions hold a PostgreSQL server.
var ErrNotInstalled = errors.New("no PostgreSQL server found (looked on PATH and in /usr/lib/postgresql/*/bin); on Debian or Ubuntu: apt-get install postgresql")

// binaries are the two programs of one server version.
type binaries struct {
	initdb, postgres string
	major            string // "15"; a data folder belongs to one major version for life
}

// find takes the newest server that Debian's layout offers, else what stands on PATH.
func find() (binaries, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Slice(dirs, func(i, j int) bool { return majorOf(dirs[i]) > majorOf(dirs[j]) })
	if p, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			p = real // initdb looks for postgres beside itself, and a link farm has no share folder
		}
		dirs = append([]string{filepath.Dir(p)}, dirs...)
	}
	for _, dir := range dirs {
		b := binaries{initdb: filepath.Join(dir, "initdb"), postgres: filepath.Join(dir, "postgres")}
		if _, err := exec.LookPath(b.initdb); err != nil {
			continue
		}
		out, err := exec.Command(b.postgres, "--version").Output()
		if err != nil {
			continue
		}
		// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
		if f := strings.Fields(string(out)); len(f) >= 3 {
			b.major, _, _ = strings.Cut(f[2], ".")
			return b, nil
		}
		return binaries{}, fmt.Errorf("read version of %s: unexpected %q", b.postgres, out)
	}
	return binaries{}, ErrNotInstalled
}

func majorOf(binDir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(binDir)))
	return n
}
