package peers

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Pebble is Let's Encrypt's small authority for tests, with a name server that finds every name on this machine.
type Pebble struct {
	Directory string         // its ACME directory
	File      string         // the certificate in PEM that the directory itself shows
	Roots     *x509.CertPool // the same, to trust it by
	Issued    *x509.CertPool // the root of what it issues
}

// StartPebble runs it until the test ends. It looks for answers to its challenges on this machine at tlsPort (tls-alpn-01)
// and httpPort (http-01).
func StartPebble(t testing.TB, tlsPort, httpPort int) *Pebble {
	t.Helper()
	ports := freePorts(t, 4)
	dir := t.TempDir()
	p := &Pebble{Directory: fmt.Sprintf("https://127.0.0.1:%d/dir", ports[0]), Roots: x509.NewCertPool(), Issued: x509.NewCertPool()}
	cert, key := SelfSigned(t, dir, "127.0.0.1")
	p.File = cert
	p.Roots.AppendCertsFromPEM(read(t, cert))
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprintf("127.0.0.1:%d", ports[0]), "managementListenAddress": fmt.Sprintf("127.0.0.1:%d", ports[1]),
		"certificate": cert, "privateKey": key, "httpPort": httpPort, "tlsPort": tlsPort,
		"retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles":   map[string]any{"default": map[string]any{"description": "90 days", "validityPeriod": 90 * 24 * 3600}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	names := fmt.Sprintf("127.0.0.1:%d", ports[2])
	run(t, "pebble-challtestsrv", nil, "-dnsserver", names, "-defaultIPv6", "", "-doh", "", "-http01", "", "-https01", "", "-tlsalpn01", "",
		"-management", fmt.Sprintf("127.0.0.1:%d", ports[3]))
	// No pauses and no nonces refused at random: a test is to be the same each time.
	run(t, "pebble", []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0"}, "-config", file, "-dnsserver", names)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.Roots}}, Timeout: 2 * time.Second}
	p.Issued.AppendCertsFromPEM(fetch(t, client, fmt.Sprintf("https://127.0.0.1:%d/roots/0", ports[1])))
	fetch(t, client, p.Directory)
	return p
}

// run starts a program of the module in ./pebble, which keeps the authority's own modules out of the program's.
func run(t testing.TB, tool string, env []string, args ...string) {
	t.Helper()
	dir, err := folder()
	if err != nil {
		t.Fatal(err)
	}
	find := exec.Command("go", "tool", "-n", tool)
	find.Dir = filepath.Join(dir, "pebble")
	path, err := find.Output()
	if err != nil {
		t.Fatalf("peer %s: %v", tool, err)
	}
	cmd := exec.Command(strings.TrimSpace(string(path)), args...)
	var says bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), &says, &says
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that dies leaves none behind
	if err := cmd.Start(); err != nil {
		t.Fatalf("peer %s: %v", tool, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
		if t.Failed() {
			t.Logf("%s said:\n%s", tool, says.Bytes()[max(0, says.Len()-3000):])
		}
	})
}

// fetch asks until the peer, which has just been started, answers.
func fetch(t testing.TB, client *http.Client, url string) []byte {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		resp, err := client.Get(url)
		if err == nil {
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err == nil && resp.StatusCode == http.StatusOK {
				return body
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v", url, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// SelfSigned writes a certificate for name, and its key, into dir.
func SelfSigned(t testing.TB, dir, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour)}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
