package gateway

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// queueMeter reads, when it is asked, what waits in the queues and what the carriers are held to. It stands in the
// database, so that every node tells the same: a dashboard takes the largest, not the sum.
type queueMeter struct {
	store    *Store
	carriers []Carrier
	waiting  *prometheus.Desc
	oldest   *prometheus.Desc
	rate     *prometheus.Desc
}

func newQueueMeter(s *Store, carriers []Carrier) *queueMeter {
	return &queueMeter{
		store: s, carriers: carriers,
		waiting: prometheus.NewDesc("canhgiac_queue_messages", "Messages that may go out now and have not, the same on every node; kind is run or single.", []string{"carrier", "kind"}, nil),
		oldest:  prometheus.NewDesc("canhgiac_queue_oldest_seconds", "For how long the oldest single message has been due.", []string{"carrier"}, nil),
		rate: prometheus.NewDesc("canhgiac_link_rate", "Parts a second that the carrier is held to at this moment, by all nodes together and the same on each; absent: no limit.",
			[]string{"carrier"}, nil),
	}
}

// queueTime bounds a scrape: a database in trouble must not take the metrics with it.
const queueTime = 2 * time.Second

// Describe and Collect make it a prometheus.Collector.
func (q *queueMeter) Describe(ch chan<- *prometheus.Desc) {
	ch <- q.waiting
	ch <- q.oldest
	ch <- q.rate
}

func (q *queueMeter) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), queueTime)
	defer cancel()
	gauge := func(d *prometheus.Desc, n float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
	}
	queues, err := q.store.waiting(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(q.waiting, err)
		return
	}
	for carrier, w := range queues {
		if w.Runs > 0 {
			gauge(q.waiting, float64(w.Runs), carrier, "run")
		}
		if w.Singles > 0 {
			gauge(q.waiting, float64(w.Singles), carrier, "single")
			gauge(q.oldest, q.store.now().Sub(*w.SinglesSince).Seconds(), carrier)
		}
	}
	for _, c := range q.carriers {
		r, err := q.store.rate(ctx, c.Name, c.Rate)
		if err != nil {
			ch <- prometheus.NewInvalidMetric(q.rate, err)
			return
		}
		if r.Now > 0 { // +Inf would take the scale of a graph, and other carriers' lines, with it
			gauge(q.rate, r.Now, c.Name)
		}
	}
}
