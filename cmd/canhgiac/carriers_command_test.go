package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"canhgiac/internal/postgres/pgtest"
)

// A node that lives is one whose lock is held; the rest is as carriers and runs leave it.
const settleCarriersSQL = `
insert into link_states (node, carrier, up, since, seen_at) values
	(7, 'viettel', false, '2026-11-23 02:00:00Z', clock_timestamp()), (7, 'vina', true, '2026-11-23 01:00:00Z', clock_timestamp()),
	(8, 'vina', false, '2026-11-23 01:00:00Z', clock_timestamp()); -- died
insert into carrier_rates (carrier, next_at, rate, step, slowed_at) values ('vina', now(), 50, 0, '2026-11-23 02:30:00Z');
insert into receipt_forms (carrier, form, learned_at) values ('viettel', 'hex', '2026-11-20 02:00:00Z');
insert into outbox (message_id, carrier, priority, ready_at, send_by) values (1, 'viettel', 0, '2026-11-23 02:01:00Z', '2030-01-01');
insert into receipts_unmatched (carrier, carrier_message_id, phone, state, error, at, received_at)
	values ('vina', E'7F\x1b[31m', '84901234567', 'failed', 'UNDELIV 027', now(), '2026-11-23 02:02:00Z')`

func TestTheCarriersAreToldInATableAndInJSON(t *testing.T) {
	url := pgtest.URL(t)
	load := func() (Config, error) {
		c, err := loadConfig(write(t, twoCarriers(`prefixes: ["+8490"], fallback: [vina], rate: 200`, `prefixes: ["+8491"], rate: 100, receipt_id: dec`)), nil)
		c.Database.URL = url
		return c, err
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := newCarriersCommand(load)
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetArgs(args)
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	says := func(out string, lines ...string) {
		t.Helper()
		out = regexp.MustCompile(` {2,}`).ReplaceAllString(out, " | ")
		for _, l := range lines {
			if !strings.Contains(out, l) {
				t.Errorf("no %q in\n%s", l, out)
			}
		}
	}
	says(run(), "viettel | no node has it | nobody | 200/s | not learned yet | 0 | 0 | - | 0 | 0 | 0\n")
	if out := run("--json"); !strings.Contains(out, `"links":[]`) {
		t.Errorf("no links are no list: %s", out)
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, query := range []string{settleCarriersSQL, `select pg_advisory_lock(4213, 7)`} {
		if _, err := conn.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	says(run(), "viettel | down, 1 of 1 | vina (stand-in) | 200/s | hex, learned | 0 | 1 | 2026-11-23 09:01:00 | 0 | 0 | 0\n",
		"vina | up, 1 of 1 | vina | 50/s of 100/s | dec | 0 | 0 | - | 0 | 0 | 1\n", "vina | 2026-11-23 09:30:00\n",
		"viettel | 7 | down | 2026-11-23 09:00:00\n", "vina | 7 | up | 2026-11-23 08:00:00\n",
		`vina | "7F\x1b[31m" | 090•••4567 | failed | UNDELIV 027 | 2026-11-23 09:02:00`)
	var got struct {
		Carriers []struct {
			Carrier string
			SentBy  []struct{ Carrier, As string } `json:"sent_by"`
			Queue   struct{ Singles int }
		}
	}
	out := run("--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Carriers) != 2 || got.Carriers[0].Queue.Singles != 1 || got.Carriers[0].SentBy[0].As != "stand-in" {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Contains(out, "84901234567") {
		t.Error("a number stands in full")
	}
}
