package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"canhgiac/ivr/prompts/audio"
)

// How the synthetic voices are made (speak runs it). It is part of each sound's fingerprint: another recipe makes every
// sound stale.
const (
	shaping       = "sox highpass 250 treble +4 compand 0.02,0.2 6:-60,-60,-30,-12,-10,-7,0,-4 -3 -90 0.1 norm -3"
	SilenceLength = 600 * time.Millisecond
)

// speakers are espeak-ng's names of the voices.
var speakers = map[Voice]string{Central: "vi-vn-x-central", Northern: "vi"}

// Recipe is how a line gets its sound in a voice: a command that speaks what it reads, and one that shapes it for a
// telephone's loudspeaker. audio.Keep does the rest.
func Recipe(v Voice) (speak, shape string) {
	return "espeak-ng -v " + speakers[v] + " -s 125 --stdin --stdout", shaping
}

// Manifest tells which words each sound was made from, and what was measured of it.
type Manifest struct {
	Lines []ManifestLine `json:"lines"`
}

// ManifestLine has SHA-256 sums in hex: Words over text and recipe, WAV over the file.
type ManifestLine struct {
	Voice    Voice   `json:"voice"`
	Name     string  `json:"name"`
	Words    string  `json:"words"`
	WAV      string  `json:"wav"`
	Loudness float64 `json:"lufs"` // audio.Figures of the file
	Peak     float64 `json:"peak"`
}

// Fingerprint is a sound's ManifestLine.Words.
func (l Line) Fingerprint(v Voice) string {
	speak, shape := Recipe(v)
	recipe := speak + " | " + shape + " | " + audio.Recipe
	if l.Text == "" {
		recipe = SilenceLength.String()
	}
	return Sum([]byte(l.In(v) + "\n" + recipe))
}

// Sum is the SHA-256 of b in hex.
func Sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// ReadManifest gives the embedded manifest, empty when there is none yet.
func ReadManifest() (Manifest, error) {
	var m Manifest
	b, err := soundFiles.ReadFile("sound/manifest.json")
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, fmt.Errorf("read the sounds' manifest: %w", err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("read the sounds' manifest: %w", err)
	}
	return m, nil
}
