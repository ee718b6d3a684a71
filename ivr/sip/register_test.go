package sip

import (
	"crypto/md5"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const nonce = "47ebe028cda119c35d4877b383027d28da013815"

// digest is the proof of a password without qop (RFC 2617 §3.2.2.1).
func digest(user, nonce, request string) string {
	sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	return sum(sum(user) + ":" + nonce + ":" + sum(request))
}

// registrar asks for the password, checks it, and grants two seconds: so that a second registration must follow.
const registrar = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="registrar">
%[1]s
%[1]s
  <Reference variables="right" />
</scenario>
`

const oneRegistration = `
  <recv request="REGISTER" crlf="true"></recv>
  <send><![CDATA[
SIP/2.0 401 Unauthorized
[last_Via:]
[last_From:]
[last_To:];tag=r[call_number]
[last_Call-ID:]
[last_CSeq:]
WWW-Authenticate: Digest realm="127.0.0.1", nonce="` + nonce + `", algorithm=MD5
Content-Length: 0

]]></send>
  <recv request="REGISTER" crlf="true">
    <action>
      <ereg regexp="response=.%[1]s." search_in="hdr" header="Authorization:" check_it="true" assign_to="right" />
    </action>
  </recv>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=r[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:ward@127.0.0.1>
Expires: 2
Content-Length: 0

]]></send>
`

func TestATrunkIsRegisteredWithAgainAndAgain(t *testing.T) {
	t.Parallel()
	port := freePorts(t)
	once := fmt.Sprintf(oneRegistration, digest("ward:127.0.0.1:secret", nonce, fmt.Sprintf("REGISTER:sip:127.0.0.1:%d", port)))
	file := filepath.Join(t.TempDir(), "registrar.xml")
	if err := os.WriteFile(file, fmt.Appendf(nil, registrar, once), 0o600); err != nil {
		t.Fatal(err)
	}
	sipp := exec.CommandContext(t.Context(), "sipp", "-sf", file, "-i", "127.0.0.1", "-p", fmt.Sprint(port), "-m", "1", "-nostdin", "-timeout", "60", "-timeout_error", "-trace_err", "-error_file", filepath.Join(t.TempDir(), "err"))
	type ended struct {
		out []byte
		err error
	}
	done := make(chan ended, 1)
	go func() { out, err := sipp.CombinedOutput(); done <- ended{out, err} }()
	serve(t, newScript(), newOneLine(t), func(o *Options) {
		tr := &o.Trunks[0]
		tr.Server, tr.User, tr.Password, tr.Expires = fmt.Sprintf("127.0.0.1:%d", port), "ward", "secret", 10*time.Minute
	})
	if e := <-done; e.err != nil {
		t.Errorf("%v\n%s", e.err, e.out[max(0, len(e.out)-2000):])
	}
}
