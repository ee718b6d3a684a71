package console

import "testing"

const auditRefusedSQL = `
create function refuse_audit() returns trigger language plpgsql as $$ begin
  if new.act like 'session.%' then raise exception 'the log is full'; end if; return new; end $$;
create trigger refuse_audit before insert on audit_log for each row execute function refuse_audit();`

// Whoever comes in, goes or locks does so with a row on the log, or not at all: a code is not spent, a lock does not open.
func TestASignInWhoseRowCannotBeWrittenDoesNotHappen(t *testing.T) {
	h := newHouse(t)
	h.Options.IdleLock = 0
	b, secret, codes := h.withFactor(Police)
	atFactor := h.browser()
	h.clock.move(codeStep * 1e9)
	atFactor.post("/signin", "name", "police", "password", password)
	locked := h.as(Ward)
	locked.post("/lock")
	stages := func() (all string) {
		t.Helper()
		if err := h.db.QueryRow(`select string_agg(u.name || ' ' || s.stage, ', ' order by s.id) || ', codes ' ||
			(select count(*) from console_recovery_codes where used_at is null) from console_signins s join console_users u on u.id = s.user_id`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if _, err := h.db.Exec(auditRefusedSQL); err != nil {
		t.Fatal(err)
	}
	before := stages()
	for is, try := range map[string]func() answer{
		"a sign-in":       func() answer { return h.browser().post("/signin", "name", "operator", "password", password) },
		"a code":          func() answer { return atFactor.post("/signin/factor", "code", h.codeNow(secret)) },
		"a recovery code": func() answer { return atFactor.post("/signin/factor", "how", "recovery", "code", codes[0]) },
		"a lock":          func() answer { return b.post("/lock") },
		"an unlock":       func() answer { return locked.post("/locked", "password", password) },
		"going":           func() answer { return b.post("/signout") },
	} {
		if got := try(); got.status != 500 {
			t.Errorf("%s: %d", is, got.status)
		}
		if now := stages(); now != before {
			t.Errorf("%s happened: %s, before %s", is, now, before)
		}
	}
	if _, err := h.db.Exec(`drop trigger refuse_audit on audit_log`); err != nil {
		t.Fatal(err)
	}
	if got := atFactor.post("/signin/factor", "code", h.codeNow(secret)); got.status != 303 {
		t.Errorf("the code that was not spent: %d", got.status)
	}
}
