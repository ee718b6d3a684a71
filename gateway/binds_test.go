package gateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
)

// modes counts how the peers are bound.
func (s *smsc) modes() map[smpp.CommandID]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	by := map[smpp.CommandID]int{}
	for p := range s.peers {
		by[p.Bind().Mode]++
	}
	return by
}

func TestARunGoesOutOverHoweverManyBindsTheCarrierGives(t *testing.T) {
	tests := []struct {
		name     string
		binds    int
		separate bool
		want     map[smpp.CommandID]int
	}{
		{"three transceivers", 3, false, map[smpp.CommandID]int{smpp.BindTransceiverID: 3}},
		{"two pairs", 2, true, map[smpp.CommandID]int{smpp.BindTransmitterID: 2, smpp.BindReceiverID: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, s := newWard(t, 600), startSMSC(t)
			s.receipts = true
			stop := w.sender(s, func(c *Carrier) { c.Binds, c.Separate = tt.binds, tt.separate }, nil, nil)
			until(t, "all are bound", func() bool { return cmp.Equal(tt.want, s.modes()) })
			w.run(1, nil)
			if diff := cmp.Diff(Progress{Total: 600, Delivered: 600}, w.ended(1)); diff != "" {
				t.Error(diff)
			}
			stop()
			if s.count() != 600 || s.doubled() != 0 {
				t.Errorf("%d at the SMSC, %d numbers twice", s.count(), s.doubled())
			}
		})
	}
}
