package sip

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"canhgiac/ivr/prompts/audio"
)

// phone is a baresip, driven over its ctrl_tcp: a caller as real as a test can have one.
type phone struct {
	t    *testing.T
	dir  string
	conn net.Conn
	addr string // of its SIP

	mu     sync.Mutex
	events []string // type and param of each
	more   chan struct{}
}

// phoneOptions are its number, parameters of its account ("mediaenc=srtp"), lines of its configuration, and sounds: a file
// that it speaks, and a folder for what it hears.
type phoneOptions struct{ number, account, config, speaks, hears string }

const (
	phoneModules = "/usr/lib/baresip/modules"
	within       = 30 * time.Second // for anything that a busy machine may take long over
)

// meter is what it prints ten times a second.
var meter = regexp.MustCompile(`\[\d+:\d\d:\d\d\][^\n\r]*\(bit/s\)\s*\r?`)

// freePorts finds two ports side by side that nothing listens on, below those that the system gives away: a baresip takes
// the first for UDP and TCP and the second for TLS, whether it is to speak them or not.
func freePorts(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10000 + 2*rand.IntN(5000)
		if free("udp", port) && free("tcp", port) && free("tcp", port+1) {
			return port
		}
	}
	t.Fatal("no two free ports")
	return 0
}

func free(network string, port int) bool {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	var c io.Closer
	var err error
	if network == "udp" {
		c, err = net.ListenPacket(network, addr)
	} else {
		c, err = net.Listen(network, addr)
	}
	return err == nil && c.Close() == nil
}

func newPhone(t *testing.T, o phoneOptions) *phone {
	t.Helper()
	p := &phone{t: t, dir: t.TempDir(), more: make(chan struct{}, 1)}
	control := freePorts(t)
	port := freePorts(t)
	p.addr = fmt.Sprintf("127.0.0.1:%d", port)
	source := "aubridge,nil"
	if o.hears != "" {
		o.config += "\nmodule sndfile.so\nsnd_path " + o.hears
	}
	if o.speaks != "" {
		source = "aufile," + o.speaks
	}
	config := fmt.Sprintf(`
module_path %s
module g711.so
module aubridge.so
module srtp.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%d
sip_listen 127.0.0.1:%d
module aufile.so
audio_player aubridge,nil
audio_source %s
audio_alert aubridge,nil
rtp_ports 20000-60000
call_max_calls 4
%s
`, phoneModules, control, port, source, o.config)
	account := "<sip:" + cmp.Or(o.number, "0905123456") + "@127.0.0.1>;regint=0;audio_codecs=PCMA/8000/1,PCMU/8000/1;" + o.account + "\n"
	for name, text := range map[string]string{"config": config, "accounts": account, "contacts": ""} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("baresip", "-f", p.dir, "-v")
	cmd.Stdout, cmd.Stderr = log, log
	in, err := cmd.StdinPipe() // it ends at the end of its input
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it hangs up
		select {
		case <-ended:
		case <-time.After(2 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		_ = in.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("baresip:\n%s", meter.ReplaceAll(text, nil))
		}
	})
	p.conn = dialWithin(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(control)), ended)
	t.Cleanup(func() { _ = p.conn.Close() })
	go p.read()
	return p
}

// dialWithin connects as soon as the other side listens.
func dialWithin(t *testing.T, addr string, ended <-chan struct{}) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c
		}
		select {
		case <-ended:
			t.Fatalf("the program ended before it listened on %s", addr)
		case <-ctx.Done():
			t.Fatalf("nobody listens on %s: %v", addr, err)
		case <-tick.C:
		}
	}
}

// read takes events, each a netstring of JSON.
func (p *phone) read() {
	r := bufio.NewReader(p.conn)
	for {
		length, err := r.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
		if err != nil {
			return
		}
		text := make([]byte, n+1) // and a comma
		for at := 0; at < len(text); {
			k, err := r.Read(text[at:])
			if err != nil {
				return
			}
			at += k
		}
		var e struct{ Type, Param, Class string }
		if json.Unmarshal(text[:n], &e) != nil {
			continue
		}
		p.mu.Lock()
		p.events = append(p.events, e.Type+" "+e.Param)
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
	}
}

func (p *phone) do(command, params string) {
	p.t.Helper()
	text, _ := json.Marshal(map[string]string{"command": command, "params": params})
	if _, err := fmt.Fprintf(p.conn, "%d:%s,", len(text), text); err != nil {
		p.t.Fatal(err)
	}
}

// await waits for an event that begins so, and forgets what came up to it.
func (p *phone) await(event string) {
	p.t.Helper()
	timeout := time.After(within)
	for {
		p.mu.Lock()
		for i, e := range p.events {
			if strings.HasPrefix(e, event) {
				p.events = p.events[i+1:]
				p.mu.Unlock()
				return
			}
		}
		seen := strings.Join(p.events, "; ")
		p.mu.Unlock()
		select {
		case <-p.more:
		case <-timeout:
			p.t.Fatalf("no %s; came: %s", event, seen)
		}
	}
}

func (p *phone) press(keys string) {
	p.t.Helper()
	for _, k := range keys {
		p.do("sndcode", string(k))
	}
}

// heardBy reads what a phone that has hung up put into its folder.
func heardBy(t *testing.T, dir string) audio.Sound {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*-dec.wav"))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing heard: %v, %v", files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	s, err := audio.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
