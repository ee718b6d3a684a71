package jobs

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

// long works until it is told to end.
func long(started chan<- int) Work {
	return func(ctx context.Context, t *Task) error {
		started <- t.Job().Tries
		<-ctx.Done()
		return ctx.Err()
	}
}

func TestAJobReadsItsInputAndLeavesAFileAndAResult(t *testing.T) {
	d := newDesk(t)
	list := bytes.Repeat([]byte("một dòng\n"), 100_000) // of several pieces
	d.node(map[Kind]Work{"copy": func(_ context.Context, t *Task) error {
		var p struct{ Name string }
		if err := t.Params(&p); err != nil {
			return err
		}
		out, err := t.Output(p.Name, "text/plain")
		if err != nil {
			return err
		}
		n, err := io.Copy(out, t.Input())
		t.Progress(int(n), int(n))
		t.Result(map[string]int64{"bytes": n})
		return err
	}})
	id := d.add(New{Kind: "copy", Title: "a.txt", Params: map[string]string{"Name": "b.txt"}, Input: list})
	j := d.until(id, Done)
	if want := (File{"b.txt", "text/plain", int64(len(list))}); j.Output != want || string(j.Result) != fmt.Sprintf(`{"bytes": %d}`, len(list)) || j.Percent() != 100 {
		t.Errorf("%+v", j)
	}
	got, err := io.ReadAll(d.Open(t.Context(), j))
	if err != nil || !bytes.Equal(got, list) {
		t.Errorf("read %d bytes, %v; want %d", len(got), err, len(list))
	}
	if n := d.pieces("job_inputs"); n != 0 {
		t.Errorf("%d pieces of the input are left", n)
	}
}

func TestACancelIsNoticedWithinASecond(t *testing.T) {
	d := newDesk(t)
	started := make(chan int, 1)
	d.node(map[Kind]Work{"long": long(started)})
	id := d.add(New{Kind: "long", Input: []byte("x")})
	<-started
	asked := time.Now()
	d.cancel(id)
	j := d.until(id, Cancelled)
	if took := time.Since(asked); took > time.Second {
		t.Errorf("it took %s", took)
	}
	if j.CancelledBy != "lan" || d.pieces("job_inputs") != 0 {
		t.Errorf("%+v, %d pieces of input left", j, d.pieces("job_inputs"))
	}
}

func TestAJobThatWaitsIsCancelledAtOnce(t *testing.T) {
	d := newDesk(t)
	id := d.add(New{Kind: "long", Input: []byte("x")})
	d.cancel(id)
	if j := d.until(id, Cancelled); d.pieces("job_inputs") != 0 || j.EndedAt.IsZero() {
		t.Errorf("%+v, %d pieces of input left", j, d.pieces("job_inputs"))
	}
	d.node(map[Kind]Work{"long": func(context.Context, *Task) error { t.Error("it ran"); return nil }, "next": func(context.Context, *Task) error { return nil }})
	d.until(d.add(New{Kind: "next"}), Done)
}

