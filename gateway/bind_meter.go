package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"canhgiac/gateway/smpp"
)

// bindMeter tells, when it is asked, how the binds of one carrier stand.
type bindMeter struct {
	binds  func() []smpp.BindStatus
	count  *prometheus.Desc
	window *prometheus.Desc
}

func newBindMeter(carrier string, binds func() []smpp.BindStatus) *bindMeter {
	labels := prometheus.Labels{"carrier": carrier}
	return &bindMeter{
		binds:  binds,
		count:  prometheus.NewDesc("canhgiac_binds", "Binds by mode; state is up or down.", []string{"mode", "state"}, labels),
		window: prometheus.NewDesc("canhgiac_link_window", "submit_sm that may be without a response, over the binds that are up.", nil, labels),
	}
}

// Describe and Collect make it a prometheus.Collector.
func (b *bindMeter) Describe(ch chan<- *prometheus.Desc) {
	ch <- b.count
	ch <- b.window
}

func (b *bindMeter) Collect(ch chan<- prometheus.Metric) {
	type kind struct{ mode, state string }
	counts, window := map[kind]int{}, 0
	for _, s := range b.binds() {
		mode := s.Mode.String()
		up, down := kind{mode, "up"}, kind{mode, "down"}
		counts[up] += 0 // so that both are always there
		counts[down] += 0
		if s.Bound {
			counts[up]++
			window += s.Window
		} else {
			counts[down]++
		}
	}
	for k, n := range counts {
		ch <- prometheus.MustNewConstMetric(b.count, prometheus.GaugeValue, float64(n), k.mode, k.state)
	}
	ch <- prometheus.MustNewConstMetric(b.window, prometheus.GaugeValue, float64(window))
}
