package prompts

// Voice is one of the two that the hotline speaks with.
type Voice string

const (
	Central  Voice = "trung" // of Đà Nẵng and around it; what speaks where nothing else is set
	Northern Voice = "bac"
)

// Voices are all of them.
func Voices() []Voice { return []Voice{Central, Northern} }

// Known tells whether there is such a voice.
func (v Voice) Known() bool { return v == Central || v == Northern }

// Other is the one that stands in where a voice does not have a line.
func (v Voice) Other() Voice {
	if v == Central {
		return Northern
	}
	return Central
}

// Address is where a line's sound is found under /voice/sounds/, without its ending.
func (v Voice) Address(line string) string {
	if !v.Known() {
		v = Central
	}
	return string(v) + "/" + line
}
