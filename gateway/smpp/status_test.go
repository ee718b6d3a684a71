package smpp

import (
	"strings"
	"testing"
)

func TestStatuses(t *testing.T) {
	for s, known := range statuses {
		if !strings.HasPrefix(known.name, "ESME_R") || s.String() != known.name {
			t.Errorf("%d is %s", s, known.name)
		}
		if strings.HasPrefix(s.Explain(), "unknown status") {
			t.Errorf("%s has no explanation", s)
		}
		if (known.kind == Accepted) != (s == StatusOK) {
			t.Errorf("%s is of kind %d", s, known.kind)
		}
	}
	if got := Status(0x40A).String(); got != "0x0000040A" {
		t.Errorf("a carrier's own is %s", got)
	}
	for _, tt := range []struct {
		name                 string
		kind                 Kind
		throttled, temporary bool
		statuses             []Status
	}{
		{"the link is to go slower, and the message may be sent again", Throttling, true, true, []Status{StatusThrottled, StatusQueueFull}},
		{"the message may be sent again", Temporary, false, true, []Status{StatusSystemError, StatusTemporaryApp, StatusInvBindStatus}},
		{"the message is refused for good", Permanent, false, false, []Status{StatusSubmitFailed, StatusInvMsgLen, StatusUnknownError, StatusPermanentApp, 0x40A, 0x09, 0x100}},
		{"another carrier may know the number", UnknownSubscriber, false, false, []Status{StatusInvDest}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, s := range tt.statuses {
				if s.Kind() != tt.kind || s.Throttled() != tt.throttled || s.Temporary() != tt.temporary {
					t.Errorf("%s: kind %d, throttled %v, temporary %v", s, s.Kind(), s.Throttled(), s.Temporary())
				}
			}
		})
	}
}
