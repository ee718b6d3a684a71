package prompts

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"canhgiac/ivr/prompts/audio"
)

//go:embed sound
var soundFiles embed.FS

// Origin is where a sound comes from. A synthetic voice never imitates a real officer (Luật An ninh mạng 2025): what it is
// is kept with the sound and shown wherever the sound is.
type Origin string

const (
	BuiltIn     Origin = "built_in" // synthetic, with the program
	Recorded    Origin = "recorded" // a person's, into the page
	Uploaded    Origin = "uploaded" // a person's, from a file
	Synthesised Origin = "synthesised"
	Folder      Origin = "folder" // a person's, in voice.sounds
)

// Key names a sound: a line in a voice.
type Key struct {
	Voice Voice
	Line  string
}

// Kept is a sound that can be played.
type Kept struct {
	Text    string // that it says
	WAV     []byte
	Origin  Origin
	Figures audio.Figures
	edition string // of the ward's own, by their content
}

// Sound gives each line's WAV in each voice: the ward's own where there is one and its words are still the line's, else the
// synthetic voice of the program. It may be used, and given other sounds, from anywhere at once.
type Sound struct {
	lines map[string]Line
	given map[Key]Kept // with the program, or from the folder
	own   atomic.Pointer[map[Key]Kept]
}

// ErrNoSound means that no line has this name.
var ErrNoSound = errors.New("no such sound")

// builtIn is every sound of the program by its address, read once: an embedded file is copied each time that it is read, and
// these are twelve megabytes.
var builtIn = sync.OnceValues(func() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(soundFiles, "sound", func(path string, _ fs.DirEntry, err error) error {
		at, isWAV := strings.CutSuffix(strings.TrimPrefix(path, "sound/"), ".wav")
		if err == nil && isWAV {
			files[at], err = soundFiles.ReadFile(path)
		}
		return err
	})
	return files, err
})

// OpenSound reads all sounds into memory. dir is a folder of recordings, NAME.wav for the central voice, VOICE/NAME.wav for any;
// "" means none. A recording that cannot be played, or that bears no line's name, is an error: it would silently never be heard.
func OpenSound(w *Words, dir string) (*Sound, error) {
	s := &Sound{lines: map[string]Line{}, given: map[Key]Kept{}}
	s.Use(nil)
	m, err := ReadManifest()
	if err != nil {
		return nil, err
	}
	files, err := builtIn()
	if err != nil {
		return nil, fmt.Errorf("the program's sounds: %w", err)
	}
	figures := map[Key]audio.Figures{}
	for _, l := range m.Lines {
		figures[Key{l.Voice, l.Name}] = audio.Figures{Loudness: l.Loudness, Peak: l.Peak}
	}
	for _, l := range w.Lines() {
		s.lines[l.Name] = l
		for _, v := range Voices() {
			at := v.Address(l.Name)
			b, ok := files[at]
			if !ok {
				return nil, fmt.Errorf("sound of %s: %w (make prompts)", at, ErrNoSound)
			}
			f := figures[Key{v, l.Name}]
			if f.Length, err = audio.LengthOf(b); err != nil {
				return nil, fmt.Errorf("sound of %s: %w", at, err)
			}
			s.given[Key{v, l.Name}] = Kept{Text: l.In(v), WAV: b, Origin: BuiltIn, Figures: f}
		}
	}
	if dir == "" {
		return s, nil
	}
	if err := s.readFolder(dir, Central); err != nil {
		return nil, err
	}
	for _, v := range Voices() {
		if err := s.readFolder(filepath.Join(dir, string(v)), v); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return s, nil
}

// readFolder takes a studio's recordings of one voice, each brought to the same loudness as all the others.
func (s *Sound) readFolder(dir string, v Voice) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	for _, f := range files {
		name, isWAV := strings.CutSuffix(f.Name(), ".wav")
		if f.IsDir() || !isWAV {
			continue
		}
		line, ok := s.lines[name]
		if !ok {
			return fmt.Errorf("recording %s: %w", f.Name(), ErrNoSound)
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return fmt.Errorf("recording %s: %w", f.Name(), err)
		}
		heard, err := audio.Read(b)
		if err != nil {
			return fmt.Errorf("recording %s: %w", f.Name(), err)
		}
		wav, figures, err := audio.Keep(heard)
		if err != nil {
			return fmt.Errorf("recording %s: %w", f.Name(), err)
		}
		s.given[Key{v, name}] = Kept{Text: line.In(v), WAV: wav, Origin: Folder, Figures: figures}
	}
	return nil
}

