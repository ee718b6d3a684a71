package smpp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseReceipt(t *testing.T) {
	at := time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC) // 14:05 in Vietnam
	for _, tt := range []struct {
		name string
		d    DeliverSM
		want Receipt
	}{
		{"appendix B to the letter",
			DeliverSM{ESMClass: 4, ShortMessage: []byte("id:0123456789 sub:001 dlvrd:001 submit date:2608271400 done date:2608271405 stat:DELIVRD err:000 Text:KHONG SO HAI")},
			Receipt{ID: "0123456789", State: "DELIVRD", Err: "000", At: at, Submitted: at.Add(-5 * time.Minute)}},
		{"dates with seconds, keys in capitals",
			DeliverSM{ESMClass: 4, ShortMessage: []byte("ID:7F3A SUB:001 DLVRD:000 SUBMIT DATE:260827140000 DONE DATE:260827140530 STAT:UNDELIV ERR:0A1 TEXT:")},
			Receipt{ID: "7F3A", State: "UNDELIV", Err: "0A1", At: at.Add(30 * time.Second), Submitted: at.Add(-5 * time.Minute)}},
		{"only id and state", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:expired")}, Receipt{ID: "42", State: "EXPIRED"}},
		{"another order, a field without a value",
			DeliverSM{ESMClass: 4, ShortMessage: []byte("stat:REJECTD err: done date:2608271405 id:42")}, Receipt{ID: "42", State: "REJECTD", At: at}},
		{"words written out", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:DELIVERED")}, Receipt{ID: "42", State: "DELIVRD"}},
		{"underscores and spaces about the colons", DeliverSM{ESMClass: 4, ShortMessage: []byte("id: 42 done_date: 2608271405 stat: ACCEPTED")}, Receipt{ID: "42", State: "ACCEPTD", At: at}},
		{"a state that nobody knows", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:MAYBE")}, Receipt{ID: "42", State: "UNKNOWN"}},
		{"the message's own text says nothing",
			DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:DELIVRD text: id:43 stat:UNDELIV")}, Receipt{ID: "42", State: "DELIVRD"}},
		{"a date that is none", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:DELIVRD done date:2699999999")}, Receipt{ID: "42", State: "DELIVRD"}},
		{"a receipt without anything", DeliverSM{ESMClass: 4}, Receipt{State: "UNKNOWN"}},
		{"TLVs go before the text",
			DeliverSM{ESMClass: 4, ShortMessage: []byte("id:99 stat:UNDELIV err:001"),
				TLVs: TLVs{{TagReceiptedMessageID, []byte("0000abc\x00")}, {TagMessageState, []byte{2}}}},
			Receipt{ID: "0000abc", State: "DELIVRD", Err: "001"}},
		{"TLVs alone, without esm_class",
			DeliverSM{TLVs: TLVs{{TagMessageState, []byte{5}}, {TagNetworkErrorCode, []byte{3, 1, 4}}, {TagReceiptedMessageID, []byte("abc")}}},
			Receipt{ID: "abc", State: "UNDELIV", Err: "260"}},
		{"a message_state of two octets is passed over",
			DeliverSM{ESMClass: 4, ShortMessage: []byte("id:1 stat:DELIVRD"), TLVs: TLVs{{TagMessageState, []byte{0, 5}}}},
			Receipt{ID: "1", State: "DELIVRD"}},
		{"the text in message_payload", DeliverSM{ESMClass: 4, TLVs: TLVs{{TagMessagePayload, []byte("id:42 stat:DELETED")}}}, Receipt{ID: "42", State: "DELETED"}},
		{"the text in UCS-2", DeliverSM{ESMClass: 4, DataCoding: 8, ShortMessage: []byte("\x00i\x00d\x00:\x004\x002\x00 \x00s\x00t\x00a\x00t\x00:\x00D\x00E\x00L\x00I\x00V\x00R\x00D")},
			Receipt{ID: "42", State: "DELIVRD"}},
		{"an intermediate notification", DeliverSM{ESMClass: 0x20, ShortMessage: []byte("id:42 stat:ENROUTE")}, Receipt{ID: "42", State: "ENROUTE"}},
		{"an intermediate notification of a try that failed is not the end",
			DeliverSM{ESMClass: 0x20, ShortMessage: []byte("id:42 stat:UNDELIV err:027")}, Receipt{ID: "42", State: "ENROUTE", Err: "027"}},
		{"what has arrived stays so, whatever tells it", DeliverSM{ESMClass: 0x20, ShortMessage: []byte("id:42 stat:DELIVRD")}, Receipt{ID: "42", State: "DELIVRD"}},
		{"both bits of the message type", DeliverSM{ESMClass: 0x24, ShortMessage: []byte("id:42 stat:EXPIRED")}, Receipt{ID: "42", State: "ENROUTE"}},
		{"the id in quotes", DeliverSM{ESMClass: 4, ShortMessage: []byte(`id:"7F3A" stat:"DELIVRD" err:"000"`)}, Receipt{ID: "7F3A", State: "DELIVRD", Err: "000"}},
		{"the id in quotes with blanks in and about it", DeliverSM{ESMClass: 4, ShortMessage: []byte("id: ' 7F 3A ' stat:DELIVRD")}, Receipt{ID: "7F 3A", State: "DELIVRD"}},
		{"the id padded with blanks", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:   42    sub:001 stat:DELIVRD")}, Receipt{ID: "42", State: "DELIVRD"}},
		{"a quote that never ends", DeliverSM{ESMClass: 4, ShortMessage: []byte(`id:"42 stat:DELIVRD`)}, Receipt{ID: "42", State: "DELIVRD"}},
		{"the TLV's id padded with blanks", DeliverSM{ESMClass: 4, TLVs: TLVs{{TagReceiptedMessageID, []byte(" 42 \x00")}, {TagMessageState, []byte{2}}}},
			Receipt{ID: "42", State: "DELIVRD"}},
		{"commas between the fields", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42,sub:001,stat:DELIVRD,err:000,text:a")}, Receipt{ID: "42", State: "DELIVRD", Err: "000"}},
		{"semicolons between the fields", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42;done date:2608271405;stat:UNDELIV;err:1")}, Receipt{ID: "42", State: "UNDELIV", Err: "1", At: at}},
		{"a line for each field", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42\r\nstat:DELIVRD\r\nerr:000\r\n")}, Receipt{ID: "42", State: "DELIVRD", Err: "000"}},
		{"words written out and cut", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:undeliverable")}, Receipt{ID: "42", State: "UNDELIV"}},
		{"words cut elsewhere", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:UNDELIVE")}, Receipt{ID: "42", State: "UNDELIV"}},
		{"rejected, written out", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:Rejected")}, Receipt{ID: "42", State: "REJECTD"}},
		{"Kannel's word for on its way", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:BUFFRED")}, Receipt{ID: "42", State: "ENROUTE"}},
		{"the code where the word belongs", DeliverSM{ESMClass: 4, ShortMessage: []byte("id:42 stat:2")}, Receipt{ID: "42", State: "DELIVRD"}},
		{"no text at all, TLVs only", DeliverSM{ESMClass: 4, TLVs: TLVs{{TagReceiptedMessageID, []byte("7f3a\x00")}, {TagMessageState, []byte{8}}, {TagNetworkErrorCode, []byte{3, 0, 27}}}},
			Receipt{ID: "7f3a", State: "REJECTD", Err: "27"}},
		{"a user data header before the text", DeliverSM{ESMClass: 0x44, ShortMessage: []byte("\x05\x00\x03\x07\x01\x01id:42 stat:DELIVRD")}, Receipt{ID: "42", State: "DELIVRD"}},
		{"a header that is longer than the text", DeliverSM{ESMClass: 0x44, ShortMessage: []byte("\x7fid:42 stat:DELIVRD")}, Receipt{State: "DELIVRD"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ParseReceipt(&tt.d)
			if diff := cmp.Diff(tt.want, got); !ok || diff != "" {
				t.Errorf("receipt: %v %s", ok, diff)
			}
		})
	}
}

func TestAReceiptTypedOnAPhoneIsNone(t *testing.T) {
	if _, ok := ParseReceipt(&DeliverSM{ShortMessage: []byte("id:42 sub:001 dlvrd:001 stat:DELIVRD err:000 text:")}); ok {
		t.Error("anyone could mark messages as delivered")
	}
}

func TestReceiptTextIsReadBack(t *testing.T) {
	for _, state := range stateNames[1:] {
		at := time.Date(2026, 12, 31, 20, 59, 0, 0, time.UTC)
		want := Receipt{ID: "6a3f", State: state, Err: "017", At: at, Submitted: at.Add(-3 * time.Minute)}
		got, ok := ParseReceipt(&DeliverSM{ESMClass: ESMClassReceipt, ShortMessage: []byte(want.Text())})
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %s", state, diff)
		}
		if StateName(StateCode(state)) != state {
			t.Errorf("code of %s is %d", state, StateCode(state))
		}
	}
}

func TestACodeThatIsNoStateSaysNothing(t *testing.T) {
	for _, code := range []uint8{0, 9, 255} {
		if got := StateName(code); got != "UNKNOWN" {
			t.Errorf("%d: %s", code, got)
		}
	}
}

func FuzzParseReceipt(f *testing.F) {
	f.Add(uint8(4), []byte("id:0123456789 sub:001 dlvrd:001 submit date:2608271400 done date:2608271405 stat:DELIVRD err:000 Text:x"))
	f.Add(uint8(4), []byte("id:id:text:"))
	f.Fuzz(func(t *testing.T, class uint8, text []byte) {
		if r, ok := ParseReceipt(&DeliverSM{ESMClass: class, ShortMessage: text}); ok && r.State == "" {
			t.Error("a receipt without a state")
		}
	})
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 8, 27, 7, 5, 9, 0, time.UTC)
	for _, tt := range []struct {
		name, text string
		want       time.Time
	}{
		{"none", "", time.Time{}},
		{"UTC", "260827070509000+", now},
		{"seven hours before UTC", "260827140509028+", now},
		{"behind UTC", "260827060509004-", now},
		{"two days from now", "000002000000000R", now.AddDate(0, 0, 2)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ParseTime(tt.text, now); err != nil || !got.Equal(tt.want) {
				t.Errorf("got %v %v", got, err)
			}
		})
	}
	if got := TimeText(now.In(vietnam)); got != "260827070509000+" {
		t.Errorf("written as %s", got)
	}
	for _, bad := range []string{"2608270705", "260827070509000?", "26082707050x000+"} {
		if _, err := ParseTime(bad, now); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
