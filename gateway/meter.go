package gateway

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// meter counts for the operator. Its counts start anew with the process; the database holds the truth.
type meter struct {
	messages *prometheus.CounterVec
	orphans  *prometheus.CounterVec
	replies  *prometheus.CounterVec
}

func newMeter() *meter {
	return &meter{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "canhgiac_messages_total", Help: "Messages that entered a state."}, []string{"carrier", "state"}),
		orphans:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "canhgiac_receipts_unmatched_total", Help: "Receipts that came when no message answered to them."}, []string{"carrier"}),
		replies:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "canhgiac_submit_responses_total", Help: "Responses to submit_sm by command_status."}, []string{"carrier", "status"}),
	}
}

func (m *meter) moved(carrier string, by map[State]int) {
	for state, n := range by {
		m.messages.WithLabelValues(carrier, string(state)).Add(float64(n))
	}
}

func (m *meter) unmatched(carrier string, n int) { m.orphans.WithLabelValues(carrier).Add(float64(n)) }

// register makes the counts, and what each link tells of itself, visible on r.
func (m *meter) register(r prometheus.Registerer, links []*link) error {
	list := []prometheus.Collector{m.messages, m.orphans, m.replies}
	for _, l := range links {
		labels := prometheus.Labels{"carrier": l.carrier.Name}
		list = append(list,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "canhgiac_link_bound", Help: "1 while the bind is up.", ConstLabels: labels}, func() float64 {
				if l.transport.Bound() {
					return 1
				}
				return 0
			}),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "canhgiac_link_window_in_use", Help: "submit_sm without a response.", ConstLabels: labels}, func() float64 {
				return float64(l.transport.InFlight())
			}))
	}
	for _, c := range list {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register metrics of the gateway: %w", err)
		}
	}
	return nil
}
