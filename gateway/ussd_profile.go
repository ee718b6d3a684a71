package gateway

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// ussd_service_op (SMPP 3.4 §5.3.2.44). They are integers: 18 is octet 0x12.
const (
	ussdPSSRIndication = 1   // a code was dialled
	ussdUSSRRequest    = 2   // a screen that asks
	ussdPSSRResponse   = 17  // a screen that ends the session
	ussdUSSRConfirm    = 18  // what was typed
	ussdAbort          = 129 // a vendor's: the network let go
)

// ussdProfile is what carriers do differently: how its_session_info (SMPP 3.4 §5.3.2.43) names a session. Everywhere the
// addresses change places in the answer, and the code is the destination, or what the first text holds where that is a
// dialled code.
type ussdProfile struct {
	// session reads its_session_info; ok is false where it is not what the profile says, and the number alone names the session.
	session func(info []byte) (name, step string, over, ok bool)
}

// The profiles by their names in configurations.
//   - standard: octet 1 is the session's number; octet 2 a sequence number of 7 bits and the end bit
//   - dialog15: 15 bits of dialogue id and the end bit
//   - bare: no its_session_info; the number names its session
var ussdProfiles = map[string]ussdProfile{
	"standard": {session: func(b []byte) (string, string, bool, bool) {
		if len(b) != 2 {
			return "", "", false, false
		}
		return strconv.Itoa(int(b[0])), strconv.Itoa(int(b[1] >> 1)), b[1]&1 == 1, true
	}},
	"dialog15": {session: func(b []byte) (string, string, bool, bool) {
		if len(b) != 2 {
			return "", "", false, false
		}
		n := binary.BigEndian.Uint16(b)
		return strconv.Itoa(int(n >> 1)), "", n&1 == 1, true
	}},
	"bare": {session: func([]byte) (string, string, bool, bool) { return "", "", false, false }},
}

// USSDProfiles lists the names that Carrier.USSD may have, sorted.
func USSDProfiles() []string { return slices.Sorted(maps.Keys(ussdProfiles)) }

// read tells whose session m belongs to; its Kind is USSDDropped where the end bit says that the session is over.
func (p ussdProfile) read(m *smpp.DeliverSM) USSD {
	in := USSD{From: limited(m.Source.Addr, maxAddress), Code: limited(m.Dest.Addr, maxAddress), Text: typed(m)}
	if m.Source.TON == smpp.TONInternational && !strings.HasPrefix(in.From, "+") {
		in.From = "+" + in.From
	}
	if strings.HasPrefix(in.Text, "*") && strings.HasSuffix(in.Text, "#") {
		in.Code = in.Text
	}
	in.Session = in.From
	info, _ := m.TLVs.Get(smpp.TagITSSessionInfo)
	if name, step, over, ok := p.session(info); ok {
		in.Session, in.Step = in.From+"/"+name, step
		if over {
			in.Kind = USSDDropped
		}
	}
	return in
}

// answer is the submit_sm that shows s to whom m came from: the same session, and its end bit where s is the last.
func (p ussdProfile) answer(m *smpp.DeliverSM, s USSDScreen) (*smpp.SubmitSM, error) {
	parts, err := sms.Split(s.Text, 0)
	if err != nil {
		return nil, fmt.Errorf("cut a USSD screen: %w", err)
	}
	if len(parts) != 1 || parts[0].Encoding != sms.GSM7 {
		return nil, fmt.Errorf("a USSD screen of %d parts", len(parts))
	}
	op := byte(ussdUSSRRequest)
	if s.End {
		op = ussdPSSRResponse
	}
	out := &smpp.SubmitSM{
		ServiceType: cmp.Or(m.ServiceType, "USSD"), Source: m.Dest, Dest: m.Source,
		DataCoding: byte(sms.GSM7), ShortMessage: parts[0].Payload,
		TLVs: smpp.TLVs{{Tag: smpp.TagUSSDServiceOp, Value: []byte{op}}},
	}
	info, _ := m.TLVs.Get(smpp.TagITSSessionInfo)
	if _, _, _, ok := p.session(info); ok {
		info = slices.Clone(info)
		info[1] &^= 1
		if s.End {
			info[1] |= 1
		}
		out.TLVs = append(out.TLVs, smpp.TLV{Tag: smpp.TagITSSessionInfo, Value: info})
	}
	return out, nil
}
