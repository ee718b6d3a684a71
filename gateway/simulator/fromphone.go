package simulator

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// textLimit is how long a text a handset composes, in characters: ten parts with diacritics.
const textLimit = 660

// Text sends an SMS from a handset, handed on in parts by a scheme, "" for the usual. When no gateway is bound the network
// holds it until one is.
func (s *Simulator) Text(from, to, text string, split sms.Scheme) error {
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
	if !isScheme(split) {
		return errSplit
	}
	return s.smsc.fromPhone(n, code, text, split)
}

// texting lets the handsets of a script send their SMS.
func (c *smsc) texting(t Texting) {
	from, _ := parseNumber(t.From) // checked when the script was read
	to, _ := parseNumber(t.To)
	for i := range max(1, t.Handsets) {
		n := from.plus(i)
		c.later.after(time.Duration(i)*t.Apart, func() {
			if err := c.fromPhone(n, to, t.Text, t.Split); err != nil {
				c.o.Log.Error("a handset of the script", "error", err)
			}
		})
	}
}

// fromPhone puts a handset's text on its way, in as many parts as it takes.
func (c *smsc) fromPhone(n, to number, text string, split sms.Scheme) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRef++
	parts, err := split.Split(text, c.lastRef)
	if err != nil {
		return err
	}
	c.phone.text(n, Event{From: n.national(), To: to.national(), Text: text}, c.o.Now()) // before any answer to it can stand there
	for _, part := range parts {
		d := &smpp.DeliverSM{
			Source: smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: string(n)}, Dest: dialled(to),
			DataCoding: byte(part.Encoding), ShortMessage: part.UserData(),
		}
		switch {
		case len(part.UDH) > 0:
			d.ESMClass = smpp.ESMClassUDHI
		case split == sms.Payload:
			d.TLVs, d.ShortMessage = smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: part.Payload}}, nil
		case part.Place.Total > 1:
			d.TLVs = smpp.TLVs{
				{Tag: smpp.TagSARRefNum, Value: binary.BigEndian.AppendUint16(nil, part.Place.Ref)},
				{Tag: smpp.TagSARTotal, Value: []byte{part.Place.Total}}, {Tag: smpp.TagSARSeq, Value: []byte{part.Place.Seq}},
			}
		}
		switch a := c.anyBound(); {
		case a != nil:
			a.put(receipt{}, d, nil)
		case len(c.held) < outboxLimit:
			c.held = append(c.held, d)
		default:
			c.dropped++
		}
	}
	return nil
}

// isScheme says that split is a way to cut a text; "" is the usual one.
func isScheme(split sms.Scheme) bool { return split == "" || slices.Contains(sms.Schemes(), split) }

// anyBound is where handsets' texts go: the system_id that bound last, unless only another is bound now. The caller
// holds mu.
func (c *smsc) anyBound() *account {
	if c.recent == nil || c.recent.bound() {
		return c.recent
	}
	for _, a := range c.accounts {
		if a.bound() {
			return a
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
