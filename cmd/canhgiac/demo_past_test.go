package main

import (
	"log/slog"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/reports"
)

func TestTheDemosPastVerifiesShowsEveryStateAndLeavesNothingToSend(t *testing.T) {
	c := demoConfig(defaultConfig(), demoSecrets{SMPPPassword: "secret", VoiceSecret: "0123456789abcdef"}, pgtest.URL(t))
	db, err := openMigrated(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	passwords := map[string]string{}
	for _, u := range sampleUsers() {
		passwords[u.Name] = newPassword()
	}
	log := slog.New(slog.NewJSONHandler(newLogFile(t), nil))
	began := time.Now()
	for range 2 { // the second start keeps what the first one made
		if err := loadPast(t.Context(), c, log, passwords, began); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("in %v", time.Since(began))

	count := func(query string) (n int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return n
	}
	for query, most := range map[string]int{
		`select count(*) from outbox`:                                                                     0,
		`select count(*) from chunks where state = 'open'`:                                                0,
		`select count(*) from schedules where state in ('active','paused')`:                               0,
		`select count(*) from messages m where not exists (select from sent s where s.message_id = m.id)`: 0,
		`select count(*) from sent where state in ('accepted')`:                                           0,
		`select count(*) from reports where created_at > now() or updated_at > now()`:                     0,
		`select count(*) from audit_log where at > now()`:                                                 0,
		`select count(*) from campaigns where created_at > now() or updated_at > now()`:                   0,
		`select count(*) from (select from sent where coalesce(done_at, submitted_at) > now()) s`:         0,
		`select count(*) from console_users where full_name = ''`:                                         0,
	} {
		if n := count(query); n > most {
			t.Errorf("%s: %d", query, n)
		}
	}
	for query, least := range map[string]int{
		`select count(*) from reports`: 60, `select count(distinct kind) from reports`: 8, `select count(distinct origin) from reports`: 3,
		`select count(distinct urgency) from reports`: 4, `select count(distinct state) from reports`: 6, `select count(distinct unit_id) from reports`: 20,
		`select count(*) from reports where state = 'new' and urgency <= 2 and created_at > now() - interval '1 day'`: 2,
		`select count(*) from sent`: 10_000, `select count(distinct state) from sent`: 5, `select count(distinct day) from message_days`: 9,
		`select count(*) from run_tallies`: 300, `select count(*) from opt_outs`: 8, `select count(*) from calls`: 30, `select count(*) from ussd_sessions`: 15,
		`select count(*) from consents where channel <> 'import' and act = 'given'`: 10, `select count(distinct act) from audit_log`: 12,
		`select count(*) from campaigns where state = 'submitted'`: 1, `select count(*) from inbound where kept = 'unknown' and seen_at is null`: 2,
	} {
		if n := count(query); n < least {
			t.Errorf("%s: %d, want at least %d", query, n, least)
		}
	}

	desk := reports.NewStore(db, time.Now)
	list, err := desk.List(t.Context(), reports.Filter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	standings := map[reports.Standing]int{}
	for _, r := range list.Reports {
		d, err := desk.Get(t.Context(), r.Code, pastOfficer)
		if err != nil || d.Broken != 0 || len(d.Events) < 2 {
			t.Errorf("report %s: %d events, broken at %d, %v", r.Code, len(d.Events), d.Broken, err)
		}
		if due, runs := desk.Deadlines.Of(r, time.Now()); runs {
			standings[due.Standing]++
		}
	}
	if standings[reports.Overdue] == 0 || standings[reports.Overdue] > 6 || standings[reports.DueSoon] == 0 {
		t.Errorf("deadlines: %v", standings)
	}
}
