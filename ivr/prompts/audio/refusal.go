package audio

import "fmt"

// Reason is why a sound is not kept; the pages have words and a remedy for each.
type Reason string

const (
	NotSound  Reason = "type"    // neither WAV nor MP3
	Broken    Reason = "broken"  // it says that it is one, and is not
	CutOff    Reason = "cut_off" // its end is missing
	TooLarge  Reason = "large"
	TooLong   Reason = "long"
	TooShort  Reason = "short" // for its words
	Silent    Reason = "silent"
	TooQuiet  Reason = "quiet"
	Clipped   Reason = "clipped"
	TooNoisy  Reason = "noisy"
	TooUneven Reason = "uneven" // a bang that speech cannot be brought level with
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{NotSound, Broken, CutOff, TooLarge, TooLong, TooShort, Silent, TooQuiet, Clipped, TooNoisy, TooUneven}
}

// Refusal is an error of what was given, not of the program.
type Refusal struct {
	Why    Reason
	Detail string // for logs and tests
}

func (r *Refusal) Error() string { return string(r.Why) + ": " + r.Detail }

func refuse(why Reason, format string, a ...any) error {
	return &Refusal{why, fmt.Sprintf(format, a...)}
}
