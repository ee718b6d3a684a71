package gateway

import (
	"context"
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// queueMeter reads, when it is asked, how much waits in the queue. It stands in the database, so that every node tells the
// same: a dashboard takes the largest, not the sum.
type queueMeter struct {
	db      *sql.DB
	now     func() time.Time
	waiting *prometheus.Desc
	oldest  *prometheus.Desc
}

func newQueueMeter(db *sql.DB, now func() time.Time) *queueMeter {
	return &queueMeter{
		db: db, now: now,
		waiting: prometheus.NewDesc("canhgiac_queue_messages", "Messages that may go out now and have not, the same on every node; kind is run or single.", []string{"carrier", "kind"}, nil),
		oldest:  prometheus.NewDesc("canhgiac_queue_oldest_seconds", "For how long the oldest single message has been due.", []string{"carrier"}, nil),
	}
}

// queueTime bounds a scrape: a database in trouble must not take the metrics with it.
const queueTime = 2 * time.Second

const waitingRunsSQL = `
select carrier, sum(size - watermark) from chunks where state = 'open' and not paused and ready_at <= $1 group by carrier`

const waitingSinglesSQL = `
select carrier, count(*), extract(epoch from $1 - min(ready_at)) from outbox where lease_node is null and ready_at <= $1 group by carrier`

// Describe and Collect make it a prometheus.Collector.
func (q *queueMeter) Describe(ch chan<- *prometheus.Desc) {
	ch <- q.waiting
	ch <- q.oldest
}

func (q *queueMeter) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), queueTime)
	defer cancel()
	err := q.each(ctx, waitingRunsSQL, func(rows *sql.Rows) error {
		var carrier string
		var n float64
		err := rows.Scan(&carrier, &n)
		ch <- prometheus.MustNewConstMetric(q.waiting, prometheus.GaugeValue, n, carrier, "run")
		return err
	})
	if err != nil {
		ch <- prometheus.NewInvalidMetric(q.waiting, err)
		return
	}
	err = q.each(ctx, waitingSinglesSQL, func(rows *sql.Rows) error {
		var carrier string
		var n, oldest float64
		err := rows.Scan(&carrier, &n, &oldest)
		ch <- prometheus.MustNewConstMetric(q.waiting, prometheus.GaugeValue, n, carrier, "single")
		ch <- prometheus.MustNewConstMetric(q.oldest, prometheus.GaugeValue, oldest, carrier)
		return err
	})
	if err != nil {
		ch <- prometheus.NewInvalidMetric(q.oldest, err)
	}
}

func (q *queueMeter) each(ctx context.Context, query string, row func(*sql.Rows) error) error {
	rows, err := q.db.QueryContext(ctx, query, q.now().UTC())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
