package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// run starts a simulator that ends, and is waited for, with the test.
func run(t testing.TB, o Options) *Simulator {
	t.Helper()
	o.SMPPAddr, o.HTTPAddr, o.Log = "127.0.0.1:0", "127.0.0.1:0", slog.New(slog.DiscardHandler)
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	<-s.Ready()
	return s
}

// gateway is the ward's end of a link: our own client, which keeps what it hears.
type gateway struct {
	*smpp.Client
	delivers chan *smpp.DeliverSM
	up       chan bool
}

func (g *gateway) Deliver(d *smpp.DeliverSM, ack func(smpp.Status)) {
	g.delivers <- d
	ack(smpp.StatusOK)
}
func (g *gateway) Late(*smpp.SubmitSM, smpp.SubmitResult) {}
func (g *gateway) State(up bool)                          { g.up <- up }

func dial(t *testing.T, s *Simulator) (g *gateway, hangUp func()) {
	t.Helper()
	g = &gateway{delivers: make(chan *smpp.DeliverSM, 1000), up: make(chan bool, 10)}
	g.Client = smpp.NewClient(smpp.ClientConfig{
		Addr: s.SMPPAddr(), SystemID: "ward", Password: "secret", Log: slog.New(slog.DiscardHandler), Window: 500, CloseTimeout: 100 * time.Millisecond, BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond,
	}, g)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := g.Run(ctx); err != nil {
			t.Errorf("client: %v", err)
		}
	}()
	hangUp = func() { stop(); <-ended }
	t.Cleanup(hangUp)
	if !<-g.up {
		t.Fatal("the link did not come up")
	}
	return g, hangUp
}

// send submits text, in as many parts as it takes, and gives the responses.
func (g *gateway) send(t *testing.T, to, text string) []smpp.SubmitResult {
	t.Helper()
	parts, err := sms.Split(text, 7)
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan smpp.SubmitResult, len(parts))
	for _, p := range parts {
		m := &smpp.SubmitSM{
			Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: to},
			DataCoding: byte(p.Encoding), RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: append(append([]byte{}, p.UDH...), p.Payload...),
		}
		if p.UDH != nil {
			m.ESMClass = smpp.ESMClassUDHI
		}
		if err := g.Submit(t.Context(), m, func(r smpp.SubmitResult) { answers <- r }); err != nil {
			t.Fatal(err)
		}
	}
	var out []smpp.SubmitResult
	for range parts {
		out = append(out, <-answers)
	}
	return out
}

func TestATextOfSeveralPartsIsOneOnTheHandset(t *testing.T) {
	s := run(t, Options{SystemID: "ward", Password: "secret"})
	g, _ := dial(t, s)
	text := strings.Repeat("PHẢI CẢNH GIÁC. Giữ kín mã OTP của mình. 🙂 ", 8)
	events, stop := s.phone.watch("84901234567")
	defer stop()
	answers := g.send(t, "84901234567", text)
	if len(answers) < 4 {
		t.Fatalf("sent in %d parts", len(answers))
	}
	e := <-events
	if e.Name != "sms" || e.From != "CATHANHKHEX" || e.Text != text {
		t.Errorf("the handset shows %+v", e)
	}
	seen := map[string]bool{}
	for range answers {
		r, ok := smpp.ParseReceipt(<-g.delivers)
		if !ok || r.State != "DELIVRD" {
			t.Errorf("receipt %+v, %v", r, ok)
		}
		seen[r.ID] = true
	}
	for _, a := range answers {
		if a.Status != smpp.StatusOK || !seen[a.MessageID] {
			t.Errorf("answer %+v has no receipt", a)
		}
	}
	got := s.Accepted()
	if got.Parts != int64(len(answers)) || got.Messages != 1 || got.Doubled != 0 || got.Incomplete != 0 {
		t.Errorf("counts %+v", got)
	}
}

