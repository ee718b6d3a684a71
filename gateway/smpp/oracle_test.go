package smpp

import (
	"bytes"
	"testing"

	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What go-smpp's codec makes of a frame of ours.
type verdict string

const (
	right      verdict = "read, and written again, as it is"
	miswritten verdict = "read as it is, and written otherwise"
	misread    verdict = "read otherwise"
	refused    verdict = "not read"
)

// goSMPPIsWrong lists where it is no oracle, and shows that it still is none there. fit takes what it is wrong about out of
// a PDU; where there is none, it is not asked about that PDU, or not about its writing.
var goSMPPIsWrong = []struct {
	name    string
	verdict verdict
	pdu     PDU
	fit     func(PDU)
}{
	{"it does not know outbind", refused, &Outbind{SystemID: "SMSC"}, nil},
	{"it does not know data_sm", refused, &DataSM{}, nil},
	{"it does not know data_sm_resp", refused, &DataSMResp{}, nil},
	{"it does not know cancel_sm", refused, &CancelSM{}, nil},
	{"it does not know cancel_sm_resp", refused, &CancelSMResp{}, nil},
	{"it does not know replace_sm", refused, &ReplaceSM{}, nil},
	{"it does not know replace_sm_resp", refused, &ReplaceSMResp{}, nil},
	{"it does not know alert_notification", refused, &AlertNotification{}, nil},
	{"it takes a query_sm_resp's state and error for strings", misread, &QuerySMResp{MessageID: "7f3a", State: 5, ErrorCode: 27}, nil},
	{"it reads no frame over 4096 octets", refused, &SubmitSM{TLVs: TLVs{{TagMessagePayload, make([]byte, 4096)}}}, func(p PDU) {
		switch m := p.(type) {
		case *SubmitMulti:
			m.Dests = m.Dests[:min(len(m.Dests), 100)]
		case *SubmitMultiResp:
			m.Unsuccess = m.Unsuccess[:min(len(m.Unsuccess), 100)]
		}
	}},
	{"it keeps one TLV of a tag, and no order", misread, &SubmitSM{TLVs: TLVs{{0x1400, []byte("one")}, {0x1400, []byte("two")}}}, func(p PDU) {
		if t := tlvsOf(p); t != nil {
			*t = (*t)[:min(len(*t), 1)]
		}
	}},
	{"it takes a deliver_sm's user data header apart", misread, &DeliverSM{ESMClass: ESMClassUDHI, ShortMessage: []byte("\x05\x00\x03\x2a\x02\x01part")}, func(p PDU) {
		if m, ok := p.(*DeliverSM); ok {
			m.ESMClass &^= ESMClassUDHI
		}
	}},
	{"it writes an octet too many into each deliver_sm", miswritten, &DeliverSM{ShortMessage: []byte("TC")}, nil},
	{"it takes a distribution list for a phone", misread, &SubmitMulti{Dests: []Destination{{List: "to-1"}}}, func(p PDU) {
		if m, ok := p.(*SubmitMulti); ok {
			for i := range m.Dests {
				m.Dests[i].List = ""
			}
		}
	}},
	{"it writes an octet too many behind an error_status_code", miswritten, &SubmitMultiResp{Unsuccess: []Unsuccess{{Address{}, StatusInvDest}}}, nil},
}

func tlvsOf(p PDU) *TLVs {
	switch m := p.(type) {
	case *SubmitSM:
		return &m.TLVs
	case *SubmitMulti:
		return &m.TLVs
	case *DeliverSM:
		return &m.TLVs
	case *BindResp:
		return &m.TLVs
	case *SubmitSMResp:
		return &m.TLVs
	case *SubmitMultiResp:
		return &m.TLVs
	case *DeliverSMResp:
		return &m.TLVs
	}
	return nil
}

// judged gives go-smpp's verdict on p, and what it saw.
func judged(p PDU) (verdict, string) {
	ours, err := Append(nil, Header{Sequence: 7}, p)
	if err != nil {
		return refused, err.Error()
	}
	got, err := pdu.Decode(bytes.NewReader(ours))
	if err != nil {
		return refused, err.Error()
	}
	if h := got.Header(); uint32(h.ID) != uint32(p.Command()) || h.Seq != 7 || int(h.Len) != len(ours) {
		return misread, "the header"
	}
	if diff := cmp.Diff(wireFields(p), fieldsRead(got)); diff != "" {
		return misread, diff
	}
	var theirs bytes.Buffer
	if err := got.SerializeTo(&theirs); err != nil {
		return miswritten, err.Error()
	}
	if diff := cmp.Diff(ours, theirs.Bytes()); diff != "" {
		return miswritten, diff
	}
	return right, ""
}

func TestWhereGoSMPPIsWrong(t *testing.T) {
	for _, tt := range goSMPPIsWrong {
		t.Run(tt.name, func(t *testing.T) {
			if got, saw := judged(tt.pdu); got != tt.verdict {
				t.Errorf("the frame is %s: %s", got, saw)
			}
		})
	}
}

func TestGoSMPPReadsAndWritesWhatWeWrite(t *testing.T) {
	want := map[CommandID]verdict{}
	for _, w := range goSMPPIsWrong {
		if w.fit == nil {
			want[w.pdu.Command()] = w.verdict
		}
	}
	for name, draw := range drawings {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				p := draw(t)
				for _, w := range goSMPPIsWrong {
					if w.fit != nil {
						w.fit(p)
					}
				}
				known := want[p.Command()]
				switch got, saw := judged(p); {
				case known == refused || known == misread:
				case got == right, got == miswritten && known == miswritten:
				default:
					t.Fatalf("the frame is %s: %s", got, saw)
				}
			})
		})
	}
}

