package postgres

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// user is the account that the server runs under. PostgreSQL refuses root, so root steps down.
type user struct {
	name     string
	uid, gid int
	drop     bool // we are root and must step down to it
}

func serverUser() (user, error) {
	if os.Geteuid() != 0 {
		u, err := osuser.Current()
		if err != nil {
			return user{}, fmt.Errorf("look up the current user: %w", err)
		}
		return user{name: u.Username, uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := osuser.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			return user{}, err
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			return user{}, err
		}
		return user{name: name, uid: uid, gid: gid, drop: true}, nil
	}
	return user{}, errors.New("running as root, and neither user postgres nor nobody exists for the database server to run as")
}

func (u user) attr() *syscall.SysProcAttr {
	if !u.drop {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(u.uid), Gid: uint32(u.gid)}}
}

// mkdir makes a folder that belongs to the server's user alone.
func (u user) mkdir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if u.drop {
		return os.Chown(dir, u.uid, u.gid)
	}
	return nil
}

// home is dir where the server's user can reach it. A checkout under /root is closed to every other user; then the
// server lives in /var/lib instead, in a folder named after dir, so that the same checkout finds it again.
func (u user) home(dir string) (string, error) {
	if !u.drop {
		return dir, nil
	}
	for p := filepath.Dir(dir); ; p = filepath.Dir(p) {
		if st, err := os.Stat(p); err == nil && st.Mode().Perm()&0o001 == 0 {
			sum := sha256.Sum256([]byte(dir))
			away := fmt.Sprintf("/var/lib/canhgiac/%x", sum[:6])
			return away, os.MkdirAll(filepath.Dir(away), 0o755)
		}
		if p == filepath.Dir(p) {
			return dir, nil
		}
	}
}

// Remove forgets the server of Options.Dir: its data, socket and log. The server must be stopped.
func Remove(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	who, err := serverUser()
	if err != nil {
		return err
	}
	home, err := who.home(abs)
	if err != nil {
		return err
	}
	pid, _, err := livePostmaster(filepath.Join(home, "data"))
	if err != nil {
		return err
	}
	if pid != 0 {
		return fmt.Errorf("a server (pid %d) still runs in %s: stop the demo first", pid, home)
	}
	return os.RemoveAll(home)
}

// maxSocketPath is what sockaddr_un leaves for a path on Linux: 108 octets with the closing NUL.
const maxSocketPath = 107

// socketDir is the folder of the socket: beside the data, or a short one under the temporary folder when the path
// would not fit into a socket address.
func socketDir(dir string, who user) (string, error) {
	if len(filepath.Join(dir, ".s.PGSQL."+port)) < maxSocketPath {
		return dir, nil
	}
	sum := sha256.Sum256([]byte(dir))
	short := filepath.Join(os.TempDir(), fmt.Sprintf("canhgiac-%x", sum[:6]))
	if err := who.mkdir(short); err != nil {
		return "", fmt.Errorf("socket folder: %w", err)
	}
	st, err := os.Stat(short)
	if err != nil {
		return "", err
	}
	if owner := st.Sys().(*syscall.Stat_t).Uid; int(owner) != who.uid || st.Mode().Perm() != 0o700 {
		return "", fmt.Errorf("socket folder %s belongs to somebody else: remove it", short)
	}
	return short, nil
}

// livePostmaster reads postmaster.pid. It returns pid 0 when no server runs in data, and removes a stale file whose pid
// now belongs to another program, which PostgreSQL itself would take for a running server.
func livePostmaster(data string) (pid int, socket string, err error) {
	file := filepath.Join(data, "postmaster.pid")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	lines := strings.Split(string(text), "\n")
	pid, _ = strconv.Atoi(strings.TrimSpace(lines[0]))
	if pid > 0 && syscall.Kill(pid, 0) != syscall.ESRCH && runsIn(pid, data) {
		if len(lines) > 4 { // line 5: the socket folder
			socket = strings.TrimSpace(lines[4])
		}
		return pid, socket, nil
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, "", fmt.Errorf("remove stale %s: %w", file, err)
	}
	return 0, "", nil
}

// runsIn tells whether process pid is a postmaster of this data folder: it stands in it, and says so on its command line.
func runsIn(pid int, data string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false
	}
	real, err := filepath.EvalSymlinks(data)
	if err != nil {
		real = data
	}
	cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return cwd == real && strings.Contains(string(cmdline), "postgres")
}
