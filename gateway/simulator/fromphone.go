package simulator

import (
	"strings"
	"unicode/utf8"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// textLimit is how long a text a handset composes, in characters: ten parts with diacritics.
const textLimit = 660

// Text sends an SMS from a handset. When no gateway is bound the network holds it until one is.
func (s *Simulator) Text(from, to, text string) error {
	n, err := parseNumber(from)
	if err != nil {
		return err
	}
	code, err := parseNumber(to)
	if err != nil {
		return err
	}
	if text = strings.TrimSpace(text); text == "" || utf8.RuneCountInString(text) > textLimit {
		return errEmpty
	}
	return s.smsc.fromPhone(n, code, text)
}

// fromPhone puts a handset's text on its way, in as many parts as it takes.
func (c *smsc) fromPhone(n, to number, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRef++
	parts, err := sms.Split(text, c.lastRef)
	if err != nil {
		return err
	}
	c.phone.text(n, Event{From: n.national(), To: to.national(), Text: text}) // before any answer to it can stand there
	for _, part := range parts {
		d := &smpp.DeliverSM{
			Source: smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: string(n)}, Dest: dialled(to),
			DataCoding: byte(part.Encoding), ShortMessage: append(append([]byte{}, part.UDH...), part.Payload...),
		}
		if len(part.UDH) > 0 {
			d.ESMClass = smpp.ESMClassUDHI
		}
		p := c.parcel(&c.ledger.counts.FromPhones, d)
		p.at = c.o.Now()
		switch box := c.anyBound(); {
		case box == nil && len(c.held) < outboxLimit:
			c.held = append(c.held, p)
		case box == nil || !box.put(p):
			c.ledger.counts.Dropped++
		}
	}
	return nil
}

// anyBound is where handsets' texts go: the system_id that bound last, unless only another is bound now. The caller
// holds mu.
func (c *smsc) anyBound() *outbox {
	if c.recent == nil || c.recent.bound() {
		return c.recent
	}
	for _, box := range c.outboxes {
		if box.bound() {
			return box
		}
	}
	return c.recent // it will come back
}

// dialled is the address of a number or short code.
func dialled(n number) smpp.Address {
	if len(n) < 8 {
		return smpp.Address{TON: smpp.TONShort, NPI: smpp.NPIUnknown, Addr: string(n)}
	}
	return smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: string(n)}
}
