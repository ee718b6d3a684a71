package main

import (
	"fmt"
	"time"
)

// TapeConfig is voice.recording: calls recorded as a whole.
type TapeConfig struct {
	Calls bool          `mapstructure:"calls"`
	Keep  time.Duration `mapstructure:"keep"`
}

func defaultTape() TapeConfig { return TapeConfig{Keep: 30 * 24 * time.Hour} }

// tape: what every caller is told must be true of every call, so that one provider that cannot record is one too many.
func (k *check) tape(c VoiceConfig) {
	k.that(c.Recording.Keep >= 24*time.Hour && c.Recording.Keep <= 8784*time.Hour, "voice.recording.keep", "24h to 8784h", c.Recording.Keep)
	for i, p := range c.Providers {
		k.that(!c.Recording.Calls || p.Dialect == dialectTwiML, fmt.Sprintf("voice.providers[%d].dialect", i),
			"twiml, since voice.recording.calls is set: this program cannot have other providers record a call", p.Dialect)
	}
}