// fieldsRead is what go-smpp read, as wireFields would list it.
func fieldsRead(p pdu.Body) fieldList {
	var l fieldList
	for _, name := range p.FieldList() {
		switch f := p.Fields()[name].(type) {
		case *pdufield.Variable:
			l.cstring(string(name), f.String())
		case *pdufield.Fixed:
			if name != pdufield.NumberDests && name != pdufield.NoUnsuccess {
				l.octets(string(name), f.Data)
			}
		case *pdufield.SM:
			if len(f.Data) > 0 {
				l.octets("message", f.Data...)
			}
		case *pdufield.DestSmeList:
			for _, d := range f.Data {
				l.address("dest", Address{d.Ton.Data, d.Npi.Data, d.DestAddr.String()})
			}
		case *pdufield.UnSmeList:
			for _, u := range f.Data {
				l.address("dest", Address{u.Ton.Data, u.Npi.Data, u.DestAddr.String()})
				l.octets("error_status_code", u.ErrCode.Data...)
			}
		}
	}
	for tag, v := range p.TLVFields() {
		l.tlvs(TLVs{{tag, v.Bytes()}})
	}
	return l
}

func fieldsOf(m *SubmitSM) map[pdufield.Name]string {
	octet := func(b byte) string { return string([]byte{b}) }
	return map[pdufield.Name]string{
		pdufield.ServiceType: m.ServiceType, pdufield.SourceAddrTON: octet(m.Source.TON), pdufield.SourceAddrNPI: octet(m.Source.NPI),
		pdufield.SourceAddr: m.Source.Addr, pdufield.DestAddrTON: octet(m.Dest.TON), pdufield.DestAddrNPI: octet(m.Dest.NPI),
		pdufield.DestinationAddr: m.Dest.Addr, pdufield.ESMClass: octet(m.ESMClass), pdufield.ProtocolID: octet(m.ProtocolID),
		pdufield.PriorityFlag: octet(m.Priority), pdufield.ScheduleDeliveryTime: m.Schedule, pdufield.ValidityPeriod: m.Validity,
		pdufield.RegisteredDelivery: octet(m.RegisteredDelivery), pdufield.ReplaceIfPresentFlag: octet(m.ReplaceIfPresent),
		pdufield.DataCoding: octet(m.DataCoding), pdufield.SMDefaultMsgID: octet(m.DefaultMsgID),
		pdufield.SMLength: octet(byte(len(m.ShortMessage))), pdufield.ShortMessage: string(m.ShortMessage),
	}
}

func TestWeReadWhatGoSMPPWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawSubmit(t)
		want.TLVs = want.TLVs[:min(1, len(want.TLVs))]
		p := pdu.NewSubmitSM(nil)
		for name, v := range fieldsOf(want) {
			f := p.Fields()
			switch name {
			case pdufield.ServiceType, pdufield.SourceAddr, pdufield.DestinationAddr, pdufield.ScheduleDeliveryTime, pdufield.ValidityPeriod:
				f.Set(name, v)
			case pdufield.SMLength:
			case pdufield.ShortMessage:
				f.Set(name, pdutext.Raw(v))
			default:
				f.Set(name, v[0])
			}
		}
		p.Fields().Set(pdufield.DataCoding, want.DataCoding) // the text set one of its own
		for _, tlv := range want.TLVs {
			p.TLVFields().Set(tlv.Tag, tlv.Value)
		}
		var b bytes.Buffer
		if err := p.SerializeTo(&b); err != nil {
			t.Fatal(err)
		}
		h, got, err := unframe(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, sameMessage); diff != "" || h.Sequence != p.Header().Seq {
			t.Fatal(diff)
		}
	})
}