func TestAnotherNodeGoesOnWhenOneDied(t *testing.T) {
	d := newDesk(t)
	started := make(chan int, 2)
	let := make(chan struct{})
	d.node(map[Kind]Work{"long": func(ctx context.Context, t *Task) error {
		started <- t.Job().Tries
		if t.Job().Tries > 1 {
			return nil
		}
		<-let // as a node that the system stopped: it neither beats nor hears
		return nil
	}})
	id := d.add(New{Kind: "long", Input: []byte("x")})
	<-started
	first := d.until(id, Running)
	// The first node's beats are for another try from here on, as if it had died.
	if _, err := d.db.Exec(`update jobs set node = 'dead' where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	d.leaseOver(id)
	j := d.until(id, Done)
	if j.Tries != 2 || <-started != 2 {
		t.Errorf("%+v after %+v", j, first)
	}
	close(let) // the dead one comes back, and changes nothing
	d.node(nil)
	if again, err := d.Get(t.Context(), id); err != nil || again.Tries != 2 || !again.EndedAt.Equal(j.EndedAt) {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestANodeThatWasOnlySlowLeavesItsSuccessorsFileAlone(t *testing.T) {
	d := newDesk(t)
	started := make(chan *Task, 2)
	let, back := make(chan struct{}), make(chan error, 1)
	d.node(map[Kind]Work{"make": func(_ context.Context, t *Task) error {
		started <- t
		if t.Job().Tries == 1 {
			<-let // stopped by the system just before it begins its file
		}
		w, err := t.Output("a.csv", "text/csv")
		if err == nil {
			_, err = fmt.Fprintf(w, "try %d", t.Job().Tries)
		}
		if t.Job().Tries == 1 {
			back <- err
		}
		return err
	}})
	id := d.add(New{Kind: "make"})
	first := <-started
	// Its next beat is another hour away: it does not know yet.
	if _, err := d.db.Exec(`update jobs set node = 'slow' where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	d.leaseOver(id)
	j := d.until(id, Done)
	first.ctx = context.WithoutCancel(first.ctx)
	close(let)
	if err := <-back; !errors.Is(err, errLost) {
		t.Errorf("the slow node began a file: %v", err)
	}
	if text, err := io.ReadAll(d.Open(t.Context(), j)); err != nil || string(text) != "try 2" {
		t.Errorf("the file is %q: %v", text, err)
	}
}

func TestNodesSideBySideDoEachJobOnce(t *testing.T) {
	d := newDesk(t)
	const n = 40
	ran := make(chan int64, 2*n)
	works := map[Kind]Work{"one": func(_ context.Context, t *Task) error { ran <- t.Job().ID; return nil }}
	var ids []int64
	for i := range n {
		ids = append(ids, d.add(New{Kind: "one", By: fmt.Sprint("user", i%7)}))
	}
	d.node(works)
	d.node(works)
	d.node(works)
	for _, id := range ids {
		d.until(id, Done)
	}
	if len(ran) != n {
		t.Errorf("%d tries of %d jobs", len(ran), n)
	}
}

func TestANodeThatStopsHandsItsJobsBack(t *testing.T) {
	d := newDesk(t)
	started := make(chan int, 1)
	stop := d.node(map[Kind]Work{"long": long(started)})
	id := d.add(New{Kind: "long", Input: []byte("x")})
	<-started
	stop()
	if j := d.until(id, Queued); j.Tries != 0 || d.pieces("job_inputs") != 1 {
		t.Errorf("%+v, %d pieces of input", j, d.pieces("job_inputs"))
	}
	d.node(map[Kind]Work{"long": func(context.Context, *Task) error { return nil }})
	d.until(id, Done)
}

func TestAFailedTryIsRepeatedThreeTimesAndABadFileNever(t *testing.T) {
	d := newDesk(t)
	tried := make(chan int, 9)
	d.node(map[Kind]Work{
		"weak":  func(_ context.Context, t *Task) error { tried <- t.Job().Tries; return errors.New("the disk is full") },
		"bad":   func(context.Context, *Task) error { return &Problem{Key: "jobs.problem.file", Detail: "dòng 3"} },
		"panic": func(context.Context, *Task) error { panic("no") },
	})
	weak, bad, panics := d.add(New{Kind: "weak"}), d.add(New{Kind: "bad", By: "ba", Input: []byte("x")}), d.add(New{Kind: "panic", By: "tu"})
	if j := d.until(bad, Failed); j.Problem != "jobs.problem.file" || j.Detail != "dòng 3" || j.Tries != 1 {
		t.Errorf("%+v", j)
	}
	for _, id := range []int64{weak, panics} {
		for try := 1; try < tries; try++ {
			d.when(id, "waiting", func(j Job) bool { return j.State == Queued && j.Tries == try })
			if _, err := d.db.Exec(`update jobs set ready_at = ready_at - interval '1 hour' where id = $1`, id); err != nil {
				t.Fatal(err)
			}
			d.Wake()
		}
		if j := d.until(id, Failed); j.Problem != "jobs.problem.tries" || j.Tries != tries {
			t.Errorf("%+v", j)
		}
	}
	if len(tried) != tries || d.pieces("job_inputs") != 0 {
		t.Errorf("tried %d times; %d pieces of input left", len(tried), d.pieces("job_inputs"))
	}
}

func TestAJobThatKillsItsNodesIsGivenUp(t *testing.T) {
	d := newDesk(t)
	id := d.add(New{Kind: "killer", Input: []byte("x")})
	if _, err := d.db.Exec(`update jobs set state = 'running', node = 'dead', tries = $2, lease_until = now() - interval '1 hour' where id = $1`, id, tries); err != nil {
		t.Fatal(err)
	}
	d.node(map[Kind]Work{"killer": func(context.Context, *Task) error { t.Error("it ran again"); return nil }})
	if j := d.until(id, Failed); j.Problem != "jobs.problem.tries" || d.pieces("job_inputs") != 0 {
		t.Errorf("%+v", j)
	}
}

func TestOnePersonDoesNotHoldUpTheOthers(t *testing.T) {
	d := newDesk(t)
	started := make(chan int, slots)
	d.node(map[Kind]Work{"long": long(started), "short": func(context.Context, *Task) error { return nil }})
	var mine []int64
	for range slots + 2 {
		mine = append(mine, d.add(New{Kind: "long", By: "lan"}))
	}
	for range perUser {
		<-started
	}
	d.until(d.add(New{Kind: "short", By: "minh"}), Done)
	if n, err := d.CountOpen(t.Context(), "lan"); err != nil || n != len(mine) || len(started) != 0 {
		t.Errorf("%d open, %d more were started, %v", n, len(started), err)
	}
}

func TestTheEndWithinTheWorksTransactionIsOneWithIt(t *testing.T) {
	d := newDesk(t)
	if _, err := d.db.Exec(`create table done (id bigint)`); err != nil {
		t.Fatal(err)
	}
	reached, let := make(chan int64), make(chan struct{})
	d.node(map[Kind]Work{"keep": func(ctx context.Context, t *Task) error {
		tx, err := t.store.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
		if _, err := tx.ExecContext(ctx, `insert into done values ($1)`, t.Job().ID); err != nil {
			return err
		}
		reached <- t.Job().ID
		<-let
		t.Result("kept")
		if err := t.End(ctx, tx); err != nil {
			return err
		}
		return tx.Commit()
	}})
	count := func() int { return d.pieces("done") }
	kept := d.add(New{Kind: "keep"})
	<-reached
	let <- struct{}{}
	if j := d.until(kept, Done); string(j.Result) != `"kept"` || count() != 1 {
		t.Errorf("%+v, %d rows", j, count())
	}
	late := d.add(New{Kind: "keep"})
	<-reached
	d.cancel(late) // asked for before the work's own end, even where the work has not heard of it
	let <- struct{}{}
	d.until(late, Cancelled)
	if count() != 1 {
		t.Errorf("%d rows: the cancelled work was kept", count())
	}
	lost := d.add(New{Kind: "keep"})
	<-reached
	if _, err := d.db.Exec(`update jobs set node = 'another' where id = $1`, lost); err != nil {
		t.Fatal(err)
	}
	let <- struct{}{}
	d.in(func(tx *sql.Tx) error {
		_, err := tx.Exec(`update jobs set state = 'cancelled', ended_at = now() where id = $1`, lost)
		return err
	})
	if count() != 1 {
		t.Errorf("%d rows: a node kept what was not its own any more", count())
	}
}

func TestWhatAJobHeldOfPeopleGoesAfterADayAndTheRowAfterAMonth(t *testing.T) {
	d := newDesk(t)
	d.node(map[Kind]Work{"make": func(_ context.Context, t *Task) error {
		out, err := t.Output("a.csv", "text/csv")
		if err == nil {
			_, err = io.WriteString(out, "Lê A")
		}
		t.Result("Lê A")
		t.KeepInput()
		return err
	}})
	made := func() int64 { return d.until(d.add(New{Kind: "make", Input: []byte("Lê A")}), Done).ID }
	old, discarded := made(), made()
	d.in(func(tx *sql.Tx) error { return d.Discard(t.Context(), tx, discarded) })
	if j, err := d.Get(t.Context(), discarded); err != nil || j.SweptAt.IsZero() || string(j.Result) != "null" || j.HasInput {
		t.Errorf("%+v, %v", j, err)
	}
	if got, err := io.ReadAll(d.Open(t.Context(), Job{ID: discarded})); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
	sweep := func() {
		t.Helper()
		if err := d.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d.move(kept - time.Minute)
	sweep()
	if d.pieces("job_inputs") != 1 || d.pieces("job_outputs") != 1 {
		t.Error("gone before its time")
	}
	d.move(2 * time.Minute)
	sweep()
	if j, err := d.Get(t.Context(), old); err != nil || j.SweptAt.IsZero() || string(j.Result) != "null" || d.pieces("job_inputs")+d.pieces("job_outputs") != 0 {
		t.Errorf("%+v, %v", j, err)
	}
	d.move(forgotten)
	sweep()
	if _, err := d.Get(t.Context(), old); !errors.Is(err, ErrNotFound) {
		t.Errorf("err = %v", err)
	}
}

func TestTheInputOfATrialIsHandedOn(t *testing.T) {
	d := newDesk(t)
	got := make(chan string, 1)
	d.node(map[Kind]Work{
		"try":  func(_ context.Context, t *Task) error { t.KeepInput(); return nil },
		"keep": func(_ context.Context, t *Task) error { b, err := io.ReadAll(t.Input()); got <- string(b); return err },
	})
	tried := d.until(d.add(New{Kind: "try", Input: []byte("Lê A")}), Done)
	if !tried.HasInput {
		t.Fatal("the trial's input is gone")
	}
	kept := d.until(d.add(New{Kind: "keep", Inputs: tried.ID}), Done)
	if s := <-got; s != "Lê A" || kept.HasInput || d.pieces("job_inputs") != 0 {
		t.Errorf("%q, %+v", s, kept)
	}
}

func TestTheTimeLeftIsToldOnceItCanBeEstimated(t *testing.T) {
	for _, c := range []struct {
		name        string
		done, total int
		spent, want time.Duration
		known       bool
	}{
		{"at the start", 0, 100, time.Minute, 0, false},
		{"before two seconds", 50, 100, time.Second, 0, false},
		{"before a fiftieth", 1, 100, time.Minute, 0, false},
		{"without a total", 5, 0, time.Minute, 0, false},
		{"half", 50, 100, time.Minute, time.Minute, true},
		{"a tenth", 10, 100, 10 * time.Second, 90 * time.Second, true},
		{"all", 100, 100, time.Minute, 0, false},
	} {
		if got, known := Left(c.done, c.total, c.spent); got != c.want || known != c.known {
			t.Errorf("%s: %s, %v", c.name, got, known)
		}
	}
}
