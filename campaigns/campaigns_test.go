package campaigns_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents"
	"canhgiac/schedules"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var (
	lan = campaigns.User{Name: "lan", Role: "ward"}
	huy = campaigns.User{Name: "huy", Role: "ward"}
	mai = campaigns.User{Name: "mai", Role: "ward"}
)

// office is a ward with residents, its stores, and a clock that the test moves.
type office struct {
	*testing.T
	db    *sql.DB
	gw    *gateway.Store
	sch   *schedules.Store
	store *campaigns.Store
	ward  residents.Unit
	units []residents.Unit

	mu    sync.Mutex
	clock time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	ctx := context.Background()
	o := &office{T: t, db: pgtest.New(t), clock: vn(t, "2026-11-23 07:30")}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	rs := residents.NewStore(o.db, o.now)
	o.gw = gateway.NewStore(o.db, o.now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "viettel"}}})
	o.sch = schedules.NewStore(o.db, o.now)
	o.store = campaigns.NewStore(o.db, o.now, o.gw, rs, o.sch, campaigns.Options{Log: quiet})
	var err error
	if o.ward, err = rs.LoadWard(ctx, "Thanh Khê", 3); err != nil {
		t.Fatal(err)
	}
	if o.units, err = rs.Groups(ctx, o.ward.ID); err != nil {
		t.Fatal(err)
	}
	// Two people in each of the first two groups, one without consent in the third.
	for i, unit := range []int{0, 0, 1, 1, 2} {
		consent := sql.NullTime{Time: o.clock, Valid: unit != 2}
		if _, err := o.db.Exec(`insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
			values ($1, 'mobile', $2, $2, $3, $4, $5, $5)`, fmt.Sprintf("+8490500000%d", i), fmt.Sprintf("r%d", i), o.units[unit].ID, consent, o.clock); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func vn(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, schedules.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clock
}

func (o *office) move(to string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = vn(o, to)
}

// runner is one node's: what is due goes to Fire, as cmd joins the two.
func (o *office) runner() *schedules.Runner {
	r := schedules.NewRunner(o.db, o.now, func(ctx context.Context, tx *sql.Tx, d schedules.Due) error {
		id, ok := campaigns.ParseSubject(d.Subject)
		if !ok {
			return fmt.Errorf("unknown subject %q", d.Subject)
		}
		return o.store.Fire(ctx, tx, id, d.At, d.Nth)
	})
	r.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	return r
}

func (o *office) tick(r *schedules.Runner) {
	o.Helper()
	if _, err := r.Tick(context.Background()); err != nil {
		o.Fatal(err)
	}
}

// good is a campaign with nothing wrong: two texts, every day at eight.
func (o *office) good() campaigns.Campaign {
	c := o.store.Blank()
	c.Name = "Nhắc tháng 11"
	c.Contents = []campaigns.Content{
		{Text: "Bà con đừng đọc mã OTP cho ai.", Plain: "Ba con khong doc ma OTP cho ai."},
		{Text: "Ai dọa bắt, bà con tắt máy.", Plain: "Ai doa bat, ba con tat may."},
	}
	c.Units = []int64{o.ward.ID}
	c.Cron = "0 8 * * *"
	return c
}

func (o *office) create(c campaigns.Campaign, by campaigns.User) int64 {
	o.Helper()
	id, err := o.store.Create(context.Background(), c, by)
	if err != nil {
		o.Fatal(err)
	}
	return id
}

// running is a campaign on its way, with two people behind it.
func (o *office) running(c campaigns.Campaign) int64 {
	o.Helper()
	ctx := context.Background()
	id := o.create(c, lan)
	o.must(o.store.Submit(ctx, id, lan))
	o.must(o.store.Approve(ctx, id, huy))
	o.must(o.store.Start(ctx, id, lan))
	return id
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) get(id int64) campaigns.Campaign {
	o.Helper()
	c, err := o.store.Get(context.Background(), id, nil)
	o.must(err)
	return c
}

func (o *office) count(query string, args ...any) int {
	o.Helper()
	var n int
	o.must(o.db.QueryRow(query, args...).Scan(&n))
	return n
}

func (o *office) messages() int {
	o.Helper()
	return o.count(`select count(*) from messages`)
}

func TestACampaignGoesFromDraftToDone(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	id := o.running(o.good())
	r := o.runner()
	o.tick(r)
	if n := o.messages(); n != 0 {
		t.Fatalf("%d messages before anything was due", n)
	}
	o.move("2026-11-23 08:00")
	o.tick(r)
	if n := o.messages(); n != 4 {
		t.Fatalf("%d messages, want one for each of the four who agreed", n)
	}
	var text string
	o.must(o.db.QueryRow(`select distinct b.text from messages m join bodies b on b.id = m.body_id`).Scan(&text))
	if text != "Ba con khong doc ma OTP cho ai." {
		t.Fatalf("text = %q, want the first content, không dấu", text)
	}
	o.move("2026-11-24 08:00")
	o.tick(r)
	if n := o.messages(); n != 8 {
		t.Fatalf("%d messages after the second due time", n)
	}
	if n, err := o.store.Finish(ctx); err != nil || n != 0 {
		t.Fatalf("finished %d, %v, with everything still queued", n, err)
	}
	// As if every message had left.
	_, err := o.db.Exec(`update chunks set state = 'done', watermark = size`)
	o.must(err)
	if n, err := o.store.Finish(ctx); err != nil || n != 1 {
		t.Fatalf("finished %d, %v", n, err)
	}
	if c := o.get(id); c.State != campaigns.Done {
		t.Fatalf("state = %s", c.State)
	}
	history, err := o.store.History(ctx, id)
	o.must(err)
	var acts []campaigns.Act
	for i := len(history) - 1; i >= 0; i-- {
		acts = append(acts, history[i].Act)
	}
	want := []campaigns.Act{campaigns.ActCreate, campaigns.ActSubmit, campaigns.ActApprove, campaigns.ActStart, campaigns.ActFire, campaigns.ActFire, campaigns.ActFinish}
	if fmt.Sprint(acts) != fmt.Sprint(want) {
		t.Fatalf("history = %v, want %v", acts, want)
	}
	if n := o.count(`select count(*) from audit_log where object = $1`, campaigns.Subject(id)); n != len(want) {
		t.Fatalf("%d audit rows, want %d", n, len(want))
	}
}

func TestASecondFiringOfTheSameDueTimeAddsNothing(t *testing.T) {
	o := newOffice(t)
	id := o.running(o.good())
	for range 2 {
		tx, err := o.db.Begin()
		o.must(err)
		o.must(o.store.Fire(context.Background(), tx, id, vn(t, "2026-11-23 08:00"), 1))
		o.must(tx.Commit())
	}
	if n := o.messages(); n != 4 {
		t.Fatalf("%d messages", n)
	}
	if n := o.count(`select count(*) from campaign_runs`); n != 1 {
		t.Fatalf("%d runs", n)
	}
}

func TestTwoNodesSideBySideFireOnce(t *testing.T) {
	o := newOffice(t)
	o.running(o.good())
	o.move("2026-11-23 08:00")
	var both sync.WaitGroup
	for range 2 {
		r := o.runner()
		both.Go(func() {
			if _, err := r.Tick(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if n := o.messages(); n != 4 {
		t.Fatalf("%d messages", n)
	}
}

func TestNobodyApprovesWhatTheyWrote(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name     string
		edited   bool
		approver campaigns.User
		refused  bool
	}{
		{"the author", false, lan, true},
		{"the author under another spelling", false, campaigns.User{Name: "LAN", Role: "ward"}, true},
		{"who changed the draft", true, huy, true},
		{"somebody else", false, huy, false},
		{"somebody else than both", true, mai, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			id := o.create(o.good(), lan)
			if c.edited {
				changed := o.get(id)
				changed.Name = "Nhắc tháng 12"
				o.must(o.store.Update(ctx, changed, huy))
			}
			o.must(o.store.Submit(ctx, id, lan))
			err := o.store.Approve(ctx, id, c.approver)
			if errors.Is(err, campaigns.ErrSelfApproval) != c.refused {
				t.Fatalf("error = %v", err)
			}
			want := campaigns.Approved
			if c.refused {
				want = campaigns.Submitted
			}
			if got := o.get(id); got.State != want {
				t.Fatalf("state = %s, want %s", got.State, want)
			}
		})
	}
}

func TestAnUrgentCampaignNeedsTwoApproversAndItsReasonIsLogged(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	c := o.good()
	c.Urgent, c.UrgentReason = true, "Kẻ giả cán bộ phường đang gọi cả tổ 5"
	id := o.create(c, lan)
	o.must(o.store.Submit(ctx, id, lan))
	o.must(o.store.Approve(ctx, id, huy))
	if got := o.get(id); got.State != campaigns.Submitted || got.Approver != "huy" {
		t.Fatalf("after one approval: %s by %s", got.State, got.Approver)
	}
	if err := o.store.Approve(ctx, id, huy); !errors.Is(err, campaigns.ErrSelfApproval) {
		t.Fatalf("the same person approved twice: %v", err)
	}
	o.must(o.store.Approve(ctx, id, mai))
	if got := o.get(id); got.State != campaigns.Approved || got.SecondApprover != "mai" {
		t.Fatalf("after two approvals: %s by %s", got.State, got.SecondApprover)
	}
	if n := o.count(`select count(*) from audit_log where act like 'campaign.approve%' and detail = $1`, c.UrgentReason); n != 2 {
		t.Fatalf("the reason stands in %d audit rows, want 2", n)
	}
}

func TestOnlyADraftCanBeChangedAndOnlyItsLatest(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	id := o.create(o.good(), lan)
	mine, theirs := o.get(id), o.get(id)
	theirs.Name = "Của Huy"
	o.must(o.store.Update(ctx, theirs, huy))
	mine.Name = "Của Lan"
	if err := o.store.Update(ctx, mine, lan); !errors.Is(err, campaigns.ErrChanged) {
		t.Fatalf("an older draft overwrote a newer one: %v", err)
	}
	o.must(o.store.Submit(ctx, id, lan))
	if err := o.store.Update(ctx, o.get(id), lan); !errors.Is(err, campaigns.ErrMove) {
		t.Fatalf("a submitted campaign was changed: %v", err)
	}
	o.must(o.store.SendBack(ctx, id, mai, "Thiếu số tổng đài"))
	o.must(o.store.Update(ctx, o.get(id), lan))
}

func TestPauseResumeAndCancelReachTheQueue(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	id := o.running(o.good())
	r := o.runner()
	o.move("2026-11-23 08:00")
	o.tick(r)
	o.must(o.store.Pause(ctx, id, huy))
	if n := o.count(`select count(*) from chunks where paused`); n != 1 {
		t.Fatalf("%d chunks paused", n)
	}
	o.move("2026-11-24 08:00")
	o.tick(r)
	if n := o.messages(); n != 4 {
		t.Fatalf("%d messages: a paused campaign fired", n)
	}
	o.move("2026-11-24 09:00")
	o.must(o.store.Resume(ctx, id, huy))
	if n := o.count(`select count(*) from chunks where paused`); n != 0 {
		t.Fatalf("%d chunks still paused", n)
	}
	o.move("2026-11-25 08:00")
	o.tick(r)
	if n := o.messages(); n != 8 {
		t.Fatalf("%d messages after the resume", n)
	}
	o.must(o.store.Cancel(ctx, id, lan, "Sai số tổng đài"))
	counted, err := o.store.Counted(ctx, id, nil)
	o.must(err)
	p := counted.Progress
	if p.Cancelled != 8 || p.Total != 8 {
		t.Fatalf("progress = %+v", p)
	}
	if sch, err := o.sch.Get(ctx, campaigns.Subject(id)); err != nil || sch.State == schedules.Active {
		t.Fatalf("schedule = %+v, %v", sch, err)
	}
}

func TestACopyIsANewDraftOfItsOwn(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	id := o.running(o.good())
	copied, err := o.store.Copy(ctx, id, huy)
	o.must(err)
	c := o.get(copied)
	if c.State != campaigns.Draft || c.Author != "huy" || c.CopiedFrom != id || c.Approver != "" || len(c.Contents) != 2 {
		t.Fatalf("copy = %+v", c)
	}
	if _, err := o.store.Copy(ctx, 999, huy); !errors.Is(err, campaigns.ErrNotFound) {
		t.Fatalf("error = %v, want ErrNotFound", err)
	}
}

func TestCoverageNamesTheGroupsAndCountsEachNumberOnce(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	id := o.running(o.good())
	r := o.runner()
	for _, day := range []string{"23", "24"} {
		o.move("2026-11-" + day + " 08:00")
		o.tick(r)
	}
	// The first group's first resident got both messages, the second none.
	_, err := o.db.Exec(`insert into sent (message_id, state, carrier, parts)
		select id, 'delivered', 'viettel', 1 from messages where phone = '+84905000000'`)
	o.must(err)
	expect := func(when string) []campaigns.Coverage {
		t.Helper()
		counted, err := o.store.Counted(ctx, id, nil)
		o.must(err)
		all := counted.Groups
		var got []string
		for _, c := range all {
			got = append(got, fmt.Sprintf("%s %d %d %d", c.Unit.Name, c.Reachable, c.Reached, c.NotReached()))
		}
		if want := []string{"Tổ 1 2 1 1", "Tổ 2 2 0 2", "Tổ 3 0 0 0"}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s: coverage = %q, want %q", when, got, want)
		}
		return all
	}
	all := expect("after two runs")
	if all[0].Progress.Total != 4 {
		t.Fatalf("progress of Tổ 1 = %+v", all[0].Progress)
	}
	// The household's phone stays, now by another of its people.
	_, err = o.db.Exec(`insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
		select phone, phone_kind, 'r0b', 'r0b', unit_id, consent_at, created_at, updated_at from residents where phone = '+84905000000'`)
	o.must(err)
	_, err = o.db.Exec(`update residents set consent_at = null where name = 'r0'`)
	o.must(err)
	expect("after the consent passed on")
}

func TestTheSampleRunsAndIsNeverLoadedOverOtherCampaigns(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	sample := campaigns.SampleOptions{Contents: o.good().Contents, Author: lan, Approver: huy, Caps: gateway.Caps{PerDay: 6, PerWeek: 6}}
	id, err := o.store.LoadSample(ctx, sample)
	o.must(err)
	if c := o.get(id); c.State != campaigns.Running || c.Cron != "* * * * *" || c.Approver != "huy" || c.Caps.PerWeek != 6 {
		t.Fatalf("sample = %+v", c)
	}
	if again, err := o.store.LoadSample(ctx, sample); err != nil || again != 0 {
		t.Fatalf("loaded again: %d, %v", again, err)
	}
	if n := o.count(`select count(*) from campaigns`); n != 1 {
		t.Fatalf("%d campaigns", n)
	}
	o.move("2026-11-23 07:31")
	o.tick(o.runner())
	if n := o.messages(); n != 4 {
		t.Fatalf("%d messages a minute later", n)
	}

	if _, err := o.db.ExecContext(ctx, `update campaigns set state = 'done'`); err != nil {
		t.Fatal(err)
	}
	own := o.good()
	own.Name = "Của khách"
	o.create(own, lan)
	if again, err := o.store.LoadSample(ctx, sample); err != nil || again == 0 {
		t.Fatalf("not loaded again after its end: %d, %v", again, err)
	}
}

func TestACampaignThatReachesNobodyStillEnds(t *testing.T) {
	o := newOffice(t)
	c := o.good()
	c.Contents, c.Units = c.Contents[:1], []int64{o.units[2].ID} // where nobody agreed
	id := o.running(c)
	o.move("2026-11-23 08:00")
	o.tick(o.runner())
	if n, err := o.store.Finish(context.Background()); err != nil || n != 1 {
		t.Fatalf("finished %d, %v", n, err)
	}
	if got := o.get(id); got.State != campaigns.Done {
		t.Fatalf("state = %s", got.State)
	}
}
