package gateway

import (
	"sync/atomic"
	"time"

	"canhgiac/gateway/smpp"
)

// validity writes send_by as validity_period (SMPP 3.4 §5.2.16), so that the carrier drops what comes too late as well.
// Messages of a run share theirs. It belongs to the feeder, but for refused.
type validity struct {
	refused atomic.Bool // some SMSCs take none: the link goes on without
	at      time.Time
	text    string
}

func (v *validity) of(sendBy time.Time) string {
	if v.refused.Load() {
		return ""
	}
	if !sendBy.Equal(v.at) {
		v.at, v.text = sendBy, smpp.TimeText(sendBy)
	}
	return v.text
}
