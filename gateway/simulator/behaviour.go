package simulator

import "time"

// Behaviour is how the simulated network treats messages. The zero value is a network at its best: every message is
// taken at once and delivered, with one receipt. Shares are of 1.
type Behaviour struct {
	Latency      time.Duration // from submit_sm to its response
	ReceiptAfter time.Duration // from the response to the receipt
	Rate         float64       // parts a second taken from one system_id; above it ESME_RTHROTTLED; 0 = any

	Undelivered  float64 // share of messages whose receipt says UNDELIV; these never reach the handset
	ReceiptLost  float64 // share of receipts never sent
	ReceiptTwice float64 // share of receipts sent twice
	ReceiptFirst float64 // share of receipts sent before the submit_sm_resp that they belong to
	ReceiptHex   bool    // receipts name in hexadecimal the id that the response gave in decimal
}
