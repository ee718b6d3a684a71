// Package peers runs SMPP peers, and a judge of TwiML, that others have written, so that tests meet more than our own reading of the standard.
package peers

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a peer; reaching it fails the test.
const patience = 30 * time.Second

// Event is one line that a peer's script said.
type Event map[string]any

// Text is the event's value for key as a string; empty when it has none.
func (e Event) Text(key string) string {
	s, _ := e[key].(string)
	return s
}

// Number is the event's value for key as a number; -1 when it has none.
func (e Event) Number(key string) int {
	if n, ok := e[key].(float64); ok {
		return int(n)
	}
	return -1
}

// Peer is one running script.
type Peer struct {
	t      testing.TB
	stdin  io.Writer
	events chan Event
	missed []Event // read while Await looked for another
}

// Start runs a script of this folder, with node or perl, until the test ends. Without them the test fails: a peer that is
// not there has not been met.
func Start(t testing.TB, script string, args ...string) *Peer {
	t.Helper()
	interpreter, find := "node", installed
	if filepath.Ext(script) == ".pl" {
		interpreter, find = "perl", folder
	}
	dir, err := find()
	if err != nil {
		t.Fatalf("peer %s: %v", script, err)
	}
	cmd := exec.Command(interpreter, append([]string{filepath.Join(dir, script)}, args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("peer %s: %v", script, err)
	}
	p := &Peer{t: t, stdin: stdin, events: make(chan Event, 10_000)}
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(p.events)
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var e Event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				e = Event{"event": "noise", "line": lines.Text()}
			}
			p.events <- e
		}
	})
	t.Cleanup(func() {
		stdin.Close() // the scripts end with it
		stop := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		defer stop.Stop()
		reader.Wait()
		cmd.Wait()
	})
	return p
}

// Await gives the next event of that name, and keeps the others for later.
func (p *Peer) Await(name string) Event {
	p.t.Helper()
	for i, e := range p.missed {
		if e.Text("event") == name {
			p.missed = append(p.missed[:i], p.missed[i+1:]...)
			return e
		}
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		select {
		case e, ok := <-p.events:
			switch {
			case !ok:
				p.t.Fatalf("the peer ended before %q; it said %v", name, p.missed)
			case e.Text("event") == name:
				return e
			}
			p.missed = append(p.missed, e)
		case <-limit.C:
			p.t.Fatalf("no %q from the peer; it said %v", name, p.missed)
		}
	}
}

// Tell sends the script a command.
func (p *Peer) Tell(command map[string]any) {
	p.t.Helper()
	b, err := json.Marshal(command)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.stdin.Write(append(b, '\n')); err != nil {
		p.t.Fatalf("tell the peer: %v", err)
	}
}

// Send has an ESME's script send text in as many parts as it takes, and again whatever had no response when the link was
// lost. It says "delivered" with the key once each part has its receipt.
func (p *Peer) Send(key, source, dest, text string) {
	p.t.Helper()
	p.Tell(map[string]any{"do": "send", "key": key, "source": source, "dest": dest, "text": text})
}

// installed gives this package's folder with its node_modules as package-lock.json wants them. Test programs run side by
// side, so the folder itself is locked while one of them installs.
func installed() (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	lock, err := os.Open(dir)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", dir, err)
	}
	wanted, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(wanted)
	stamp := filepath.Join(dir, "node_modules", ".installed")
	want := []byte(hex.EncodeToString(sum[:]))
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, want) {
		return dir, nil
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return dir, os.WriteFile(stamp, want, 0o644)
}

// folder finds internal/peers from the folder of the package under test.
func folder() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(at, "go.mod"))
		if err == nil {
			return filepath.Join(at, "internal", "peers"), nil
		}
		if parent := filepath.Dir(at); !errors.Is(err, fs.ErrNotExist) || parent == at {
			return "", fmt.Errorf("find go.mod: %w", err)
		}
		at = filepath.Dir(at)
	}
}