// Use puts the ward's own sounds in the place of those used before.
func (s *Sound) Use(own map[Key]Kept) {
	marked := make(map[Key]Kept, len(own))
	for key, k := range own {
		k.edition = Sum(k.WAV)[:editionLetters]
		marked[key] = k
	}
	s.own.Store(&marked)
}

const editionLetters = 10

// Edition tells the ward's sounds of lines from those in use before, by their content; "" where all are the program's own, which
// do not change while it runs. In an address it keeps whoever fetched a sound once from playing it after another took its place.
func (s *Sound) Edition(v Voice, lines ...string) string {
	var all []string
	for i, line := range lines {
		if k, _, err := s.Find(v, line); err == nil && k.edition != "" {
			all = append(all, strconv.Itoa(i)+k.edition)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return Sum([]byte(strings.Join(all, " ")))[:editionLetters]
}

// Line gives a line by its name. Error: ErrNoSound.
func (s *Sound) Line(name string) (Line, error) {
	if l, ok := s.lines[name]; ok {
		return l, nil
	}
	// A line of a version's own words is named by them (LineOf), and has the ward's own sounds alone.
	for _, v := range Voices() {
		if k, ok := (*s.own.Load())[Key{v, name}]; ok {
			return Line{Name: name, Text: k.Text}, nil
		}
	}
	return Line{}, fmt.Errorf("%s: %w", name, ErrNoSound)
}

// Find gives what is played for a line, and the voice that it is in: where a voice does not have it, the other one says it.
// A sound whose words are no longer the line's is passed over: it might name keys that the menu does not have any more.
// Error: ErrNoSound.
func (s *Sound) Find(v Voice, name string) (Kept, Voice, error) {
	line, err := s.Line(name)
	if err != nil {
		return Kept{}, v, err
	}
	if !v.Known() {
		v = Central
	}
	own := *s.own.Load()
	for _, v := range []Voice{v, v.Other()} {
		for _, from := range []map[Key]Kept{own, s.given} {
			if k, ok := from[Key{v, name}]; ok && k.Text == line.In(v) {
				return k, v, nil
			}
		}
	}
	return Kept{}, v, fmt.Errorf("%s: %w", name, ErrNoSound)
}

// Given is what is played where the ward has no sound of its own; false where there is none.
func (s *Sound) Given(v Voice, name string) (Kept, bool) {
	k, ok := s.given[Key{v, name}]
	return k, ok
}

// Open gives a line's WAV. Error: ErrNoSound.
func (s *Sound) Open(v Voice, name string) (io.ReadSeeker, error) {
	k, _, err := s.Find(v, name)
	if err != nil {
		return nil, err
	}
	return bytes.NewReader(k.WAV), nil
}

// Text gives the words that a line says, "" for silence. Error: ErrNoSound.
func (s *Sound) Text(v Voice, name string) (string, error) {
	k, _, err := s.Find(v, name)
	return k.Text, err
}

// Says tells whether a sound says the line's words, in any voice.
func (s *Sound) Says(l Line) bool {
	own := *s.own.Load()
	for _, v := range Voices() {
		for _, from := range []map[Key]Kept{own, s.given} {
			if k, ok := from[Key{v, l.Name}]; ok && k.Text == l.In(v) {
				return true
			}
		}
	}
	return false
}

// Missing are the lines that a voice has no sound of, or only one of other words.
func (s *Sound) Missing(w *Words) []Key {
	var missing []Key
	for _, v := range Voices() {
		for _, l := range w.Lines() {
			if k, in, err := s.Find(v, l.Name); err != nil || in != v || k.Text != l.In(v) {
				missing = append(missing, Key{v, l.Name})
			}
		}
	}
	return missing
}

// Length is how long a line plays; 0 for one that does not exist.
func (s *Sound) Length(v Voice, name string) time.Duration {
	k, _, _ := s.Find(v, name)
	return k.Figures.Length
}
