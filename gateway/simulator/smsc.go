package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// serveSMSC is not there yet: the SMPP server it stands on lands after this.
func (s *Simulator) serveSMSC(_ context.Context, l net.Listener) error {
	return fmt.Errorf("simulator's smpp: %w", errors.Join(l.Close(), errors.ErrUnsupported))
}

// Text sends an SMS from a handset.
func (s *Simulator) Text(from, to, text string) error { return errors.ErrUnsupported }

// Stats is not counted yet.
func (s *Simulator) getStats(w http.ResponseWriter, _ *http.Request) {
	refuse(w, errors.ErrUnsupported)
}
