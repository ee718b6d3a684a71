package simulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"canhgiac/gateway/simulator"
	"canhgiac/internal/peers"
)

// esme is another gateway: it sends texts, again when the link was lost before the response, matches their receipts and
// joins what phones write.
type esme interface {
	Send(key, source, dest, text string)
	// Await gives its next "delivered", with the key of a text, or "message", with source, dest and text.
	Await(event string) peers.Event
}

const submitSM, deliverSMResp = 0x00000004, 0x80000005

func TestOtherGatewaysMeetTheCarrier(t *testing.T) {
	for name, start := range map[string]func(*testing.T, int) esme{
		"npm smpp":  func(t *testing.T, port int) esme { return peers.Start(t, "esme.js", fmt.Sprint(port), "secret") },
		"Net::SMPP": func(t *testing.T, port int) esme { return peers.Start(t, "esme.pl", fmt.Sprint(port), "secret") },
		"Kannel":    func(t *testing.T, port int) esme { return peers.StartKannel(t, port) },
		"go-smpp":   func(t *testing.T, port int) esme { return startGoSMPP(t, port) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startCarrier(t)
			cable := peers.NewCable(t, c.SMPPAddr())
			meet(t, c, cable, start(t, cable.Port))
		})
	}
}

func meet(t *testing.T, c carrier, cable *peers.Cable, e esme) {
	const phone, code = "84901234567", "8088"
	const short, long = "KHONG SO HAI", "Bà con 😀 cảnh giác: công an không gọi điện yêu cầu chuyển tiền, không hỏi mã OTP. Ai gọi như vậy là lừa đảo, " +
		"hãy cúp máy và gọi 02363111222. Đừng sợ, đừng tham, đừng làm theo lời người lạ."

	e.Send("short", code, phone, short)
	if got := e.Await("delivered"); got.Text("key") != "short" {
		t.Fatalf("delivered was %v", got)
	}
	e.Send("long", code, phone, long)
	if got := e.Await("delivered"); got.Text("key") != "long" {
		t.Fatalf("delivered was %v", got)
	}
	if shown, want := c.shown(phone), []string{short, long}; !slices.Equal(shown, want) {
		t.Errorf("the phone shows %q", shown)
	}

	for _, text := range []string{"TC", long} {
		c.text(phone, code, text)
		if got := e.Await("message"); got.Text("text") != text || got.Text("dest") != code {
			t.Errorf("the phone's text arrives as %v", got)
		}
	}

	// Nothing of the gateway's arrives; then the link is lost.
	c.settled()
	cable.Pinch()
	var keys []string
	for i := range 5 {
		key := fmt.Sprint("lost ", i)
		keys = append(keys, key)
		e.Send(key, code, phone, "CUT "+key)
	}
	c.text(phone, code, "CUU TOI")
	cable.AwaitHeld(submitSM, 1) // one or all of them: some wait for each response
	cable.AwaitHeld(deliverSMResp, 1)
	cable.Cut()
	for range keys {
		got := e.Await("delivered").Text("key")
		at := slices.Index(keys, got)
		if at < 0 {
			t.Fatalf("delivered was %q", got)
		}
		keys = slices.Delete(keys, at, at+1)
	}
	// The SMSC had no response, so it brings the phone's text again.
	for range 2 {
		if got := e.Await("message"); got.Text("text") != "CUU TOI" {
			t.Errorf("the phone's text arrives as %v", got)
		}
	}
	c.text(phone, code, "XONG")
	if got := e.Await("message"); got.Text("text") != "XONG" {
		t.Errorf("the phone's text arrives as %v", got)
	}
	shown := c.shown(phone)
	slices.Sort(shown)
	want := []string{short, long, "CUT lost 0", "CUT lost 1", "CUT lost 2", "CUT lost 3", "CUT lost 4"}
	slices.Sort(want)
	if !slices.Equal(shown, want) {
		t.Errorf("the phone shows %q", shown)
	}
}

// carrier is the simulator, driven by HTTP.
type carrier struct {
	*simulator.Simulator
	t *testing.T
}

func startCarrier(t *testing.T) carrier {
	t.Helper()
	s, err := simulator.New(simulator.Options{SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-s.Ready():
	case <-time.After(20 * time.Second):
		t.Fatal("the simulator is not ready")
	}
	return carrier{s, t}
}

// shown are the texts that a phone has got.
func (c carrier) shown(phone string) []string {
	c.t.Helper()
	var held struct {
		Messages []struct{ From, To, Text string }
	}
	c.get("/messages?"+url.Values{"to": {phone}}.Encode(), &held)
	var texts []string
	for _, m := range held.Messages {
		if m.To == "" { // the others it has sent
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// settled waits until the gateway has taken all receipts and texts.
func (c carrier) settled() {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		var counts struct{ Waiting int }
		c.get("/stats", &counts)
		if counts.Waiting == 0 {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("%d receipts and texts still wait", counts.Waiting)
		}
	}
}

func (c carrier) get(path string, into any) {
	c.t.Helper()
	resp, err := http.Get("http://" + c.HTTPAddr() + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		c.t.Fatal(err)
	}
}

// text has a phone send a text.
func (c carrier) text(phone, to, text string) {
	c.t.Helper()
	body, err := json.Marshal(map[string]string{"to": to, "text": text})
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.Post("http://"+c.HTTPAddr()+"/handsets/"+phone+"/sms", "application/json", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		c.t.Fatalf("the phone cannot send: %s", resp.Status)
	}
}
