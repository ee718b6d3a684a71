package campaigns_test

import (
	"context"
	"errors"
	"testing"

	"canhgiac/campaigns"
)

// TestMovesFromTheTable tries every act in every state: what the table has goes through, everything else is ErrMove.
func TestMovesFromTheTable(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t)
	allowed := map[[2]string]campaigns.State{}
	for _, m := range campaigns.Moves() {
		allowed[[2]string{string(m.From), string(m.Act)}] = m.To
	}
	acts := map[campaigns.Act]func(id int64) error{
		campaigns.ActEdit:     func(id int64) error { return o.store.Update(ctx, o.get(id), lan) },
		campaigns.ActSubmit:   func(id int64) error { return o.store.Submit(ctx, id, lan) },
		campaigns.ActSendBack: func(id int64) error { return o.store.SendBack(ctx, id, huy, "") },
		campaigns.ActApprove:  func(id int64) error { return o.store.Approve(ctx, id, huy) },
		campaigns.ActStart:    func(id int64) error { return o.store.Start(ctx, id, lan) },
		campaigns.ActPause:    func(id int64) error { return o.store.Pause(ctx, id, lan) },
		campaigns.ActResume:   func(id int64) error { return o.store.Resume(ctx, id, lan) },
		campaigns.ActCancel:   func(id int64) error { return o.store.Cancel(ctx, id, lan, "") },
	}
	for _, from := range []campaigns.State{campaigns.Draft, campaigns.Submitted, campaigns.Approved, campaigns.Running, campaigns.Paused, campaigns.Done, campaigns.Cancelled} {
		for act, do := range acts {
			t.Run(string(act)+" of "+string(from), func(t *testing.T) {
				id := o.create(o.good(), lan)
				if _, err := o.db.Exec(`update campaigns set state = $2 where id = $1`, id, from); err != nil {
					t.Fatal(err)
				}
				err := do(id)
				to, ok := allowed[[2]string{string(from), string(act)}]
				if ok && (err != nil || o.get(id).State != to) {
					t.Fatalf("allowed, but %v; state %s, want %s", err, o.get(id).State, to)
				}
				if !ok && (!errors.Is(err, campaigns.ErrMove) || o.get(id).State != from) {
					t.Fatalf("not allowed, but %v; state %s", err, o.get(id).State)
				}
			})
		}
	}
}

func TestADueTimeOfACampaignThatDoesNotRunAddsNothing(t *testing.T) {
	o := newOffice(t)
	id := o.create(o.good(), lan)
	tx, err := o.db.Begin()
	o.must(err)
	o.must(o.store.Fire(context.Background(), tx, id, o.now(), 1))
	o.must(tx.Commit())
	if n := o.messages(); n != 0 {
		t.Fatalf("%d messages of a draft", n)
	}
}
