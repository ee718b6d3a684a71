package reports

// State is where a report stands.
type State string

const (
	New         State = "new" // made by the machine; no officer has acted
	Received    State = "received"
	Verifying   State = "verifying"
	Transferred State = "transferred" // to the investigating body
	Answered    State = "answered"    // no sign of crime, the reporter was told
	Closed      State = "closed"
	Reopened    State = "reopened"
)

// Next is the whole of what may happen to a report in s.
func (s State) Next() []State {
	switch s {
	case New:
		return []State{Received}
	case Received:
		return []State{Verifying}
	case Verifying:
		return []State{Transferred, Answered}
	case Transferred, Answered:
		return []State{Closed}
	case Closed:
		return []State{Reopened}
	case Reopened:
		return []State{Verifying}
	}
	return nil
}

// MayBecome tells whether a report may move from s to next.
func (s State) MayBecome(next State) bool {
	for _, m := range s.Next() {
		if m == next {
			return true
		}
	}
	return false
}

// NeedsReason tells whether a move to s must say why: a report leaves the ward's hands, or comes back into them. What was
// found, whom the file went to and how the reporter was told are asked for later, by others.
func (s State) NeedsReason() bool {
	switch s {
	case Transferred, Answered, Closed, Reopened:
		return true
	}
	return false
}

// States in the order of a report's life.
func States() []State {
	return []State{New, Received, Verifying, Transferred, Answered, Closed, Reopened}
}

// Urgency orders reports; the smaller comes first.
type Urgency int

const (
	AboutToLose  Urgency = 1 // money can still be kept
	LostToday    Urgency = 2 // a bank may still stop it
	Lost         Urgency = 3
	NeedsOfficer Urgency = 4 // rang for a person and reached nobody
	Other        Urgency = 5
)

// Urgent is what rings at the duty desk.
func (u Urgency) Urgent() bool { return u <= LostToday }

// urgency: a caller who hung up after naming money ranks by what was said; a loss whose day is unknown counts as fresh.
func urgency(d Draft, o Officer) Urgency {
	switch {
	case d.Cancelled:
		return Other
	case d.Money == "about":
		return AboutToLose
	case d.Money == "lost" && (d.When == "today" || d.When == ""):
		return LostToday
	case d.Money == "lost":
		return Lost
	case o == Missed:
		return NeedsOfficer
	}
	return Other
}
