package gateway

// State is where a message stands.
type State string

// The states of a message. Their stored form is the text.
const (
	Queued     State = "queued"
	Submitting State = "submitting"
	Accepted   State = "accepted"
	Delivered  State = "delivered"
	Failed     State = "failed"
	Expired    State = "expired"
	Unknown    State = "unknown"
	Suppressed State = "suppressed"
	Cancelled  State = "cancelled"
)

// moves is every allowed move of a message. A resolved message stays resolved: a second receipt changes nothing.
var moves = map[State][]State{
	Queued:     {Submitting, Suppressed, Cancelled, Expired},
	Submitting: {Accepted, Failed, Unknown, Queued, Expired},   // Queued: refused for now, or certainly never written
	Accepted:   {Delivered, Failed, Expired, Unknown, Queued},  // Queued: the carrier does not know the number, another is asked
	Unknown:    {Accepted, Delivered, Failed, Expired, Queued}, // Accepted: a late submit_sm_resp; Queued: where the run says Resend
}

// May tells whether a message in from may move to to.
func May(from, to State) bool {
	for _, s := range moves[from] {
		if s == to {
			return true
		}
	}
	return false
}

// Ended tells whether nothing of ours will move the message any more. An unknown one has ended for its run, although a
// late receipt may still say what became of it.
func (s State) Ended() bool { return s != Queued && s != Submitting && s != Accepted }
