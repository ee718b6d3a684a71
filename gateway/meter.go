package gateway

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"canhgiac/gateway/smpp"
)

// meter counts for the operator. Its counts start anew with the process; the database holds the truth.
type meter struct {
	messages  *prometheus.CounterVec
	submits   *prometheus.CounterVec
	responses *prometheus.CounterVec
	took      *prometheus.HistogramVec
	retries   *prometheus.CounterVec
	receipts  *prometheus.HistogramVec
	orphans   *prometheus.CounterVec
	clashes   *prometheus.CounterVec
	forms     *prometheus.GaugeVec
	inbound   *prometheus.CounterVec
	ussd      *prometheus.CounterVec
}

func newMeter() *meter {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	return &meter{
		messages:  counter("canhgiac_messages_total", "Messages that entered a state.", "carrier", "state"),
		submits:   counter("canhgiac_submits_total", "submit_sm put on the wire.", "carrier"),
		responses: counter("canhgiac_submit_responses_total", "Responses to submit_sm by command_status; none: no response in time.", "carrier", "status"),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "canhgiac_submit_response_seconds", Help: "From submit_sm to its response.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30}}, []string{"carrier"}),
		retries: counter("canhgiac_retries_total", "Messages that wait for another try.", "carrier"),
		receipts: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "canhgiac_receipt_lag_seconds", Help: "From a message's acceptance to the receipt that ended it.",
			Buckets: []float64{.1, .3, 1, 3, 10, 30, 100, 300, 1000, 3600, 21600, 86400}}, []string{"carrier"}),
		orphans: counter("canhgiac_receipts_unmatched_total", "Receipts that came when no message answered to them.", "carrier"),
		clashes: counter("canhgiac_receipts_contradicting_total", "Receipts that say otherwise than an earlier one, which stands.", "carrier"),
		forms: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "canhgiac_carrier_receipt_form",
			Help: "1 for how the carrier's receipts write ids, as configured or learned; auto while nothing is learned."}, []string{"carrier", "form"}),
		inbound: counter("canhgiac_inbound_total", "SMS from residents, by the action of their word; other: no known word.", "carrier", "action"),
		ussd:    counter("canhgiac_ussd_total", "What happened in USSD sessions; failed: a step that could not be taken.", "carrier", "kind"),
	}
}

// linkMeter is the meter of one carrier, with what each message counts looked up once.
type linkMeter struct {
	meter   *meter
	carrier string
	states  map[State]prometheus.Counter
	submits prometheus.Counter
	ok      prometheus.Counter
	took    prometheus.Observer
	retries prometheus.Counter
	lag     prometheus.Observer
}

func (m *meter) of(carrier string) *linkMeter {
	l := &linkMeter{
		meter: m, carrier: carrier, states: map[State]prometheus.Counter{},
		submits: m.submits.WithLabelValues(carrier), ok: m.responses.WithLabelValues(carrier, smpp.StatusOK.String()),
		took: m.took.WithLabelValues(carrier), retries: m.retries.WithLabelValues(carrier), lag: m.receipts.WithLabelValues(carrier),
	}
	for _, s := range []State{Accepted, Delivered, Failed, Expired, Unknown, Suppressed, Cancelled} {
		l.states[s] = m.messages.WithLabelValues(carrier, string(s))
	}
	m.orphans.WithLabelValues(carrier) // so that a panel shows 0, not nothing
	m.clashes.WithLabelValues(carrier)
	for _, kind := range []USSDKind{USSDDialled, USSDAnswered, USSDShown, USSDDropped, ussdFailed} {
		m.ussd.WithLabelValues(carrier, string(kind))
	}
	return l
}

// moved counts n messages that entered s; Queued is another try.
func (l *linkMeter) moved(s State, n int) {
	switch c, ok := l.states[s]; {
	case ok:
		c.Add(float64(n))
	case s == Queued:
		l.retries.Add(float64(n))
	}
}

// movedAll counts messages by the state that they entered.
func (l *linkMeter) movedAll(by map[State]int) {
	for s, n := range by {
		l.moved(s, n)
	}
}

// answered counts a response, or that none came, which status then does not say.
func (l *linkMeter) answered(r smpp.SubmitResult, took time.Duration) {
	switch {
	case r.Err != nil:
		l.meter.responses.WithLabelValues(l.carrier, "none").Inc()
		return
	case r.Status == smpp.StatusOK:
		l.ok.Inc()
	default:
		l.meter.responses.WithLabelValues(l.carrier, r.Status.String()).Inc()
	}
	l.took.Observe(took.Seconds())
}

// receipted counts a receipt that ended a message, lag seconds after its acceptance.
func (l *linkMeter) receipted(lag float64) { l.lag.Observe(lag) }

func (l *linkMeter) ussd(kind USSDKind) { l.meter.ussd.WithLabelValues(l.carrier, string(kind)).Inc() }

func (l *linkMeter) contradicted(n int) { l.meter.clashes.WithLabelValues(l.carrier).Add(float64(n)) }

func (l *linkMeter) receiptForm(form ReceiptID) {
	l.meter.forms.DeletePartialMatch(prometheus.Labels{"carrier": l.carrier})
	l.meter.forms.WithLabelValues(l.carrier, string(form)).Set(1)
}

func (l *linkMeter) unmatched(n int) { l.meter.orphans.WithLabelValues(l.carrier).Add(float64(n)) }

func (l *linkMeter) received(action string) {
	if action == "" {
		action = "other"
	}
	l.meter.inbound.WithLabelValues(l.carrier, action).Inc()
}

// register makes the counts, and what each link tells of itself, visible on r.
func (m *meter) register(r prometheus.Registerer, links []*link, q *queueMeter) error {
	list := []prometheus.Collector{m.messages, m.submits, m.responses, m.took, m.retries, m.receipts, m.orphans, m.clashes, m.forms, m.inbound, m.ussd, q}
	for _, l := range links {
		list = append(list, l.gauges()...)
	}
	for _, c := range list {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register metrics of the gateway: %w", err)
		}
	}
	return nil
}

// gauges are what the operator may ask of a link at any moment.
func (l *link) gauges() []prometheus.Collector {
	list := l.linkGauges()
	if t, ok := l.transport.(interface{ Binds() []smpp.BindStatus }); ok {
		list = append(list, newBindMeter(l.carrier.Name, t.Binds))
	}
	return list
}

func (l *link) linkGauges() []prometheus.Collector {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: prometheus.Labels{"carrier": l.carrier.Name}}, value)
	}
	return []prometheus.Collector{
		gauge("canhgiac_link_bound", "1 while messages can be submitted.", func() float64 {
			if l.transport.Bound() {
				return 1
			}
			return 0
		}),
		gauge("canhgiac_link_window_in_use", "submit_sm without a response.", func() float64 { return float64(l.transport.InFlight()) }),
	}
}
