package simulator

import (
	"strings"
	"testing"
	"time"

	fiorix "github.com/fiorix/go-smpp/smpp"
	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutext"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"
)

// TestAnotherGatewayMeetsACarrier drives the SMSC with go-smpp's client, which knows nothing of our session: bind,
// submit, receipt, a text from a handset, and a link that is cut and comes back.
func TestAnotherGatewayMeetsACarrier(t *testing.T) {
	s := run(t, Options{SystemID: "ward", Password: "secret"})
	heard := make(chan pdu.Body, 100)
	peer, status := bindPeer(t, s, heard)

	events, stop := s.phone.watch("84901234567")
	defer stop()
	const text = "PHẢI TỐ GIÁC NGAY khi nghi ngờ."
	sent, err := peer.Submit(&fiorix.ShortMessage{
		Src: "CATHANHKHEX", SourceAddrTON: 5, Dst: "84901234567", Text: pdutext.UCS2(text), Register: pdufield.FinalDeliveryReceipt,
	})
	if err != nil {
		t.Fatal(err)
	}
	if e := <-events; e.Text != text || e.From != "CATHANHKHEX" {
		t.Errorf("the handset shows %+v", e)
	}
	receipt := <-heard
	if id := receipt.TLVFields()[pdutlv.TagReceiptedMessageID]; id == nil || trimNUL(id.Bytes()) != sent.RespID() {
		t.Errorf("receipt for %v, sent %s", id, sent.RespID())
	}

	if err := s.Text("0901234567", "8088", "DK", ""); err != nil {
		t.Fatal(err)
	}
	mo := (<-heard).Fields()
	if from, text := mo[pdufield.SourceAddr].String(), mo[pdufield.ShortMessage].String(); from != "84901234567" || text != "DK" {
		t.Errorf("from %s: %q", from, text)
	}

	s.Cut()
	if st := <-status; st.Status() != fiorix.Disconnected {
		t.Fatalf("after the cut: %s", st.Status())
	}
	if err := s.Text("0901234567", "8088", "TC", ""); err != nil {
		t.Fatal(err)
	}
	bindPeer(t, s, heard)
	for p := range heard { // the receipt and the first text come again when the cut was faster than their deliver_sm_resp
		if text := p.Fields()[pdufield.ShortMessage].String(); text == "TC" {
			break
		} else if text != "DK" && !strings.HasPrefix(text, "id:") {
			t.Fatalf("after the cut: %q", text)
		}
	}
}

// bindPeer binds a go-smpp client. It does not bind again by itself: go-smpp races with itself when it does.
func bindPeer(t *testing.T, s *Simulator, heard chan<- pdu.Body) (*fiorix.Transceiver, <-chan fiorix.ConnStatus) {
	t.Helper()
	peer := &fiorix.Transceiver{
		Addr: s.SMPPAddr(), User: "ward", Passwd: "secret", BindInterval: time.Hour, RespTimeout: 10 * time.Second,
		Handler: func(p pdu.Body) {
			if p.Header().ID == pdu.DeliverSMID {
				heard <- p
			}
		},
	}
	status := peer.Bind()
	t.Cleanup(func() { _ = peer.Close() })
	if st := <-status; st.Status() != fiorix.Connected {
		t.Fatalf("bind: %s %v", st.Status(), st.Error())
	}
	return peer, status
}

func TestAnotherGatewayWithAWrongPasswordIsNotBound(t *testing.T) {
	s := run(t, Options{SystemID: "ward", Password: "secret"})
	peer := &fiorix.Transceiver{Addr: s.SMPPAddr(), User: "ward", Passwd: "guess", BindInterval: time.Hour}
	status := peer.Bind()
	t.Cleanup(func() { _ = peer.Close() })
	if st := <-status; st.Status() != fiorix.BindFailed {
		t.Errorf("bind: %s %v", st.Status(), st.Error())
	}
	if n := s.Accepted().Bound; n != 0 {
		t.Errorf("%d links bound", n)
	}
}

func trimNUL(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
