package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"canhgiac/internal/peers"
)

// Senders are driven against the SMSCs of npm smpp and Net::SMPP, whose reading of the standard is not ours.
func TestASenderMeetsOthersCarriers(t *testing.T) {
	for _, script := range []string{"smsc.js", "smsc.pl"} {
		t.Run(script, func(t *testing.T) {
			meet(t, script)
		})
	}
}

func meet(t *testing.T, script string) {
	const n = 20
	w, d := newWard(t, n), &desk{}
	carrier := peers.Start(t, script)
	cable := peers.NewCable(t, fmt.Sprintf("127.0.0.1:%d", carrier.Await("listening").Number("port")))
	w.sender(&smsc{addr: fmt.Sprintf("127.0.0.1:%d", cable.Port)}, nil, words, d.handle)
	carrier.Await("bound")

	// shown joins what the next n residents' phones got, by number.
	shown := func(parts int) map[string]string {
		texts := map[string]string{}
		for range n * parts {
			e := carrier.Await("submit")
			texts[e.Text("dest")] += e.Text("text")
		}
		return texts
	}
	delivered := func(run int64) {
		t.Helper()
		if diff := cmp.Diff(Progress{Total: n, Delivered: n}, w.ended(run)); diff != "" {
			t.Errorf("run %d: %s", run, diff)
		}
	}

	for i, text := range []string{
		"CATHANHKHEX: KHONG SO HAI {@€}. Hoi: 02363111222",
		"CATHANHKHEX: Bà con 😀 cảnh giác: công an không gọi điện yêu cầu chuyển tiền, không hỏi mã OTP. Ai gọi như vậy là lừa đảo, hãy cúp máy và gọi 02363111222.",
	} {
		run, parts := int64(i+1), 1+2*i
		w.run(run, func(r *Run) { r.Text = text })
		delivered(run)
		phones := shown(parts)
		for dest, got := range phones {
			if got != text {
				t.Errorf("%s shows %q", dest, got)
			}
		}
		if len(phones) != n {
			t.Errorf("%d phones of %d", len(phones), n)
		}
	}

	phone := func(text, header string) {
		carrier.Tell(map[string]any{"do": "mo", "source": "84900000001", "dest": "8088", "text": text, "coding": 8, "header": header})
	}
	phone("Báo 0901234567 giả CA", "")
	carrier.Await("mo_acked")
	long := []string{"Báo 0901234568 " + strings.Repeat("lừa ", 10), "đảo của bà con tổ 7"}
	for i, part := range long {
		phone(part, fmt.Sprintf("0500032a02%02x", i+1))
		carrier.Await("mo_acked")
	}
	until(t, "both texts are acted on", func() bool { return len(d.texts()) == 2 })
	for range 2 {
		carrier.Await("submit") // the replies
	}

	// Nothing of ours arrives; then the link is lost.
	cable.Pinch()
	w.run(3, func(r *Run) { r.Resend = true })
	phone("TG", "")
	cable.AwaitHeld(0x00000004, n)
	cable.AwaitHeld(0x80000005, 1)
	cable.Cut()
	carrier.Await("bound")
	delivered(3)
	texts := map[string]int{}
	for len(texts) < n {
		// The reply may be among them: if it left before the cut, it is in doubt, and not sent again.
		if e := carrier.Await("submit"); !strings.HasPrefix(e.Text("text"), "Tra loi") {
			texts[e.Text("dest")]++
		}
	}
	for dest, times := range texts {
		if times != 1 {
			t.Errorf("%s got it %d times", dest, times)
		}
	}
	carrier.Await("mo_acked")
	if got, want := d.texts(), []string{"Báo 0901234567 giả CA", strings.Join(long, ""), "TG"}; !slices.Equal(got, want) {
		t.Errorf("the desk saw %q", got)
	}
}
