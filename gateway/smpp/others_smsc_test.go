package smpp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
	"canhgiac/internal/peers"
)

type heard struct {
	up       chan bool
	delivers chan delivered
}

type delivered struct {
	*smpp.DeliverSM
	ack func(smpp.Status)
}

func (h *heard) Deliver(d *smpp.DeliverSM, ack func(smpp.Status)) { h.delivers <- delivered{d, ack} }
func (h *heard) Late(*smpp.SubmitSM, smpp.SubmitResult)           {}
func (h *heard) State(up bool)                                    { h.up <- up }

// others are SMSCs of npm smpp and of Net::SMPP.
var others = []string{"smsc.js", "smsc.pl"}

// connect runs a client of another's SMSC until the test ends.
func connect(t *testing.T, script string) (*peers.Peer, *smpp.Client, *heard) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	smsc := peers.Start(t, script)
	h := &heard{up: make(chan bool, 10), delivers: make(chan delivered, 100)}
	c := smpp.NewClient(smpp.ClientConfig{Addr: fmt.Sprintf("127.0.0.1:%d", smsc.Await("listening").Number("port")),
		SystemID: "ward", Password: "secret", BackoffMin: 10 * time.Millisecond}, h)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return smsc, c, h
}

func receive[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func submit(t *testing.T, c *smpp.Client, m *smpp.SubmitSM) smpp.SubmitResult {
	t.Helper()
	done := make(chan smpp.SubmitResult, 1)
	if err := c.Submit(t.Context(), m, func(r smpp.SubmitResult) { done <- r }); err != nil {
		t.Fatal(err)
	}
	return receive(t, "result", done)
}

const long = "CATHANHKHEX: Bà con đã đăng ký nhận tin phòng lừa đảo, miễn phí. Tin không hỏi mã OTP, không đòi tiền. 😀 Ngừng: gọi 02363111222 phím 9."

func TestOthersSMSCs(t *testing.T) {
	for _, script := range others {
		t.Run(script, func(t *testing.T) { meet(t, script) })
	}
}

func meet(t *testing.T, script string) {
	smsc, c, h := connect(t, script)
	if e := smsc.Await("bound"); e.Text("kind") != "bind_transceiver" || e.Text("system_id") != "ward" {
		t.Errorf("bound as %v", e)
	}
	if !receive(t, "link", h.up) {
		t.Fatal("not up")
	}
	message := smpp.SubmitSM{Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"},
		Dest: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, RegisteredDelivery: smpp.ReceiptAlways}

	t.Run("a plain text, its id and its receipt", func(t *testing.T) {
		parts, err := sms.Split("KHONG SO HAI {@€}", 1)
		if err != nil {
			t.Fatal(err)
		}
		m := message
		m.ShortMessage = parts[0].UserData()
		r := submit(t, c, &m)
		e := smsc.Await("submit")
		if r.Err != nil || r.MessageID != e.Text("id") || e.Text("text") != "KHONG SO HAI {@€}" || e.Text("dest") != "84901234567" {
			t.Errorf("got %+v, the SMSC has %v", r, e)
		}
		d := receive(t, "receipt", h.delivers)
		receipt, ok := smpp.ParseReceipt(d.DeliverSM)
		if !ok || receipt.ID != r.MessageID || receipt.State != "DELIVRD" || receipt.At.IsZero() {
			t.Errorf("receipt %+v", receipt)
		}
		d.ack(smpp.StatusOK)
		if e := smsc.Await("receipt_acked"); e.Text("id") != r.MessageID || e.Number("status") != 0 {
			t.Errorf("acked %v", e)
		}
	})

	t.Run("a long text in UCS-2", func(t *testing.T) {
		parts, err := sms.UDH16.Split(long, 0x1234)
		if err != nil {
			t.Fatal(err)
		}
		var joined strings.Builder
		for i, part := range parts {
			m := message
			m.RegisteredDelivery = smpp.ReceiptNever
			m.DataCoding, m.ESMClass, m.ShortMessage = byte(part.Encoding), smpp.ESMClassUDHI, part.UserData()
			if r := submit(t, c, &m); r.Err != nil || r.Status != smpp.StatusOK {
				t.Fatalf("part %d: %+v", i+1, r)
			}
			e := smsc.Await("submit")
			if udh := fmt.Sprint(e["udh"]); udh != fmt.Sprintf("[08041234%02x%02x]", len(parts), i+1) {
				t.Errorf("part %d has the header %s", i+1, udh)
			}
			joined.WriteString(e.Text("text"))
		}
		if len(parts) != 3 || joined.String() != long {
			t.Errorf("%d parts arrived as %q", len(parts), joined.String())
		}
	})

	t.Run("a refusal", func(t *testing.T) {
		if r := submit(t, c, &smpp.SubmitSM{Dest: smpp.Address{Addr: "0"}}); r.Err != nil || r.Status != smpp.StatusInvDest {
			t.Errorf("got %+v", r)
		}
	})

	t.Run("a message from a phone is acknowledged only by ack", func(t *testing.T) {
		smsc.Tell(map[string]any{"do": "mo", "source": "84901234567", "dest": "8088", "text": "Ngừng nhận", "coding": 8})
		d := receive(t, "message", h.delivers)
		if text, _, err := sms.Decode(d.DataCoding, d.UDHI(), d.Text()); err != nil || text != "Ngừng nhận" || d.Source.Addr != "84901234567" || d.Dest.Addr != "8088" {
			t.Errorf("got %q %v", text, err)
		}
		smsc.Tell(map[string]any{"do": "enquire"})
		smsc.Await("alive") // and the message still waits
		d.ack(smpp.StatusTemporaryApp)
		if e := smsc.Await("mo_acked"); e.Number("status") != int(smpp.StatusTemporaryApp) {
			t.Errorf("acked %v", e)
		}
	})

	t.Run("a long message from a phone", func(t *testing.T) {
		for i, text := range []string{"Tôi bị ", "lừa"} {
			smsc.Tell(map[string]any{"do": "mo", "source": "84901234567", "dest": "8088", "text": text, "coding": 8, "header": fmt.Sprintf("0500032a02%02x", i+1)})
			d := receive(t, "part", h.delivers)
			got, concat, err := sms.Decode(d.DataCoding, d.UDHI(), d.Text())
			if err != nil || got != text || concat != (sms.Concat{Ref: 42, Total: 2, Seq: uint8(i + 1)}) {
				t.Errorf("part %d: %q %+v %v", i+1, got, concat, err)
			}
			d.ack(smpp.StatusOK)
			smsc.Await("mo_acked")
		}
	})

	t.Run("the SMSC unbinds, is answered, and bound again", func(t *testing.T) {
		smsc.Tell(map[string]any{"do": "unbind"})
		smsc.Await("unbound")
		if receive(t, "end", h.up) || !receive(t, "link", h.up) {
			t.Error("down and up are the wrong way round")
		}
		smsc.Await("bound")
	})

	t.Run("the link drops and comes back", func(t *testing.T) {
		smsc.Tell(map[string]any{"do": "drop"})
		if receive(t, "end", h.up) || !receive(t, "link", h.up) {
			t.Error("down and up are the wrong way round")
		}
		smsc.Await("bound")
		m := message
		m.RegisteredDelivery, m.ShortMessage = smpp.ReceiptNever, []byte("again")
		if r := submit(t, c, &m); r.Err != nil || r.Status != smpp.StatusOK {
			t.Errorf("got %+v", r)
		}
	})
}

func TestOthersSMSCsSeeTheUnbind(t *testing.T) {
	for _, script := range others {
		t.Run(script, func(t *testing.T) {
			smsc := peers.Start(t, script)
			h := &heard{up: make(chan bool, 10)}
			c := smpp.NewClient(smpp.ClientConfig{Addr: fmt.Sprintf("127.0.0.1:%d", smsc.Await("listening").Number("port"))}, h)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- c.Run(ctx) }()
			receive(t, "link", h.up)
			cancel()
			smsc.Await("unbind")
			if err := receive(t, "end", done); err != nil {
				t.Error(err)
			}
		})
	}
}
