package reports

import (
	"errors"
	"strings"
	"testing"
)

func TestAReceivedReportMovesOnOnlyAlongTheTableAndItsRecordVerifies(t *testing.T) {
	d := newDesk(t)
	r := d.save(Draft{Origin: "call", Ref: "1", Kind: 1, Complete: true})
	for _, step := range []struct {
		to      State
		refused bool
	}{
		{Verifying, true}, {Received, true}, // an officer receives it by Receive
		{"", false},
		{Answered, true}, {Verifying, false}, {Transferred, false}, {Verifying, true}, {Closed, false}, {Reopened, false}, {Verifying, false},
	} {
		if step.to == "" {
			if err := d.Receive(t.Context(), r.Code, officer); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := d.Move(t.Context(), r.Code, officer, step.to, "Công văn 12/CV"); errors.Is(err, ErrMove) != step.refused || err != nil && !step.refused {
			t.Errorf("move to %s: %v, want refused %v", step.to, err, step.refused)
		}
	}
	got, err := d.Get(t.Context(), r.Code, officer)
	if err != nil {
		t.Fatal(err)
	}
	if got.State != Verifying || got.Record.Broken != 0 || d.audited("report.move") != 5 {
		t.Errorf("state %s, record broken at %d, %d audit rows", got.State, got.Record.Broken, d.audited("report.move"))
	}
}

func TestAReportLeavesTheWardAndComesBackOnlyWithAReason(t *testing.T) {
	d := newDesk(t)
	r := d.save(Draft{Origin: "call", Ref: "1", Kind: 1, Complete: true})
	if err := d.Receive(t.Context(), r.Code, officer); err != nil {
		t.Fatal(err)
	}
	if err := d.Move(t.Context(), r.Code, officer, Verifying, ""); err != nil {
		t.Fatalf("to verify needs no reason: %v", err)
	}
	for _, to := range []State{Answered, Closed, Reopened} {
		if err := d.Move(t.Context(), r.Code, officer, to, " \n"); !errors.Is(err, ErrReason) {
			t.Errorf("to %s without a reason: %v", to, err)
		}
		if err := d.Move(t.Context(), r.Code, officer, to, strings.Repeat("ạ", 2001)); !errors.Is(err, ErrReason) {
			t.Errorf("to %s with a book: %v", to, err)
		}
		if err := d.Move(t.Context(), r.Code, officer, to, " lý do của "+string(to)+" "); err != nil {
			t.Errorf("to %s: %v", to, err)
		}
	}
	got, err := d.Get(t.Context(), r.Code, officer)
	if err != nil {
		t.Fatal(err)
	}
	if last := got.Events[len(got.Events)-1]; last.Key != string(Reopened) || last.Raw != "lý do của reopened" || got.Record.Broken != 0 {
		t.Errorf("the record ends with %+v, broken at %d", last, got.Record.Broken)
	}
}
