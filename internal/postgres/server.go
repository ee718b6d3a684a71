package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver that reaches the server
)

const (
	owner        = "canhgiac" // the database, and the role that owns it
	port         = "5432"     // only names the socket file
	startTimeout = 60 * time.Second
	stopTimeout  = 30 * time.Second
)

// Options say where a private server lives and how it behaves.
type Options struct {
	Dir    string // holds data/, the socket and server.log; made if absent
	NoSync bool   // fsync and synchronous_commit off: for tests, whose data nobody will miss
}

// Server is a running private PostgreSQL.
type Server struct {
	dir, socket string
	exited      chan struct{} // closed when the postmaster has ended
	pid         int
}

// Start brings the private server up: initdb on first use, recovery after a crash, adoption of a server that an earlier,
// killed process of ours left running. It never re-initialises a data folder that it does not understand.
func Start(ctx context.Context, o Options) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	who, err := serverUser()
	if err != nil {
		return nil, err
	}
	if dir, err = who.home(dir); err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.initialise(ctx, bin, who); err != nil {
		return nil, fmt.Errorf("initialise private PostgreSQL in %s: %w", dir, err)
	}
	if s.socket, err = socketDir(dir, who); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(startTimeout)
	for {
		pid, socket, err := livePostmaster(s.data())
		if err != nil {
			return nil, err
		}
		if pid != 0 {
			s.adopt(pid, socket)
		} else if err := s.launch(bin, who, o); err != nil {
			return nil, err
		}
		err = s.ready(ctx, deadline)
		if err == nil {
			return s, s.ensureDatabase(ctx)
		}
		// An adopted server that was on its way down, or a launch that met the last of the old one's processes.
		if errors.Is(err, errExited) && time.Now().Before(deadline) && ctx.Err() == nil {
			if err := pause(ctx, 200*time.Millisecond); err != nil {
				return nil, err
			}
			continue
		}
		_ = s.Stop()
		return nil, fmt.Errorf("start private PostgreSQL (see %s): %w", s.log(), err)
	}
}

// URL is the lib/pq connection string of the application's database.
func (s *Server) URL() string { return s.url(owner) }

// DatabaseURL is the connection string of another database of the server.
func (s *Server) DatabaseURL(name string) string { return s.url(name) }

// Dir is the folder that holds the server's data, socket and log.
func (s *Server) Dir() string { return s.dir }

func (s *Server) url(db string) string {
	return fmt.Sprintf("host='%s' port=%s user=%s dbname=%s sslmode=disable", s.socket, port, owner, db)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.dir, "server.log") }

// Stop ends the server in its fast mode: clients are cut off, everything committed is on disk.
func (s *Server) Stop() error {
	if s.exited == nil {
		return nil
	}
	select {
	case <-s.exited:
		return nil
	default:
	}
	if err := syscall.Kill(s.pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop private PostgreSQL %d: %w", s.pid, err)
	}
	select {
	case <-s.exited:
		return nil
	case <-time.After(stopTimeout):
		return fmt.Errorf("private PostgreSQL %d did not stop within %s", s.pid, stopTimeout)
	}
}

// initialise makes the data folder with initdb, in a temporary folder that is renamed when whole, so that a kill in the
// middle leaves nothing that looks like a cluster.
func (s *Server) initialise(ctx context.Context, bin binaries, who user) error {
	version, err := os.ReadFile(filepath.Join(s.data(), "PG_VERSION"))
	if err == nil {
		if have := strings.TrimSpace(string(version)); have != bin.major {
			return fmt.Errorf("%s was made by PostgreSQL %s, but the server found is %s: install postgresql-%s, or move the folder away", s.data(), have, bin.major, have)
		}
		return nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(s.data()); err == nil {
		return fmt.Errorf("%s exists but is not a PostgreSQL data folder: move it away", s.data())
	}
	if err := who.mkdir(s.dir); err != nil {
		return err
	}
	fresh := filepath.Join(s.dir, "data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, bin.initdb, "--pgdata="+fresh, "--username="+owner, "--encoding=UTF8", "--locale=C.UTF-8", "--auth=reject", "--no-instructions", "--no-sync")
	cmd.Dir = "/" // the caller's folder may be closed to the server's user
	cmd.SysProcAttr = who.attr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	// peer: the kernel vouches for the connecting user, so there is no password to keep.
	hba := "local all " + owner + " peer map=canhgiac\n"
	ident := fmt.Sprintf("canhgiac root %[2]s\ncanhgiac %[1]s %[2]s\n", who.name, owner)
	if err := os.WriteFile(filepath.Join(fresh, "pg_hba.conf"), []byte(hba), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fresh, "pg_ident.conf"), []byte(ident), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, s.data())
}

// launch starts a postmaster that dies with this process.
func (s *Server) launch(bin binaries, who user, o Options) error {
	logFile, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	args := []string{"-D", s.data(), "-p", port,
		"-c", "listen_addresses=", "-c", "unix_socket_directories=" + s.socket, "-c", "unix_socket_permissions=0700",
		"-c", "timezone=UTC", "-c", "max_connections=200", "-c", "jit=off"}
	if o.NoSync {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	cmd := exec.Command(bin.postgres, args...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.SysProcAttr = who.attr()
	// Its own process group, so that Ctrl-C in the terminal reaches us first and we stop it in order.
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	started := make(chan error)
	exited := make(chan struct{})
	go func() {
		// The parent-death signal is tied to the thread that forked: keep it until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(exited)
		defer logFile.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", bin.postgres, err)
	}
	s.pid, s.exited = cmd.Process.Pid, exited
	return nil
}

// adopt takes over a postmaster that an earlier process left behind.
func (s *Server) adopt(pid int, socket string) {
	exited := make(chan struct{})
	s.pid, s.exited = pid, exited
	if socket != "" {
		s.socket = socket
	}
	go func() {
		defer close(exited)
		for syscall.Kill(pid, 0) == nil { // not our child: nothing to wait on but its pid
			time.Sleep(50 * time.Millisecond)
		}
	}()
}

var errExited = errors.New("the server process ended")

// ready waits until the server takes connections.
func (s *Server) ready(ctx context.Context, deadline time.Time) error {
	db, err := sql.Open("postgres", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return errExited
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w", startTimeout, err)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *Server) ensureDatabase(ctx context.Context) error {
	db, err := sql.Open("postgres", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	var have bool
	if err := db.QueryRowContext(ctx, `select exists (select from pg_database where datname = $1)`, owner).Scan(&have); err != nil {
		return fmt.Errorf("look for database %s: %w", owner, err)
	}
	if have {
		return nil
	}
	if _, err := db.ExecContext(ctx, `create database `+owner); err != nil {
		return fmt.Errorf("create database %s: %w", owner, err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
