package smpp

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// unframe decodes one frame.
func unframe(b []byte) (Header, PDU, error) {
	h, body, err := newFrames(bytes.NewReader(b), 128<<10).next()
	if err != nil {
		return h, nil, err
	}
	p, err := Decode(h, body)
	return h, p, err
}

var sameMessage = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(SubmitSM{}, DeliverSM{}, SubmitMulti{})}

func text(limit int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.ByteRange(1, 255), 0, limit), func(b []byte) string { return string(b) })
}

func drawTLVs(t *rapid.T) TLVs {
	var out TLVs
	for range rapid.IntRange(0, 5).Draw(t, "tlvs") {
		tag := Tag(rapid.Uint16().Draw(t, "tag"))
		least, most := tlvSize(tag)
		out = append(out, TLV{tag, rapid.SliceOfN(rapid.Byte(), least, min(most, 300)).Draw(t, "value")})
	}
	return out
}

func timeOrNone() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"", "260827070509000+", "260827140509328+", "261231235959904-", "000002000000000R"})
}

func drawAddress(t *rapid.T, limit int) Address {
	return Address{rapid.Byte().Draw(t, "ton"), rapid.Byte().Draw(t, "npi"), text(limit).Draw(t, "addr")}
}

func drawSubmit(t *rapid.T) *SubmitSM {
	octet := rapid.Byte()
	return &SubmitSM{
		ServiceType: text(5).Draw(t, "service_type"), Source: drawAddress(t, 20), Dest: drawAddress(t, 20),
		ESMClass: octet.Draw(t, "esm"), ProtocolID: octet.Draw(t, "pid"), Priority: octet.Draw(t, "priority"),
		Schedule: timeOrNone().Draw(t, "schedule"), Validity: timeOrNone().Draw(t, "validity"),
		RegisteredDelivery: octet.Draw(t, "registered"), ReplaceIfPresent: octet.Draw(t, "replace"),
		DataCoding: octet.Draw(t, "coding"), DefaultMsgID: octet.Draw(t, "default"),
		ShortMessage: rapid.SliceOfN(octet, 0, 254).Draw(t, "text"), TLVs: drawTLVs(t),
	}
}

func drawDestination(t *rapid.T) Destination {
	if rapid.Bool().Draw(t, "list") {
		return Destination{List: rapid.Map(rapid.SliceOfN(rapid.ByteRange(1, 255), 1, 20), func(b []byte) string { return string(b) }).Draw(t, "dl_name")}
	}
	return Destination{Address: drawAddress(t, 20)}
}

