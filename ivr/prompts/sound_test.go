package prompts

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"canhgiac/ivr/prompts/audio"
)

// TestWordsAndSoundBelongTogether fails when a text or the recipe changed and the sound was not made again, when a WAV
// is not the one that was made, and when a sound is left over from a line that is gone. The cure is `make prompts`.
func TestWordsAndSoundBelongTogether(t *testing.T) {
	w := load(t)
	m, err := ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	made := map[Key]ManifestLine{}
	for _, l := range m.Lines {
		made[Key{l.Voice, l.Name}] = l
	}
	files := map[string]bool{"sound/manifest.json": true}
	for _, l := range w.Lines() {
		files["sound/"+l.Name+".txt"] = true
		if txt, err := soundFiles.ReadFile("sound/" + l.Name + ".txt"); err != nil || string(txt) != l.Text+"\n" {
			t.Errorf("%s: the text beside the sound is %q, %v", l.Name, txt, err)
		}
		for _, v := range Voices() {
			at := v.Address(l.Name)
			files["sound/"+at+".wav"] = true
			wav, err := soundFiles.ReadFile("sound/" + at + ".wav")
			if err != nil {
				t.Errorf("%s: %v", at, err)
				continue
			}
			if made[Key{v, l.Name}].Words != l.Fingerprint(v) {
				t.Errorf("%s: the sound was made from other words or by another recipe", at)
			}
			if made[Key{v, l.Name}].WAV != Sum(wav) {
				t.Errorf("%s: the WAV is not the one that was made", at)
			}
		}
	}
	err = fs.WalkDir(soundFiles, "sound", func(path string, f fs.DirEntry, err error) error {
		if err == nil && !f.IsDir() && !files[path] {
			t.Errorf("%s belongs to no line", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != len(Voices())*len(w.Lines()) {
		t.Errorf("%d sounds in the manifest, %d lines in the words", len(made), len(w.Lines()))
	}
}

// TestEverySoundIsOnTarget measures the files themselves: a telephone's format, all equally loud, none clipped, none that
// waits at its ends, and as long as its words take at about 2.7 syllables a second (VOICE).
func TestEverySoundIsOnTarget(t *testing.T) {
	m, err := ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	told := map[Key]ManifestLine{}
	for _, l := range m.Lines {
		told[Key{l.Voice, l.Name}] = l
	}
	for _, l := range load(t).Lines() {
		for _, v := range Voices() {
			at := v.Address(l.Name)
			b, err := soundFiles.ReadFile("sound/" + at + ".wav")
			if err != nil {
				t.Fatal(err)
			}
			if string(b[20:36]) != "\x06\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00" {
				t.Errorf("%s is no A-law of one channel at 8 kHz: % x", at, b[20:36])
			}
			f, err := audio.MeasureWAV(b)
			if err != nil {
				t.Errorf("%s: %v", at, err)
				continue
			}
			if l.Text == "" {
				if f.Length != SilenceLength || f.Loudness != audio.Silence {
					t.Errorf("%s: %v at %.1f LUFS", at, f.Length, f.Loudness)
				}
				continue
			}
			if !f.OnTarget() {
				t.Errorf("%s: %+v", at, f)
			}
			if k := told[Key{v, l.Name}]; math.Abs(k.Loudness-f.Loudness) > 0.06 || math.Abs(k.Peak-f.Peak) > 0.06 {
				t.Errorf("%s: the manifest tells %.1f LUFS and %.1f dBTP, measured are %.2f and %.2f", at, k.Loudness, k.Peak, f.Loudness, f.Peak)
			}
			syllables := float64(len(strings.Fields(l.Text)))
			if s := f.Length.Seconds(); s < syllables/4 || s > 1+syllables/1.8 {
				t.Errorf("%s: %.1f s for %.0f syllables", at, s, syllables)
			}
		}
	}
}

func TestDigitsAndKindsAreSpokenSingly(t *testing.T) {
	w := load(t)
	s, err := OpenSound(w, "")
	if err != nil {
		t.Fatal(err)
	}
	for d, word := range []string{"không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"} {
		if got, err := s.Text(Central, DigitLine(rune('0'+d))); err != nil || got != word {
			t.Errorf("digit %d is said %q, %v", d, got, err)
		}
	}
	for _, k := range w.ScamTypes {
		if got, _ := s.Text(Central, KindLine(strconv.Itoa(k.Key))); got != k.Voice {
			t.Errorf("kind %d is said %q", k.Key, got)
		}
	}
	for band := 1; band <= 5; band++ {
		// the band's label must be the words that the question itself offered
		got, err := s.Text(Central, BandLine(strconv.Itoa(band)))
		if question, _ := w.Prompt("hoi_bao_nhieu"); err != nil || !strings.Contains(strings.ToLower(question), got) {
			t.Errorf("band %d is said %q, %v", band, got, err)
		}
	}
	if _, err := s.Open(Central, "khong_co"); !errors.Is(err, ErrNoSound) {
		t.Errorf("no such sound: %v", err)
	}
}

func TestAPromptIsCutAtItsPlaceholders(t *testing.T) {
	text, err := load(t).Prompt("da_gui")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range Pieces("da_gui", text) {
		if p.Placeholder != "" {
			got = append(got, "{"+p.Placeholder+"}")
			continue
		}
		got = append(got, p.Name+": "+p.Text)
	}
	want := []string{
		"da_gui-1: Tổng đài đã nhận tin báo của ông bà, và chuyển cho công an phường. Mã tin báo là:", "{ma}",
		"da_gui-2: Xin nhắc lại:", "{ma}", "da_gui-3: Mã này sẽ được nhắn vào máy của ông bà.",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("pieces:\n%s", strings.Join(got, "\n"))
	}
}

// recording is a WAV of PCM: noise that comes and goes like syllables.
func recording(channels, rate int, seconds float64) []byte {
	var data []byte
	random := rand.New(rand.NewPCG(1, 2))
	for i := range int(seconds * float64(rate)) {
		v := 8000 * (random.Float64() - 0.5) * math.Abs(math.Sin(2*math.Pi*1.5*float64(i)/float64(rate)))
		for range channels {
			data = binary.LittleEndian.AppendUint16(data, uint16(int16(v)))
		}
	}
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), 16, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*2))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*2))
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

