package smpp_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
	"canhgiac/internal/peers"
)

// carrier answers an ESME by hand.
type carrier struct {
	bound, closed chan *smpp.Peer
	submits       chan *smpp.SubmitSM
}

func (c *carrier) Bind(p *smpp.Peer, b *smpp.Bind) smpp.Status {
	if b.Password != "secret" {
		return smpp.StatusInvPassword
	}
	c.bound <- p
	return smpp.StatusOK
}

func (c *carrier) Submit(_ *smpp.Peer, m *smpp.SubmitSM, respond func(smpp.SubmitResult)) {
	c.submits <- m
	if m.Dest.Addr == "0" {
		respond(smpp.SubmitResult{Status: smpp.StatusInvDest})
		return
	}
	respond(smpp.SubmitResult{MessageID: "7f3a"})
}

func (c *carrier) Closed(p *smpp.Peer) { c.closed <- p }

func TestNPMESME(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &carrier{bound: make(chan *smpp.Peer, 10), closed: make(chan *smpp.Peer, 10), submits: make(chan *smpp.SubmitSM, 10)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- smpp.NewServer(smpp.ServerConfig{SystemID: "SIM"}, c).Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	port := fmt.Sprint(ln.Addr().(*net.TCPAddr).Port)

	stranger := peers.Start(t, "esme.js", port, "wrong")
	if e := stranger.Await("bound"); e.Number("status") != int(smpp.StatusInvPassword) {
		t.Errorf("a wrong password: %v", e)
	}
	stranger.Await("closed")

	esme := peers.Start(t, "esme.js", port, "secret")
	if e := esme.Await("bound"); e.Number("status") != 0 || e.Text("system_id") != "SIM" {
		t.Fatalf("bound %v", e)
	}
	peer := receive(t, "peer", c.bound)

	t.Run("texts in both encodings", func(t *testing.T) {
		for text, coding := range map[string]sms.Encoding{"KHONG SO HAI {@€}": sms.GSM7, "Không sợ 😀": sms.UCS2} {
			esme.Tell(map[string]any{"do": "submit", "source": "8088", "dest": "84901234567", "text": text, "coding": coding})
			m := receive(t, "submit_sm", c.submits)
			if got, _, err := sms.Decode(m.DataCoding, m.ESMClass&smpp.ESMClassUDHI != 0, m.ShortMessage); err != nil || got != text || m.Dest.Addr != "84901234567" {
				t.Errorf("got %q %v", got, err)
			}
			if e := esme.Await("submitted"); e.Text("id") != "7f3a" || e.Number("status") != 0 {
				t.Errorf("submitted %v", e)
			}
		}
	})

	t.Run("a refusal without a body", func(t *testing.T) {
		esme.Tell(map[string]any{"do": "submit", "source": "8088", "dest": "0", "text": "x", "coding": 0})
		if e := esme.Await("submitted"); e.Number("status") != int(smpp.StatusInvDest) {
			t.Errorf("submitted %v", e)
		}
	})

	deliver := func(t *testing.T, d *smpp.DeliverSM) peers.Event {
		t.Helper()
		acked := make(chan smpp.Status, 1)
		if err := peer.Deliver(t.Context(), d, func(s smpp.Status, err error) {
			if err != nil {
				t.Error(err)
			}
			acked <- s
		}); err != nil {
			t.Fatal(err)
		}
		if s := receive(t, "deliver_sm_resp", acked); s != smpp.StatusOK {
			t.Errorf("acked with %s", s)
		}
		return esme.Await("deliver")
	}

	t.Run("a receipt in text and TLVs", func(t *testing.T) {
		r := smpp.Receipt{ID: "7f3a", State: "DELIVRD", At: time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC)}
		e := deliver(t, &smpp.DeliverSM{ESMClass: smpp.ESMClassReceipt, ShortMessage: []byte(r.Text()),
			TLVs: smpp.TLVs{{Tag: smpp.TagReceiptedMessageID, Value: []byte("7f3a\x00")}, {Tag: smpp.TagMessageState, Value: []byte{smpp.StateCode("DELIVRD")}}}})
		if e.Text("text") != r.Text() || e.Text("receipted") != "7f3a" || e.Number("state") != 2 || e.Number("esm_class") != 4 {
			t.Errorf("got %v", e)
		}
	})

	t.Run("a long text", func(t *testing.T) {
		parts, err := sms.Split(long, 7)
		if err != nil {
			t.Fatal(err)
		}
		joined := ""
		for i, part := range parts {
			e := deliver(t, &smpp.DeliverSM{ESMClass: smpp.ESMClassUDHI, DataCoding: byte(part.Encoding), ShortMessage: part.UserData()})
			if got := fmt.Sprint(e["udh"]); got != fmt.Sprintf("[000307%02x%02x]", len(parts), i+1) {
				t.Errorf("part %d has the header %s", i+1, got)
			}
			joined += e.Text("text")
		}
		if joined != long {
			t.Errorf("joined to %q", joined)
		}
	})

	t.Run("enquire_link and unbind", func(t *testing.T) {
		esme.Tell(map[string]any{"do": "enquire"})
		esme.Await("alive")
		esme.Tell(map[string]any{"do": "unbind"})
		if e := esme.Await("unbound"); e.Number("status") != 0 {
			t.Errorf("unbound %v", e)
		}
		if receive(t, "end", c.closed) != peer {
			t.Error("another peer was closed")
		}
	})

	t.Run("our unbind", func(t *testing.T) {
		other := peers.Start(t, "esme.js", port, "secret")
		other.Await("bound")
		receive(t, "peer", c.bound).Unbind()
		other.Await("closed")
		receive(t, "end", c.closed)
	})
}