func TestATextSentTwiceIsCountedAsDoubled(t *testing.T) {
	s := run(t, Options{})
	g, _ := dial(t, s)
	g.send(t, "84901234567", "KHONG THAM")
	g.send(t, "0901234567", "KHONG THAM") // the same phone, written otherwise
	g.send(t, "84901234568", "KHONG THAM")
	long := strings.Repeat("KHONG SO HAI ", 20)
	g.send(t, "84901234567", long)
	g.send(t, "84901234567", long)
	got := s.Accepted()
	got.Parts, got.Receipts, got.Waiting = 0, 0, 0 // receipts are still on their way
	if d := cmp.Diff(Counts{Messages: 5, Distinct: 3, Doubled: 2, Bound: 1}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTheNetworkMisbehavesAsTold(t *testing.T) {
	tests := []struct {
		name     string
		network  string
		receipts []string // "state" or "state hex"
		shown    int
	}{
		{"at its best there is one receipt", `{}`, []string{"DELIVRD 000 same"}, 1},
		{"an undelivered message never reaches the handset", `outcomes: [{state: UNDELIV}]`, []string{"UNDELIV 027 same"}, 0},
		{"a carrier may have codes of its own", `outcomes: [{share: 1, state: REJECTD, err: "4f"}]`, []string{"REJECTD 4f same"}, 0},
		{"an outcome may be for some numbers", `outcomes: [{to: "+84...99", state: EXPIRED}]`, []string{"DELIVRD 000 same"}, 1},
		{"a receipt may come twice", `receipts: {twice: 1}`, []string{"DELIVRD 000 same", "DELIVRD 000 same"}, 1},
		{"a receipt may name the id in hexadecimal", `receipts: {id: {form: hex}}`, []string{"DELIVRD 000 hex"}, 1},
		{"a receipt may name the id in capitals", `receipts: {id: {form: HEX}}`, []string{"DELIVRD 000 HEX"}, 1},
		{"a receipt may fill the id with zeros", `receipts: {id: {width: 24}}`, []string{"DELIVRD 000 zeros"}, 1},
		{"a response may name the id in hexadecimal", `{responses: {id: {form: hex}}, receipts: {id: {form: decimal}}}`, []string{"DELIVRD 000 decimal"}, 1},
		{"only the TLV may name the id", `receipts: {in: tlv}`, []string{"DELIVRD 000 tlv"}, 1},
		{"only the text may name the id", `receipts: {in: text}`, []string{"DELIVRD 000 text"}, 1},
		{"nothing may name the id", `receipts: {in: none}`, []string{"DELIVRD 000 none"}, 1},
		{"responses and receipts may take their time", `{responses: {after: 1ms}, receipts: {after: 1ms..2ms}}`, []string{"DELIVRD 000 same"}, 1},
		{"a receipt may be late", `receipts: {late: 1, late_by: 2ms}`, []string{"DELIVRD 000 same"}, 1},
		{"a receipt may be lost", `receipts: {lost: 1}`, nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := run(t, Options{Script: script(t, "network:", tt.network)})
			g, hangUp := dial(t, s)
			answer := g.send(t, "84901234567", "KHONG LAM THEO")[0]
			if answer.Status != smpp.StatusOK {
				t.Fatalf("answer %+v", answer)
			}
			var got []string
			for range tt.receipts {
				d := <-g.delivers
				r, ok := smpp.ParseReceipt(d)
				if !ok {
					t.Fatal("not a receipt")
				}
				got = append(got, r.State+" "+r.Err+" "+idOf(t, d, answer.MessageID))
			}
			hangUp()
			if len(g.delivers) != 0 {
				t.Errorf("%d more deliver_sm", len(g.delivers))
			}
			if d := cmp.Diff(tt.receipts, got); d != "" {
				t.Errorf("receipts (-want +got):\n%s", d)
			}
			if n := len(s.phone.texts("84901234567")); n != tt.shown {
				t.Errorf("the handset shows %d texts, want %d", n, tt.shown)
			}
		})
	}
}

// script reads one of a few lines.
func script(t testing.TB, lines ...string) Script {
	t.Helper()
	s, err := ParseScript("script.yaml", []byte(strings.Join(lines, "\n  ")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// idOf says in a word how a receipt names the message that the response called id.
func idOf(t *testing.T, d *smpp.DeliverSM, id string) string {
	t.Helper()
	inTLV, hasTLV := d.TLVs.Text(smpp.TagReceiptedMessageID)
	inText := strings.TrimPrefix(strings.Fields(string(d.ShortMessage))[0], "id:")
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		if n, err = strconv.ParseUint(id, 16, 64); err != nil {
			t.Fatalf("response names %q", id)
		}
	}
	both := inTLV
	switch {
	case !hasTLV && inText == "":
		return "none"
	case !hasTLV:
		return "text"
	case inText == "":
		return "tlv"
	case inTLV != inText:
		t.Errorf("the TLV names %q, the text %q", inTLV, inText)
	}
	for word, want := range map[string]string{
		"same": id, "decimal": fmt.Sprint(n), "hex": fmt.Sprintf("%x", n), "HEX": fmt.Sprintf("%X", n), "zeros": fmt.Sprintf("%024d", n),
	} {
		if both == want && (word == "same" || want != id) {
			return word
		}
	}
	return both
}

func TestAReceiptMayOvertakeItsResponse(t *testing.T) {
	s := run(t, Options{Script: script(t, "network: {receipts: {first: 1}}")})
	g, _ := dial(t, s)
	order := make(chan string, 2)
	m := &smpp.SubmitSM{Dest: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, RegisteredDelivery: 1, ShortMessage: []byte("x")}
	if err := g.Submit(t.Context(), m, func(smpp.SubmitResult) { order <- "response" }); err != nil {
		t.Fatal(err)
	}
	go func() { <-g.delivers; order <- "receipt" }()
	// The receipt was acknowledged before the response left, so it was heard before; the two channels may still be read
	// in either order, so what counts is that the simulator waited.
	first, second := <-order, <-order
	if s.Accepted().Receipts != 1 {
		t.Errorf("answered %s, %s without the receipt acknowledged", first, second)
	}
}

func TestAboveTheRateMessagesAreThrottled(t *testing.T) {
	s := run(t, Options{Script: script(t, "network: {throttle: {above: 0.001}}")}) // a burst of one, the next in a quarter of an hour
	g, _ := dial(t, s)
	if got := g.send(t, "84901234567", "mot")[0].Status; got != smpp.StatusOK {
		t.Errorf("the first is answered %s", got)
	}
	if got := g.send(t, "84901234567", "hai")[0].Status; got != smpp.StatusThrottled {
		t.Errorf("the second is answered %s", got)
	}
	if got := s.Accepted(); got.Parts != 1 || got.Throttled != 1 {
		t.Errorf("counts %+v", got)
	}
}

func TestATextFromAHandsetWaitsUntilAGatewayIsBound(t *testing.T) {
	s := run(t, Options{})
	text := strings.Repeat("BÁO kẻ gian gọi từ số lạ. ", 6)
	if err := s.Text("0901 234 567", "8088", text, ""); err != nil {
		t.Fatal(err)
	}
	if n := s.Accepted().Waiting; n < 2 {
		t.Fatalf("%d parts wait", n)
	}
	g, hangUp := dial(t, s)
	got := ""
	for got != strings.TrimSpace(text) && len(got) < len(text) {
		d := <-g.delivers
		if d.Source.Addr != "84901234567" || d.Dest.Addr != "8088" {
			t.Errorf("from %s to %s", d.Source.Addr, d.Dest.Addr)
		}
		part, at, err := sms.Decode(d.DataCoding, d.UDHI(), d.Text())
		if err != nil || at.Total < 2 {
			t.Fatalf("part %+v: %v", at, err)
		}
		got += part
	}
	if got != strings.TrimSpace(text) {
		t.Errorf("got %q", got)
	}
	hangUp()
	// What is sent while the link is down arrives over the next one.
	if err := s.Text("0901234567", "8088", "TC", ""); err != nil {
		t.Fatal(err)
	}
	g, _ = dial(t, s)
	if d := <-g.delivers; string(d.Text()) != "TC" {
		t.Errorf("got %q", d.Text())
	}
}

func TestBindsAreJudged(t *testing.T) {
	c := newSMSC(Options{SystemID: "ward", Password: "secret"}.withDefaults(), nil)
	for _, tt := range []struct {
		id, password string
		want         smpp.Status
	}{
		{"ward", "wrong", smpp.StatusInvPassword}, {"ward", "", smpp.StatusInvPassword}, {"another", "secret", smpp.StatusInvSystemID},
	} {
		if got := c.Bind(nil, &smpp.Bind{SystemID: tt.id, Password: tt.password}); got != tt.want {
			t.Errorf("%s with %q: %s, want %s", tt.id, tt.password, got, tt.want)
		}
	}
}

func TestHandsetsForgetTheOldestTextsFirst(t *testing.T) {
	s := run(t, Options{KeepTexts: 3})
	g, _ := dial(t, s)
	for i := range 5 {
		g.send(t, "84901234567", fmt.Sprint("tin ", i))
	}
	g.send(t, "84901234568", "tin 5")
	resp, err := http.Get("http://" + s.HTTPAddr() + "/messages?to=0901234567")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct{ Messages []struct{ Text string } }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Messages) != 2 || got.Messages[0].Text != "tin 3" || got.Messages[1].Text != "tin 4" {
		t.Errorf("kept %+v", got)
	}
}
