package audio

import "time"

// MaxBytes is the largest file that is read: a minute of a studio's 24 bits in stereo.
const MaxBytes = 20 << 20

// longest is how much of a file is decoded; no line is nearly as long.
const longest = 3 * time.Minute

// Read takes a WAV or an MP3 for what it is, whatever its name says. Error: a *Refusal.
func Read(b []byte) (Sound, error) {
	switch {
	case len(b) > MaxBytes:
		return Sound{}, refuse(TooLarge, "%d bytes", len(b))
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WAVE":
		return readWAV(b)
	case looksLikeMP3(b):
		return readMP3(b)
	}
	return Sound{}, refuse(NotSound, "neither WAV nor MP3")
}