// TestARecordingWins: of its voice alone, at the rate and the loudness of all the others, whatever a studio gave.
func TestARecordingWins(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "chao.wav", recording(2, 44100, 2))
	write(t, dir, "README", []byte("who spoke, when"))
	if err := os.Mkdir(filepath.Join(dir, "bac"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "bac/da_huy.wav", recording(1, 16000, 1))
	s, err := OpenSound(load(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[Key]Origin{{Central, "chao"}: Folder, {Northern, "chao"}: BuiltIn, {Central, "da_huy"}: BuiltIn, {Northern, "da_huy"}: Folder} {
		k, in, err := s.Find(key.Voice, key.Line)
		if err != nil || k.Origin != want || in != key.Voice {
			t.Errorf("%v is %s in %s, %v", key, k.Origin, in, err)
		}
		if f, err := audio.MeasureWAV(k.WAV); err != nil || !f.OnTarget() || f.Length != s.Length(key.Voice, key.Line) {
			t.Errorf("%v: %+v, %v", key, f, err)
		}
	}
	if text, _ := s.Text(Central, "chao"); !strings.HasPrefix(text, "Dạ, kính chào") {
		t.Errorf("text %q", text)
	}
}

func TestBadRecordingsStopTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		body []byte
		want string
	}{
		"a name that no line has": {"chaoo.wav", recording(1, 8000, 1), "no such sound"},
		"not a WAV":               {"chao.wav", []byte("OggS"), "neither WAV nor MP3"},
		"empty":                   {"chao.wav", nil, "neither WAV nor MP3"},
		"cut off":                 {"chao.wav", recording(1, 8000, 1)[:1000], "says 16000 bytes"},
		"nobody speaks":           {"chao.wav", append(recording(1, 8000, 0.00001)[:40], append([]byte{0x80, 0x3e, 0, 0}, make([]byte, 16000)...)...), "silent"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, c.file, c.body)
			if _, err := OpenSound(load(t), dir); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
				t.Errorf("error %v, expected %q and the file's name", err, c.want)
			}
		})
	}
	if _, err := OpenSound(load(t), filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a folder that is not there went unnoticed")
	}
}

// TestTheWardsOwnSoundIsPlayedWhileItsWordsAreTheLines: a call hears another sound from the next line on; one whose words
// were changed since is passed over, and so is a line that only the other voice has.
func TestTheWardsOwnSoundIsPlayedWhileItsWordsAreTheLines(t *testing.T) {
	s, err := OpenSound(load(t), "")
	if err != nil {
		t.Fatal(err)
	}
	line, _ := s.Line("chao")
	own := Kept{Text: line.Text, WAV: []byte("own"), Origin: Recorded}
	stale := Kept{Text: "Chào.", WAV: []byte("stale"), Origin: Recorded}
	delete(s.given, Key{Northern, "da_huy"})
	for name, c := range map[string]struct {
		own    map[Key]Kept
		voice  Voice
		line   string
		origin Origin
		in     Voice
	}{
		"the program's own":                {nil, Central, "chao", BuiltIn, Central},
		"recorded":                         {map[Key]Kept{{Central, "chao"}: own}, Central, "chao", Recorded, Central},
		"recorded in the other voice":      {map[Key]Kept{{Central, "chao"}: own}, Northern, "chao", BuiltIn, Northern},
		"the words changed":                {map[Key]Kept{{Central, "chao"}: stale}, Central, "chao", BuiltIn, Central},
		"only the other voice has it":      {nil, Northern, "da_huy", BuiltIn, Central},
		"a voice that nobody has heard of": {nil, "nam", "chao", BuiltIn, Central},
	} {
		t.Run(name, func(t *testing.T) {
			s.Use(c.own)
			if k, in, err := s.Find(c.voice, c.line); err != nil || k.Origin != c.origin || in != c.in {
				t.Errorf("%s in %s, %v", k.Origin, in, err)
			}
		})
	}
}

func write(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}
