package gateway

import (
	"context"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// USSD is something that happened in a USSD session which a carrier brings over SMPP.
type USSD struct {
	Kind    USSDKind
	Carrier string
	Session string // the carrier's name for it, the number in it; the number alone where the profile has no other
	Step    string // the carrier's name for the step; "" where it has none
	From    string // as the carrier writes it
	Code    string // dialled
	Text    string // USSDAnswered: as typed
	Why     string // USSDDropped
}

// USSDKind says what happened.
type USSDKind string

// Only the first two are answered by a screen.
const (
	USSDDialled  USSDKind = "dialled"
	USSDAnswered USSDKind = "answered"
	USSDDropped  USSDKind = "dropped" // the network let go of it, or the screen did not reach the network
	USSDShown    USSDKind = "shown"   // the network has taken the last screen

	ussdFailed USSDKind = "failed" // for the meter: a step that could not be taken
)

// USSDScreen is what the phone shows, at most 160 characters of GSM-7; End closes the session.
type USSDScreen struct {
	Text string
	End  bool
}

// USSDHandler takes one step and gives the screen to show. Once it has returned, the step is stored: only then does the
// carrier hear that it has arrived. With an error it may still give a screen, which says to the person that it failed.
type USSDHandler func(ctx context.Context, in USSD) (USSDScreen, error)

const (
	ussdLanes  = 4               // steps of different numbers taken at one time; one number's come one after the other
	ussdAnswer = 8 * time.Second // from a step to its screen; networks let go after some ten
)

// ussdDesk takes the USSD of one link. A session is synchronous, so its screens do not go through the queue: they go at
// once within the link's window, and what waits makes room for them in the carrier's rate.
type ussdDesk struct {
	link    *link
	profile ussdProfile
	handle  USSDHandler
	lanes   [ussdLanes]*inbox[ussdStep]
	log     *slog.Logger
}

// ussdStep is what a lane does next: a deliver_sm, or the result of its screen.
type ussdStep struct {
	in  USSD
	pdu *smpp.DeliverSM
	ack func(smpp.Status)
}

// newUSSDDesk gives nil for a carrier without USSD.
func newUSSDDesk(l *link, handle USSDHandler) *ussdDesk {
	profile, ok := ussdProfiles[l.carrier.USSD]
	if !ok || handle == nil {
		return nil
	}
	d := &ussdDesk{link: l, profile: profile, handle: handle, log: l.log}
	for i := range d.lanes {
		d.lanes[i] = newInbox[ussdStep]()
	}
	return d
}

// takes puts m on its way if it is USSD's.
func (d *ussdDesk) takes(m *smpp.DeliverSM, ack func(smpp.Status)) bool {
	if d == nil {
		return false
	}
	op, ok := m.TLVs.Get(smpp.TagUSSDServiceOp)
	if !ok || len(op) != 1 {
		return false
	}
	in := d.profile.read(m)
	in.Carrier = d.link.carrier.Name
	switch {
	case op[0] == ussdAbort:
		in.Kind, in.Why = USSDDropped, "aborted by the network"
	case in.Kind == USSDDropped:
		in.Why = "ended by the network"
	case op[0] == ussdPSSRIndication:
		in.Kind = USSDDialled
	case op[0] == ussdUSSRConfirm:
		in.Kind = USSDAnswered
	default: // confirmation of a notice, and what we never asked for
		d.log.Warn("USSD operation that no session of ours has", "op", op[0])
		ack(smpp.StatusOK)
		return true
	}
	d.lane(in.From).put(ussdStep{in: in, pdu: m, ack: ack})
	return true
}

func (d *ussdDesk) lane(from string) *inbox[ussdStep] {
	h := fnv.New32a()
	h.Write([]byte(from))
	return d.lanes[h.Sum32()%ussdLanes]
}

func (d *ussdDesk) run(ctx context.Context) {
	if d == nil {
		return
	}
	var all sync.WaitGroup
	for _, in := range d.lanes {
		all.Go(func() { d.work(ctx, in) })
	}
	all.Wait()
}

func (d *ussdDesk) close() {
	if d == nil {
		return
	}
	for _, in := range d.lanes {
		in.close()
	}
}

func (d *ussdDesk) work(ctx context.Context, in *inbox[ussdStep]) {
	for range in.ready {
		list, ended := in.take(20)
		for _, s := range list {
			d.step(ctx, s)
		}
		if ended {
			return
		}
	}
}

func (d *ussdDesk) step(ctx context.Context, s ussdStep) {
	ctx, cancel := context.WithTimeout(ctx, ussdAnswer)
	defer cancel()
	screen, err := d.handle(ctx, s.in)
	d.link.meter.ussd(s.in.Kind)
	if err != nil {
		d.link.meter.ussd(ussdFailed)
		d.log.Error("take a USSD step", "kind", string(s.in.Kind), "error", err)
	}
	if s.pdu == nil {
		return
	}
	if err != nil && screen.Text == "" {
		s.ack(smpp.StatusTemporaryApp)
		return
	}
	s.ack(smpp.StatusOK)
	if s.in.Kind == USSDDropped {
		return
	}
	if err := d.show(ctx, s, screen); err != nil {
		d.log.Warn("a USSD screen did not go out", "error", err)
		s.in.Kind, s.in.Why = USSDDropped, "the screen did not go out"
		d.link.meter.ussd(USSDDropped)
		if _, err := d.handle(ctx, s.in); err != nil {
			d.log.Error("end a USSD session", "error", err)
		}
	}
}

// show submits a screen; what comes of it goes to the lane, since the link's goroutines must not wait.
func (d *ussdDesk) show(ctx context.Context, s ussdStep, screen USSDScreen) error {
	p, err := d.profile.answer(s.pdu, screen)
	if err != nil {
		return err
	}
	d.link.pace.passed()
	return d.link.transport.Submit(ctx, p, func(r smpp.SubmitResult) {
		told := ussdStep{in: s.in}
		told.in.Kind = USSDShown
		if r.Err != nil || r.Status != smpp.StatusOK {
			told.in.Kind, told.in.Why = USSDDropped, "the network did not take the screen"
			if r.Status.Throttled() {
				d.link.pace.complain()
			}
			if r.Err != nil {
				d.log.Warn("a USSD screen was not taken", "error", r.Err)
			} else {
				d.log.Warn("a USSD screen was not taken", "status", r.Status.String(), "what_to_do", "ask the operator what stands in its_session_info, and set the carrier's ussd to it")
			}
		}
		d.lane(s.in.From).put(told)
	})
}

// typed reads what a phone sent. USSD's own data coding (3GPP TS 23.038 §5) comes through with some gateways.
func typed(m *smpp.DeliverSM) string {
	coding := m.DataCoding
	switch {
	case coding <= 0x0F: // GSM-7 in some language; SMPP's own UCS-2 is 8
		if coding != byte(sms.UCS2) && coding != 3 {
			coding = byte(sms.GSM7)
		}
	case coding&0xEC == 0x48: // general, UCS-2
		coding = byte(sms.UCS2)
	}
	text, _, err := sms.Decode(coding, m.UDHI(), m.Text())
	if err != nil {
		text = letters(m.Text())
	}
	return strings.TrimSpace(storable(text))
}