// drawings draw any PDU that fits the standard.
var drawings = map[string]func(*rapid.T) PDU{
	"submit_sm":      func(t *rapid.T) PDU { return drawSubmit(t) },
	"deliver_sm":     func(t *rapid.T) PDU { return (*DeliverSM)(drawSubmit(t)) },
	"submit_sm_resp": func(t *rapid.T) PDU { return &SubmitSMResp{text(64).Draw(t, "id"), drawTLVs(t)} },
	"deliver_sm_resp": func(t *rapid.T) PDU {
		return &DeliverSMResp{text(64).Draw(t, "id"), drawTLVs(t)}
	},
	"bind": func(t *rapid.T) PDU {
		return &Bind{rapid.SampledFrom([]CommandID{BindTransceiverID, BindTransmitterID, BindReceiverID}).Draw(t, "mode"),
			text(15).Draw(t, "system_id"), text(8).Draw(t, "password"), text(12).Draw(t, "type"), 0x34, 1, 1, text(40).Draw(t, "range")}
	},
	"bind_resp": func(t *rapid.T) PDU { return &BindResp{BindReceiverID, text(15).Draw(t, "system_id"), drawTLVs(t)} },
	"outbind":   func(t *rapid.T) PDU { return &Outbind{text(15).Draw(t, "system_id"), text(8).Draw(t, "password")} },
	"data_sm": func(t *rapid.T) PDU {
		return &DataSM{text(5).Draw(t, "type"), drawAddress(t, 64), drawAddress(t, 64), 4, 1, 8, drawTLVs(t)}
	},
	"data_sm_resp":  func(t *rapid.T) PDU { return &DataSMResp{text(64).Draw(t, "id"), drawTLVs(t)} },
	"query_sm":      func(t *rapid.T) PDU { return &QuerySM{text(64).Draw(t, "id"), drawAddress(t, 20)} },
	"query_sm_resp": func(t *rapid.T) PDU { return &QuerySMResp{text(64).Draw(t, "id"), timeOrNone().Draw(t, "date"), 2, 7} },
	"cancel_sm": func(t *rapid.T) PDU {
		return &CancelSM{text(5).Draw(t, "type"), text(64).Draw(t, "id"), drawAddress(t, 20), drawAddress(t, 20)}
	},
	"submit_multi": func(t *rapid.T) PDU {
		m := &SubmitMulti{SubmitSM: *drawSubmit(t)}
		m.Dest = Address{}
		for range rapid.IntRange(1, 254).Draw(t, "dests") {
			m.Dests = append(m.Dests, rapid.Custom(drawDestination).Draw(t, "dest"))
		}
		return m
	},
	"submit_multi_resp": func(t *rapid.T) PDU {
		m := &SubmitMultiResp{MessageID: text(64).Draw(t, "id"), TLVs: drawTLVs(t)}
		for range rapid.IntRange(0, 255).Draw(t, "unsuccess") {
			m.Unsuccess = append(m.Unsuccess, Unsuccess{drawAddress(t, 20), Status(rapid.Uint32().Draw(t, "error_status_code"))})
		}
		return m
	},
	"replace_sm": func(t *rapid.T) PDU {
		return &ReplaceSM{text(64).Draw(t, "id"), drawAddress(t, 20), timeOrNone().Draw(t, "schedule"), timeOrNone().Draw(t, "validity"),
			1, 7, rapid.SliceOfN(rapid.Byte(), 0, 254).Draw(t, "text")}
	},
	"replace_sm_resp":    func(*rapid.T) PDU { return &ReplaceSMResp{} },
	"cancel_sm_resp":     func(*rapid.T) PDU { return &CancelSMResp{} },
	"unbind":             func(*rapid.T) PDU { return &Unbind{} },
	"unbind_resp":        func(*rapid.T) PDU { return &UnbindResp{} },
	"enquire_link":       func(*rapid.T) PDU { return &EnquireLink{} },
	"enquire_link_resp":  func(*rapid.T) PDU { return &EnquireLinkResp{} },
	"generic_nack":       func(*rapid.T) PDU { return &GenericNack{} },
	"alert_notification": func(t *rapid.T) PDU { return &AlertNotification{drawAddress(t, 64), drawAddress(t, 64), drawTLVs(t)} },
}

func TestEveryPDUIsReadBackAsItWasWritten(t *testing.T) {
	for name, draw := range drawings {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				want := draw(t)
				h := Header{ID: want.Command(), Status: Status(rapid.Uint32().Draw(t, "status")), Sequence: rapid.Uint32().Draw(t, "sequence")}
				if strings.TrimSuffix(name, "_resp") != name {
					h.Status = StatusOK
				}
				b, err := Append([]byte("before"), h, want)
				if err != nil {
					t.Fatal(err)
				}
				gotHeader, got, err := unframe(b[len("before"):])
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, sameMessage); diff != "" || h != gotHeader {
					t.Fatalf("%+v became %+v: %s", h, gotHeader, diff)
				}
			})
		})
	}
}

