package smpp_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"canhgiac/gateway/smpp"
	"canhgiac/internal/peers"
)

func TestNPMSMSCAndPairsOfBinds(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	smsc := peers.Start(t, "smsc.js")
	h := &heard{up: make(chan bool, 10), delivers: make(chan delivered, 100)}
	a := smpp.NewAccount(smpp.AccountConfig{Binds: 2, Separate: true, ClientConfig: smpp.ClientConfig{
		Addr: fmt.Sprintf("127.0.0.1:%d", smsc.Await("listening").Number("port")), SystemID: "ward", Password: "secret", BackoffMin: 10 * time.Millisecond}}, h)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	kinds := map[string]int{}
	for range 4 {
		kinds[smsc.Await("bound").Text("kind")]++
	}
	if kinds["bind_transmitter"] != 2 || kinds["bind_receiver"] != 2 {
		t.Errorf("bound as %v", kinds)
	}
	if !receive(t, "state", h.up) {
		t.Error("not up")
	}
	results := make(chan smpp.SubmitResult, 100)
	for i := range 100 {
		m := &smpp.SubmitSM{Dest: smpp.Address{TON: 1, NPI: 1, Addr: fmt.Sprint(84901000000 + i)}, ShortMessage: []byte("KHONG SO HAI")}
		if err := a.Submit(t.Context(), m, func(r smpp.SubmitResult) { results <- r }); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]bool{}
	for range 100 {
		r := receive(t, "result", results)
		if r.Err != nil || r.Status != smpp.StatusOK || ids[r.MessageID] {
			t.Errorf("%+v", r)
		}
		ids[r.MessageID] = true
	}
	cancel()
	for range 4 {
		smsc.Await("unbind")
	}
	if err := receive(t, "end", done); err != nil {
		t.Error(err)
	}
}
