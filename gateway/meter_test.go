package gateway

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"canhgiac/gateway/smpp"
)

// metered runs a sender whose metrics are read with the returned function, as lines of "name{label=value} number".
func (w *ward) metered(s *smsc, words Words, handle InboundHandler) (read func() map[string]float64) {
	w.t.Helper()
	registry := prometheus.NewPedanticRegistry()
	w.start([]Carrier{{Name: "viettel", Link: smpp.ClientConfig{Addr: s.addr, SystemID: "ward", Password: "pw"}}}, words, handle, registry)
	return func() map[string]float64 {
		families, err := registry.Gather()
		if err != nil {
			w.t.Fatal(err)
		}
		return lines(families)
	}
}

func lines(families []*dto.MetricFamily) map[string]float64 {
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			name := f.GetName() + "{" + strings.Join(labels, ",") + "}"
			switch {
			case m.Histogram != nil:
				all[name] = float64(m.Histogram.GetSampleCount())
			case m.Gauge != nil:
				all[name] = m.Gauge.GetValue()
			default:
				all[name] = m.Counter.GetValue()
			}
		}
	}
	return all
}

func TestMetricsCountWhatHappensToMessages(t *testing.T) {
	w, s := newWard(t, 3), startSMSC(t)
	s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
		switch {
		case strings.HasSuffix(m.to, "1"):
			respond(smpp.SubmitResult{Status: smpp.StatusInvDest})
		case strings.HasSuffix(m.to, "2") && m.n <= 3: // once
			respond(smpp.SubmitResult{Status: smpp.StatusTemporaryApp})
		default:
			respond(smpp.SubmitResult{MessageID: m.id()})
			s.forward(receiptOf(m.id(), m.to, "DELIVRD"))
		}
	}
	w.run(1, nil)
	read := w.metered(s, Words{"dang_ky": {"DK"}}, nil)
	s.forward(fromPhone("84905111222", "DK"))
	s.forward(receiptOf("nobody's", "84905111222", "DELIVRD"))
	want := map[string]float64{
		"canhgiac_messages_total{carrier=viettel,state=delivered}":                2,
		"canhgiac_messages_total{carrier=viettel,state=failed}":                   1,
		"canhgiac_messages_total{carrier=viettel,state=unknown}":                  0,
		"canhgiac_submits_total{carrier=viettel}":                                 4,
		"canhgiac_submit_responses_total{carrier=viettel,status=ESME_ROK}":        2,
		"canhgiac_submit_responses_total{carrier=viettel,status=ESME_RINVDSTADR}": 1,
		"canhgiac_submit_responses_total{carrier=viettel,status=ESME_RX_T_APPN}":  1,
		"canhgiac_submit_response_seconds{carrier=viettel}":                       4,
		"canhgiac_retries_total{carrier=viettel}":                                 1,
		"canhgiac_receipt_lag_seconds{carrier=viettel}":                           2,
		"canhgiac_receipts_unmatched_total{carrier=viettel}":                      1,
		"canhgiac_inbound_total{action=dang_ky,carrier=viettel}":                  1,
		"canhgiac_link_bound{carrier=viettel}":                                    1,
		"canhgiac_link_window{carrier=viettel}":                                   10,
		"canhgiac_binds{carrier=viettel,mode=bind_transceiver,state=up}":          1,
		"canhgiac_binds{carrier=viettel,mode=bind_transceiver,state=down}":        0,
		"canhgiac_link_window_in_use{carrier=viettel}":                            0,
	}
	w.ended(1)
	for name, n := range want {
		until(t, name, func() bool {
			w.clock.move(time.Second)
			got, ok := read()[name]
			return ok && got == n
		})
	}
}

func TestMetricsTellWhatWaitsAndWhatCarriersAreHeldTo(t *testing.T) {
	w := newWard(t, 5)
	w.run(1, nil)
	w.run(2, func(r *Run) { r.SendAfter = morning.Add(time.Hour) })
	w.send(Single{To: "+84905111222", Text: "Tin", Purpose: Reply})
	w.clock.move(90 * time.Second)
	w.exec(`insert into carrier_rates (carrier, next_at, rate, step, slowed_at) values ('vina', now(), 50, 0, now())`)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newQueueMeter(w.store, []Carrier{{Name: "viettel", Rate: 200}, {Name: "vina", Rate: 100}, {Name: "mobi"}}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := lines(families)
	for name, n := range map[string]float64{
		"canhgiac_queue_messages{carrier=viettel,kind=run}":    5,
		"canhgiac_queue_messages{carrier=viettel,kind=single}": 1,
		"canhgiac_queue_oldest_seconds{carrier=viettel}":       90,
		"canhgiac_link_rate{carrier=viettel}":                  200,
		"canhgiac_link_rate{carrier=vina}":                     50,
	} {
		if got[name] != n {
			t.Errorf("%s is %v, want %v", name, got[name], n)
		}
	}
	if _, limited := got["canhgiac_link_rate{carrier=mobi}"]; limited {
		t.Error("a carrier without a limit has one")
	}
}

// The dashboard and the metrics are kept together: each of the gateway's metrics has its panel, and no panel asks for one
// that is not there.
func TestTheDashboardShowsEveryMetricOfTheGateway(t *testing.T) {
	text, err := os.ReadFile("../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	w, s := newWard(t, 1), startSMSC(t)
	s.receipts = true
	w.run(1, nil)
	w.send(Single{To: "+84905111222", Text: "Tin", Purpose: Reply})
	read := w.metered(s, nil, nil)
	s.forward(fromPhone("84905111222", "chao"))
	var have []string
	until(t, "every metric is there", func() bool {
		have = have[:0]
		for name := range read() {
			have = append(have, name[:strings.IndexByte(name, '{')])
		}
		return slices.Contains(have, "canhgiac_inbound_total") && slices.Contains(have, "canhgiac_submit_responses_total") &&
			slices.Contains(have, "canhgiac_carrier_receipt_form")
	})
	have = append(have, "canhgiac_queue_messages", "canhgiac_queue_oldest_seconds") // only while something waits
	have = append(have, "canhgiac_link_rate")                                       // only of a carrier with a limit
	shown := map[string]bool{}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			for _, name := range regexp.MustCompile(`canhgiac_[a-z_]+`).FindAllString(target.Expr, -1) {
				name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
				shown[name] = true
				if !slices.Contains(have, name) {
					t.Errorf("panel %q asks for %s, which is no metric of the gateway", p.Title, name)
				}
			}
		}
	}
	for _, name := range have {
		if !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}