func TestFieldsThatDoNotFitAreNotWritten(t *testing.T) {
	long := strings.Repeat("9", 300)
	for _, tt := range []struct {
		name  string
		p     PDU
		field string
	}{
		{"a source of 21 digits", &SubmitSM{Source: Address{Addr: long[:21]}}, "source_addr"},
		{"a destination of 21 digits", &SubmitSM{Dest: Address{Addr: long[:21]}}, "destination_addr"},
		{"a destination with a NUL inside", &SubmitSM{Dest: Address{Addr: "84\x0090"}}, "destination_addr"},
		{"a service_type of 6", &SubmitSM{ServiceType: long[:6]}, "service_type"},
		{"a validity_period of 17", &SubmitSM{Validity: long[:17]}, "validity_period"},
		{"a validity_period of 12", &SubmitSM{Validity: long[:12]}, "validity_period"},
		{"a schedule_delivery_time of 15", &SubmitSM{Schedule: long[:15]}, "schedule_delivery_time"},
		{"a final_date of 10", &QuerySMResp{FinalDate: long[:10]}, "final_date"},
		{"a text of 255 octets", &SubmitSM{ShortMessage: []byte(long[:255])}, "short_message"},
		{"a TLV of 65536 octets", &SubmitSM{TLVs: TLVs{{TagMessagePayload, make([]byte, 65536)}}}, "TLV 0424"},
		{"a message_state of two octets", (*DeliverSM)(&SubmitSM{TLVs: TLVs{{TagMessageState, []byte{0, 2}}}}), "TLV 0427"},
		{"a sar_msg_ref_num of one octet", &SubmitSM{TLVs: TLVs{{TagSARRefNum, []byte{1}}}}, "TLV 020c"},
		{"a system_type of 13", &Bind{Mode: BindTransceiverID, SystemType: long[:13]}, "system_type"},
		{"an address_range of 41", &Bind{Mode: BindTransceiverID, AddressRange: long[:41]}, "address_range"},
		{"a data_sm's source of 65 digits", &DataSM{Source: Address{Addr: long[:65]}}, "source_addr"},
		{"an alert_notification's esme_addr of 65 digits", &AlertNotification{ESME: Address{Addr: long[:65]}}, "esme_addr"},
		{"a system_id of 16", &Bind{Mode: BindTransceiverID, SystemID: long[:16]}, "system_id"},
		{"a password of 9", &Bind{Mode: BindTransceiverID, Password: long[:9]}, "password"},
		{"no destination", &SubmitMulti{}, "number_of_dests"},
		{"255 destinations", &SubmitMulti{Dests: make([]Destination, 255)}, "number_of_dests"},
		{"a list's name of 21", &SubmitMulti{Dests: []Destination{{List: long[:21]}}}, "dl_name"},
		{"256 unsuccessful destinations", &SubmitMultiResp{Unsuccess: make([]Unsuccess, 256)}, "no_unsuccess"},
		{"a replacing text of 255 octets", &ReplaceSM{ShortMessage: []byte(long[:255])}, "short_message"},
		{"a message_id of 65", &SubmitSMResp{MessageID: long[:65]}, "message_id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := Append([]byte("before"), Header{}, tt.p)
			var fe *FieldError
			if !errors.As(err, &fe) || fe.Field != tt.field || fe.Command != tt.p.Command() || string(b) != "before" {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
}

func TestResponsesAsSMSCsReallySendThem(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    Header
		body string
		want PDU
	}{
		{"a refusal without a body", Header{ID: SubmitSMRespID, Status: StatusThrottled}, "", &SubmitSMResp{}},
		{"an id without its NUL", Header{ID: SubmitSMRespID}, "7f3a", &SubmitSMResp{MessageID: "7f3a"}},
		{"an id longer than the specification's", Header{ID: SubmitSMRespID}, strings.Repeat("7", 100) + "\x00", &SubmitSMResp{MessageID: strings.Repeat("7", 100)}},
		{"a bind_resp without system_id", Header{ID: BindTransceiverRespID}, "", &BindResp{Mode: BindTransceiverID}},
		{"a query_sm_resp refused without a body", Header{ID: QuerySMRespID, Status: StatusQueryFailed}, "", &QuerySMResp{}},
		{"a deliver_sm_resp without its NUL", Header{ID: DeliverSMRespID}, "", &DeliverSMResp{}},
		{"an enquire_link with a body", Header{ID: EnquireLinkID}, "why", &EnquireLink{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(tt.h, []byte(tt.body))
			if diff := cmp.Diff(tt.want, got, sameMessage); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

var reminder = &SubmitSM{Source: Address{TONAlphanumeric, NPIUnknown, "CATHANHKHEX"}, Dest: Address{TONInternational, NPIISDN, "84901234567"},
	Validity: "260827070509000+", RegisteredDelivery: ReceiptAlways, ShortMessage: bytes.Repeat([]byte("x"), 99),
	TLVs: TLVs{{TagSARRefNum, []byte{0, 1}}}}

func TestAllocations(t *testing.T) {
	buf := make([]byte, 0, 1024)
	for _, s := range samples {
		switch s.pdu.(type) {
		case *SubmitSM, *SubmitSMResp, *DeliverSM, *DeliverSMResp:
		default:
			continue // these do not come with every message
		}
		t.Run(s.name, func(t *testing.T) {
			h := Header{ID: s.pdu.Command(), Status: s.status}
			if n := testing.AllocsPerRun(1000, func() { Append(buf, h, s.pdu) }); n > 0 {
				t.Errorf("writing allocates %v times", n)
			}
			body := frame(t, h, s.pdu)[headerLen:]
			if n := testing.AllocsPerRun(1000, func() { Decode(h, body) }); n > 2 {
				t.Errorf("reading allocates %v times", n)
			}
		})
	}
}
