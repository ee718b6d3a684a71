package reports

import (
	"fmt"
	"time"

	"github.com/lib/pq"
)

// Deadlines are how long the law gives for each step of a report: TTLT 01/2021/TTLT-BCA-BQP-BTC-BNNPTNT-VKSNDTC (it amends
// TTLT 01/2017) and HD 11/HD-BCA-V03 of 2025, on BLTTHS Điều 145–147. A jurist confirms them before a ward goes live, so
// they are configuration.
type Deadlines struct {
	Receive  time.Duration // from the first key until an officer has received it
	Classify time.Duration // from its reception until it is being verified, or handed on
	Resolve  time.Duration // from its reception until it is transferred or answered: an ordinary case
	Complex  time.Duration // likewise, a complex case (BLTTHS Điều 147 khoản 2)
	Extended time.Duration // likewise, extended by the procuracy
	Soon     float64       // the last share of a time in which it counts as due soon, 0 to 1
}

// DefaultDeadlines are those of the law as read in 2026.
func DefaultDeadlines() Deadlines {
	const day = 24 * time.Hour
	return Deadlines{Receive: day, Classify: day, Resolve: 20 * day, Complex: 60 * day, Extended: 120 * day, Soon: 0.25}
}

// Term is how long a report may take to be resolved.
type Term string

const (
	Ordinary Term = "ordinary"
	Complex  Term = "complex"
	Extended Term = "extended"
)

// Terms from the shortest to the longest.
func Terms() []Term { return []Term{Ordinary, Complex, Extended} }

// Clock names a deadline: what has to be done by then.
type Clock string

const (
	ToReceive  Clock = "receive"
	ToClassify Clock = "classify"
	ToResolve  Clock = "resolve"
)

// Standing is how a report stands to its deadline.
type Standing string

const (
	InTime  Standing = "in_time"
	DueSoon Standing = "soon"
	Overdue Standing = "overdue"
)

// Due is the deadline that runs for a report.
type Due struct {
	Clock    Clock
	At       time.Time
	Standing Standing
}

// Of gives the deadline that runs for r at now; false when none does, because the ward has done its part.
func (d Deadlines) Of(r Report, now time.Time) (Due, bool) {
	var due Due
	var from time.Time
	var takes time.Duration
	switch r.State {
	case New:
		due.Clock, from, takes = ToReceive, r.CreatedAt, d.Receive
	case Received:
		due.Clock, from, takes = ToClassify, r.ReceivedAt, d.Classify
	case Verifying, Reopened:
		due.Clock, from, takes = ToResolve, r.ReceivedAt, d.resolve(r.Term)
	default:
		return Due{}, false
	}
	due.At = from.Add(takes)
	switch {
	case now.After(due.At):
		due.Standing = Overdue
	case now.After(due.At.Add(-time.Duration(d.Soon * float64(takes)))):
		due.Standing = DueSoon
	default:
		due.Standing = InTime
	}
	return due, true
}

func (d Deadlines) resolve(t Term) time.Duration {
	switch t {
	case Complex:
		return d.Complex
	case Extended:
		return d.Extended
	}
	return d.Resolve
}

// seconds are d as dueSQL takes it.
func (d Deadlines) seconds() any {
	return pq.Array([]float64{d.Receive.Seconds(), d.Classify.Seconds(), d.Resolve.Seconds(), d.Complex.Seconds(), d.Extended.Seconds(), d.Soon})
}

// dueSQL is Of for a query: when the running deadline of r falls due, less its share of the time, or null where none runs.
// terms is the place of Deadlines.seconds among the parameters.
func dueSQL(terms, share string) string {
	takes := func(i int) string {
		return fmt.Sprintf("make_interval(secs => (%[1]s::float8[])[%[2]d] * (1 - %[3]s))", terms, i, share)
	}
	return `(case r.state when 'new' then r.created_at + ` + takes(1) + ` when 'received' then r.received_at + ` + takes(2) + `
       when 'verifying' then r.received_at + ` + resolveSQL(takes) + ` when 'reopened' then r.received_at + ` + resolveSQL(takes) + ` end)`
}

func resolveSQL(takes func(int) string) string {
	return `case r.term when 'complex' then ` + takes(4) + ` when 'extended' then ` + takes(5) + ` else ` + takes(3) + ` end`
}
