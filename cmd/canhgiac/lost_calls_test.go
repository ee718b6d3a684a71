package main

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
)

// TestACallOfAKilledNodeIsEndedByAnotherAndThatOfALivingOneNever has a call each on two nodes of one database, and kills
// one of them with signal 9.
func TestACallOfAKilledNodeIsEndedByAnotherAndThatOfALivingOneNever(t *testing.T) {
	url, program := pgtest.URL(t), build(t)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	start := func(trunk string) *process {
		addr, config := freeUDP(t), filepath.Join(t.TempDir(), "config.yaml")
		err := os.WriteFile(config, fmt.Appendf(nil, `
database: {url: "%s"}
http: {addr: "127.0.0.1:0"}
admin: {addr: "127.0.0.1:0"}
voice: {sip: {listen: ["udp://%s"], rtp_ports: "", trunks: [{name: %s, addresses: ["127.0.0.1"]}]}}
`, url, addr, trunk), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		p := serve(t, program, config)
		ring(t, addr, trunk)
		if callEnds(t, db)[trunk] != "open" {
			t.Fatalf("%s was not rung", trunk)
		}
		return p
	}
	killed := start("killed")
	start("lives")
	killed.kill(t)

	at := time.Now()
	third, err := newNode(defaultConfig(), db, slog.New(slog.DiscardHandler), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	pass := func(d time.Duration) {
		t.Helper()
		for end := at.Add(d); at.Before(end); at = at.Add(lostEach) {
			if err := third.lost.look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	silence := func(pid int) {
		if _, err := db.Exec(`update nodes set seen_at = seen_at - interval '10 minutes' where pid = $1`, pid); err != nil {
			t.Fatal(err)
		}
	}
	pass(lostAfter + lostEach) // it was heard of a moment ago
	silence(killed.cmd.Process.Pid)
	pass(lostAfter)
	at = at.Add(10 * time.Minute) // this one was stopped, or had no database, meanwhile: it begins anew
	pass(lostAfter)
	if got := callEnds(t, db); got["killed"] != "open" || got["lives"] != "open" {
		t.Fatalf("too soon: %v", got)
	}
	pass(lostEach)
	if got := callEnds(t, db); got["killed"] != "abandoned" || got["lives"] != "open" {
		t.Errorf("%v", got)
	}
}

func freeUDP(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().String()
}

// ring calls a node until it answers, and stays on the line.
func ring(t *testing.T, addr, id string) {
	t.Helper()
	c, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	tag := ""
	say := func(method, body string) {
		head := fmt.Sprintf("%s sip:hotline@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s%s\r\nFrom: <sip:0905123456@127.0.0.1>;tag=1\r\nTo: <sip:hotline@127.0.0.1>%s\r\n"+
			"Call-ID: %s\r\nCSeq: 1 %s\r\nContact: <sip:0905123456@%s>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
			method, addr, c.LocalAddr(), id, method, tag, id, method, c.LocalAddr(), len(body), body)
		_, _ = c.Write([]byte(head)) // refused until the node listens
	}
	buf := make([]byte, 4096)
	eventually(t, "the call is answered", func() bool {
		say("INVITE", "v=0\r\no=- 7 7 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n")
		_ = c.SetReadDeadline(time.Now().Add(time.Second / 2))
		n, err := c.Read(buf)
		answer := string(buf[:n])
		if err != nil || !strings.HasPrefix(answer, "SIP/2.0 200 ") {
			return false
		}
		_, to, _ := strings.Cut(answer, "\r\nTo: ")
		to, _, _ = strings.Cut(to, "\r\n")
		_, param, _ := strings.Cut(to, ">")
		tag = param
		return true
	})
	say("ACK", "")
}

// callEnds is how each trunk's call ended, "open" where it did not.
func callEnds(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	rows, err := db.Query(`select provider, case when ended_at is null then 'open' else end_status end from calls`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var trunk, end string
		if err := rows.Scan(&trunk, &end); err != nil {
			t.Fatal(err)
		}
		all[trunk] = end
	}
	return all
}
