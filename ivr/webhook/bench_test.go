package webhook_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/gateway/simulator"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

// BenchmarkSteps: a webhook's way through signature, state, reply and commit, on a real database: at 500 a second, as a bad
// evening brings them, and as fast as they go. The key repeats the menu, so that every step is like the others.
func BenchmarkSteps(b *testing.B) {
	for _, rate := range []int{500, 0} {
		name := "at saturation"
		if rate > 0 {
			name = fmt.Sprintf("at %d a second", rate)
		}
		b.Run(name, func(b *testing.B) { benchSteps(b, rate) })
	}
}

func benchSteps(b *testing.B, rate int) {
	const calls = 64
	w := webhooktest.New(b, pgtest.New(b), "sim", func(func() time.Time) webhook.Dialect { return twiml.New(twiml.Account{SID: "AC9", Token: "s3cret"}) })
	w.DB.SetMaxOpenConns(16)
	post := func(sid, path string, more url.Values) int {
		f := url.Values{"CallSid": {sid}, "AccountSid": {"AC9"}, "From": {"+84901234567"}, "To": {"+842363111222"}, "CallStatus": {"in-progress"}}
		for k, v := range more {
			f[k] = v
		}
		r := httptest.NewRequest("POST", "/voice/sim/"+path, strings.NewReader(f.Encode()))
		r.Header.Set("X-Twilio-Signature", simulator.Sign("s3cret", webhooktest.Public+"/voice/sim/"+path, f))
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, r)
		return answer.Code
	}
	at := make([]int, calls)
	for i := range at {
		if got := post(fmt.Sprint("CA", i), "call", nil); got != http.StatusOK {
			b.Fatalf("call %d: %d", i, got)
		}
		at[i] = 1
	}
	due := make(chan struct{}, calls)
	var took []time.Duration
	var mu sync.Mutex
	var lines sync.WaitGroup
	b.ResetTimer()
	for i := range calls {
		lines.Go(func() {
			for range due {
				began := time.Now()
				if got := post(fmt.Sprint("CA", i), "step?n="+strconv.Itoa(at[i]), url.Values{"Digits": {"*"}}); got != http.StatusOK {
					b.Errorf("step %d of call %d: %d", at[i], i, got)
				}
				at[i]++
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	began := time.Now()
	for i := range b.N {
		if rate > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		}
		due <- struct{}{}
	}
	close(due)
	lines.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "steps/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
