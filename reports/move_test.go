package reports

import (
	"errors"
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
		if err := d.Move(t.Context(), r.Code, officer, step.to); errors.Is(err, ErrMove) != step.refused || err != nil && !step.refused {
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
