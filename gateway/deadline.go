package gateway

import "time"

// receiptDeadline is how long a receipt is waited for where the carrier's configuration says nothing: SMSCs keep trying a
// phone that is switched off for one to three days.
const receiptDeadline = 72 * time.Hour
