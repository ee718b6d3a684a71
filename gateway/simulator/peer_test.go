package simulator

import (
	"testing"
	"time"

	fiorix "github.com/fiorix/go-smpp/smpp"
)

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
