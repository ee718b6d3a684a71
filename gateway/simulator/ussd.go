package simulator

import (
	"strings"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// ussd_service_op (SMPP §5.3.2.44): the network asks the first two questions, the gateway answers with the others.
const (
	opBegin  = 1   // PSSR indication: a code was dialled
	opAsk    = 2   // USSR request: a screen that wants an answer
	opNotify = 3   // USSN request: one that wants none
	opEnd    = 17  // PSSR response: the last screen
	opAnswer = 18  // USSR confirm: what was typed
	opAbort  = 129 // a vendor's: the owner pressed the red button, or the network lost patience
)

const (
	usualIdle = 3 * time.Minute
	typing    = 20 * time.Millisecond // how long a script's handset thinks about a question
)

// dialog is one handset's USSD session.
type dialog struct {
	n       number
	code    string
	account *account
	profile USSD
	id      uint16
	seq     byte
	asked   bool // a screen wants an answer
	serial  int  // of what happened last, so that an old idle time ends nothing
	script  *Dialog
	answers []string // that the script has left
}

// Dial begins a USSD dialog from a handset; what the gateway shows comes as its events.
func (s *Simulator) Dial(from, code string) error {
	n, err := parseNumber(from)
	if err != nil {
		return err
	}
	if !isCode(code) {
		return errCode
	}
	return s.smsc.dial(n, code, nil)
}

// Answer types an answer to the question that stands on a handset's screen.
func (s *Simulator) Answer(from, text string) error {
	return s.smsc.onDialog(from, func(d *dialog) error {
		if text == "" || len(text) > 160 {
			return errEmpty
		}
		return s.smsc.typed(d, text)
	})
}

// CancelDialog presses the red button on a handset's USSD dialog.
func (s *Simulator) CancelDialog(from string) error {
	return s.smsc.onDialog(from, func(d *dialog) error {
		s.smsc.abort(d, "cancelled")
		return nil
	})
}

func (c *smsc) onDialog(from string, do func(*dialog) error) error {
	n, err := parseNumber(from)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.dialogs[n]
	if !ok {
		return errNoDialog
	}
	return do(d)
}

// dial begins a dialog, led by a script or by whoever holds the handset.
func (c *smsc) dial(n number, code string, script *Dialog) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dialogs[n] != nil {
		return errDialog
	}
	a := c.anyBound()
	if a == nil || !a.bound() {
		return errNoGateway
	}
	c.lastRef++
	d := &dialog{n: n, code: code, account: a, profile: c.network.USSD, id: c.lastRef & 0x7FFF, script: script}
	if script != nil {
		d.answers = script.Answers
	}
	c.dialogs[n] = d
	c.phone.dialog(n, Event{State: "dialled", Text: code}, c.o.Now())
	c.say(d, opBegin, code, false)
	return nil
}

// typed sends the owner's answer. The caller holds mu, as in what follows.
func (c *smsc) typed(d *dialog, text string) error {
	if !d.asked {
		return errNotAsked
	}
	d.asked = false
	c.phone.dialog(d.n, Event{State: "answered", Text: text}, c.o.Now())
	c.say(d, opAnswer, text, false)
	return nil
}

// abort ends d from the handset's side.
func (c *smsc) abort(d *dialog, state string) {
	c.say(d, opAbort, "", true)
	c.over(d, state, "")
}

func (c *smsc) over(d *dialog, state, text string) {
	delete(c.dialogs, d.n)
	c.phone.dialog(d.n, Event{State: state, Text: text}, c.o.Now())
}

// say sends one of the handset's turns to the gateway.
func (c *smsc) say(d *dialog, op byte, text string, end bool) {
	m := &smpp.DeliverSM{
		ServiceType: "USSD", Source: smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: string(d.n)},
		Dest: smpp.Address{TON: smpp.TONUnknown, NPI: smpp.NPIISDN, Addr: strings.Trim(d.code, "*#")},
		TLVs: smpp.TLVs{{Tag: smpp.TagUSSDServiceOp, Value: []byte{op}}},
	}
	if d.profile.Code == codeInDest {
		if m.Dest.Addr = d.code; op == opBegin {
			text = ""
		}
	}
	if parts, err := sms.Split(text, 0); err == nil && len(parts) > 0 {
		m.DataCoding, m.ShortMessage = byte(parts[0].Encoding), parts[0].Payload
	}
	if info := d.info(end); info != nil {
		m.TLVs = append(m.TLVs, smpp.TLV{Tag: smpp.TagITSSessionInfo, Value: info})
	}
	d.seq++
	c.wait(d)
	serial := d.serial
	d.account.put(receipt{}, m, func(st smpp.Status) {
		if st != smpp.StatusOK {
			c.unless(d, serial, func() { c.over(d, "failed", "") })
		}
	})
}

// wait ends d when nothing happens for its idle time.
func (c *smsc) wait(d *dialog) {
	d.serial++
	serial, idle := d.serial, d.profile.Idle
	if idle == 0 {
		idle = usualIdle
	}
	c.later.after(idle, func() { c.unless(d, serial, func() { c.abort(d, "timeout") }) })
}

// follow does what a script says to the question that stands on the screen.
func (c *smsc) follow(d *dialog) {
	switch {
	case len(d.answers) > 0:
		answer := d.answers[0]
		d.answers = d.answers[1:]
		_ = c.typed(d, answer) // asked, or it would not be followed
	case d.script.Cancel:
		c.abort(d, "cancelled")
	}
}

// unless does something to d when it still stands where it stood at serial.
func (c *smsc) unless(d *dialog, serial int, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dialogs[d.n] == d && d.serial == serial {
		do()
	}
}

// screen takes a submit_sm that is USSD: what the gateway shows on a handset.
func (c *smsc) screen(s *smpp.SubmitSM, op byte) smpp.Status {
	n, err := parseNumber(s.Dest.Addr)
	if err != nil {
		return smpp.StatusInvDest
	}
	_, octets := placeOf(s)
	text, err := sms.Text(screenCoding(s.DataCoding), octets)
	if err != nil || len(octets) > 160 {
		return smpp.StatusInvMsgLen
	}
	info, _ := s.TLVs.Get(smpp.TagITSSessionInfo)
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.dialogs[n]
	if !ok {
		return smpp.StatusInvDest // nobody is there any more
	}
	owns, last := d.owns(info)
	switch {
	case !owns:
		return smpp.StatusInvTLVValue
	case op == opEnd, op == opNotify && last:
		c.over(d, "ended", text)
	case op == opNotify:
		c.phone.dialog(n, Event{State: "notice", Text: text}, c.o.Now())
	case op == opAsk:
		d.asked = true
		c.phone.dialog(n, Event{State: "asked", Text: text}, c.o.Now())
		c.wait(d)
		if serial := d.serial; d.script != nil {
			c.later.after(typing, func() { c.unless(d, serial, func() { c.follow(d) }) })
		}
	default:
		return smpp.StatusInvTLVValue
	}
	return smpp.StatusOK
}
