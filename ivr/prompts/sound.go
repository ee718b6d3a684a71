package prompts

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed sound
var soundFiles embed.FS

// Recipe is how the synthetic voice is made (speak runs it). It is part of each line's fingerprint: another recipe
// makes every sound stale. A-law, since Vietnam's trunks are E1.
const (
	Recipe        = "espeak-ng -v vi-vn-x-central -s 125 | sox -r 8000 -c 1 -e a-law highpass 250 treble +4 compand 0.02,0.2 6:-60,-60,-30,-12,-10,-7,0,-4 -3 -90 0.1 norm -3"
	SilenceRecipe = "sox -r 8000 -c 1 -e a-law trim 0 0.6"
)

// Manifest tells which words each sound was made from.
type Manifest struct {
	Lines []ManifestLine `json:"lines"`
}

// ManifestLine has SHA-256 sums in hex: Words over text and recipe, WAV over the file.
type ManifestLine struct {
	Name  string `json:"name"`
	Words string `json:"words"`
	WAV   string `json:"wav"`
}

// Fingerprint is a line's ManifestLine.Words.
func (l Line) Fingerprint() string {
	recipe := Recipe
	if l.Text == "" {
		recipe = SilenceRecipe
	}
	return Sum([]byte(l.Text + "\n" + recipe))
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

// Sound gives each line's WAV: the ward's own recording where there is one, else the synthetic voice of the program.
type Sound struct {
	lines map[string]sounding
}

type sounding struct {
	text   string
	wav    []byte
	length time.Duration
}

// ErrNoSound means that no line has this name.
var ErrNoSound = errors.New("no such sound")

// OpenSound reads all sounds into memory. dir is the folder of recordings, NAME.wav each; "" means none. A recording
// that cannot be played, or that bears no line's name, is an error: it would silently never be heard.
func OpenSound(w *Words, dir string) (*Sound, error) {
	s := &Sound{lines: map[string]sounding{}}
	for _, l := range w.Lines() {
		b, err := soundFiles.ReadFile("sound/" + l.Name + ".wav")
		if err != nil {
			return nil, fmt.Errorf("sound of %s: %w (make prompts)", l.Name, err)
		}
		wav, err := readWave(b)
		if err != nil {
			return nil, fmt.Errorf("sound of %s: %w", l.Name, err)
		}
		s.lines[l.Name] = sounding{l.Text, b, wav.length()}
	}
	if dir == "" {
		return s, nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	for _, f := range files {
		name, isWAV := strings.CutSuffix(f.Name(), ".wav")
		if f.IsDir() || !isWAV {
			continue
		}
		line, ok := s.lines[name]
		if !ok {
			return nil, fmt.Errorf("recording %s: %w", f.Name(), ErrNoSound)
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("recording %s: %w", f.Name(), err)
		}
		wav, err := readWave(b)
		if err == nil {
			err = wav.playable()
		}
		if err != nil {
			return nil, fmt.Errorf("recording %s: %w", f.Name(), err)
		}
		s.lines[name] = sounding{line.text, b, wav.length()}
	}
	return s, nil
}

// Open gives a line's WAV. Error: ErrNoSound.
func (s *Sound) Open(name string) (io.ReadSeeker, error) {
	l, ok := s.lines[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, ErrNoSound)
	}
	return bytes.NewReader(l.wav), nil
}

// Text gives the words that a line says, "" for silence. Error: ErrNoSound.
func (s *Sound) Text(name string) (string, error) {
	l, ok := s.lines[name]
	if !ok {
		return "", fmt.Errorf("%s: %w", name, ErrNoSound)
	}
	return l.text, nil
}

// Length is how long a line plays; 0 for one that does not exist.
func (s *Sound) Length(name string) time.Duration { return s.lines[name].length }
