package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// build makes the program as it ships.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "canhgiac")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// process is a node that runs.
type process struct {
	cmd   *exec.Cmd
	log   bytes.Buffer
	ended chan struct{}
}

// serve starts a node.
func serve(t *testing.T, program, config string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, "serve", "--config", config), ended: make(chan struct{})}
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // killed, or its log says why
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("the log of node %d:\n%s", p.cmd.Process.Pid, p.log.Bytes()[max(0, p.log.Len()-4000):])
		}
	})
	return p
}

// kill ends the node with signal 9. One that has ended by itself is a failure.
func (p *process) kill(t *testing.T) {
	t.Helper()
	select {
	case <-p.ended:
		t.Errorf("node %d ended by itself", p.cmd.Process.Pid)
	default:
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
}

func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); !met(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
