package peers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
	"unicode/utf16"
)

// Kannel is its bearerbox, bound as an ESME, and its smsbox. Await gives "delivered" with the key of a text that it has
// matched with its receipt, and "message" for a text from a phone.
type Kannel struct {
	Peer
	sendSMS, callback string
}

// StartKannel runs Kannel as an ESME of the SMSC at 127.0.0.1:port until the test ends.
func StartKannel(t testing.TB, port int) *Kannel {
	t.Helper()
	k := &Kannel{Peer: Peer{t: t, events: make(chan Event, 10_000)}}
	hears := httptest.NewServer(http.HandlerFunc(k.called))
	t.Cleanup(hears.Close)
	k.callback = hears.URL
	c := kannelConf{SMSC: port, Window: 10, Callback: k.callback}
	file := c.write(t)
	k.sendSMS = fmt.Sprintf("http://127.0.0.1:%d/cgi-bin/sendsms", c.SendSMS)
	startBox(t, "bearerbox", file, c.Box)
	startBox(t, "smsbox", file, c.SendSMS)
	k.awaitUsers()
	return k
}

// kannelConf is what kannel.conf leaves open.
type kannelConf struct {
	SMSC, Window        int
	Callback            string
	Admin, Box, SendSMS int // ports of its own
}

// write makes the file, with ports that are free.
func (c *kannelConf) write(t testing.TB) (file string) {
	t.Helper()
	dir, err := folder()
	if err != nil {
		t.Fatal(err)
	}
	conf, err := template.ParseFiles(filepath.Join(dir, "kannel.conf"))
	if err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, 3)
	c.Admin, c.Box, c.SendSMS = ports[0], ports[1], ports[2]
	var filled bytes.Buffer
	if err := conf.Execute(&filled, c); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "kannel.conf")
	if err := os.WriteFile(file, filled.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// FloodFromKannel has Kannel's bearerbox submit text to 127.0.0.1:port, count times, by its own batch sender. It returns
// once bearerbox has them all: an SMSC that answers the bind only then sees bearerbox alone at work.
func FloodFromKannel(t testing.TB, port, window, count int, text string) {
	t.Helper()
	c := kannelConf{SMSC: port, Window: window}
	file := c.write(t)
	startBox(t, "bearerbox", file, c.Box)
	dir := filepath.Dir(file)
	for name, content := range map[string]string{"text": text, "receivers": strings.Repeat("84901234567\n", count)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	batch := exec.Command("mtbatch", "-v", "3", "-p", strconv.Itoa(c.Box), "-f", "CATHANHKHEX", "text", "receivers")
	batch.Dir = dir
	if said, err := batch.CombinedOutput(); err != nil {
		t.Fatalf("Kannel's mtbatch: %v: %s", err, said)
	}
}

// ask is without keep-alive: smsbox closes a connection that it has just said to keep.
func (k *Kannel) ask(q url.Values) (*http.Response, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	return client.Get(k.sendSMS + "?" + q.Encode())
}

// awaitUsers waits until smsbox, which listens before it has read who may send, lets us in: then it misses the number.
func (k *Kannel) awaitUsers() {
	k.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		resp, err := k.ask(url.Values{"username": {"ward"}, "password": {"secret"}})
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				return
			}
		}
		if time.Now().After(end) {
			k.t.Fatalf("Kannel's smsbox lets nobody in: %v", err)
		}
	}
}

// startBox runs one of Kannel's programs until the test ends, and waits until it listens.
func startBox(t testing.TB, program, conf string, port int) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		path = "/usr/sbin/" + program // where Debian keeps it, off the PATH of those who are not root
	}
	var said bytes.Buffer
	cmd := exec.Command(path, "-v", "2", conf)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test program that is killed leaves none behind
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// The parent-death signal is tied to the thread that forked: keep it until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("Kannel's %s: %v", program, err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // its orderly end takes seconds
		<-ended
	})
	for end := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("Kannel's %s ended: %s", program, &said)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("Kannel's %s does not listen", program)
		}
	}
}

// freePorts gives ports that nobody listened on a moment ago.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// called is what Kannel tells by HTTP.
func (k *Kannel) called(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch r.URL.Path {
	case "/receipt":
		name := "delivered"
		if q.Get("type") != "1" {
			name = "undelivered"
		}
		k.events <- Event{"event": name, "key": q.Get("key")}
	case "/message":
		k.events <- Event{"event": "message", "source": q.Get("source"), "dest": q.Get("dest"), "text": kannelText(q)}
	}
}

// kannelText is a text as Kannel hands it on: UTF-16 when coding is 2, else in its charset, which for a plain one is ASCII.
func kannelText(q url.Values) string {
	octets := []byte(q.Get("octets"))
	if q.Get("coding") != "2" {
		return string(octets)
	}
	units := make([]uint16, len(octets)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(octets[2*i:])
	}
	return string(utf16.Decode(units))
}

// Send has Kannel send text; it splits it, and sends it again, by itself.
func (k *Kannel) Send(key, source, dest, text string) {
	k.t.Helper()
	q := url.Values{"username": {"ward"}, "password": {"secret"}, "from": {source}, "to": {dest}, "text": {text}, "charset": {"UTF-8"},
		"dlr-mask": {"19"}, // delivered 1, undelivered 2, refused 16
		"dlr-url":  {k.callback + "/receipt?key=" + url.QueryEscape(key) + "&type=%d"}}
	for _, c := range text {
		if c > 127 {
			q.Set("coding", "2")
		}
	}
	resp, err := k.ask(q)
	if err != nil {
		k.t.Fatalf("Kannel's sendsms: %v", err)
	}
	defer resp.Body.Close()
	if said, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusAccepted {
		k.t.Fatalf("Kannel's sendsms: %s %s", resp.Status, said)
	}
}
