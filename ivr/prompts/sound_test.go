package prompts

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestWordsAndSoundBelongTogether fails when a text or the recipe changed and the sound was not made again, when a WAV
// is not the one that was made, and when a sound is left over from a line that is gone. The cure is `make prompts`.
func TestWordsAndSoundBelongTogether(t *testing.T) {
	w := load(t)
	m, err := ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]ManifestLine{}
	for _, l := range m.Lines {
		made[l.Name] = l
	}
	files := map[string]bool{"manifest.json": true}
	for _, l := range w.Lines() {
		files[l.Name+".wav"], files[l.Name+".txt"] = true, true
		wav, err := soundFiles.ReadFile("sound/" + l.Name + ".wav")
		if err != nil {
			t.Errorf("%s: %v", l.Name, err)
			continue
		}
		if made[l.Name].Words != l.Fingerprint() {
			t.Errorf("%s: the sound was made from other words or by another recipe", l.Name)
		}
		if made[l.Name].WAV != Sum(wav) {
			t.Errorf("%s: the WAV is not the one that was made", l.Name)
		}
		if txt, err := soundFiles.ReadFile("sound/" + l.Name + ".txt"); err != nil || string(txt) != l.Text+"\n" {
			t.Errorf("%s: the text beside the sound is %q, %v", l.Name, txt, err)
		}
	}
	entries, err := soundFiles.ReadDir("sound")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !files[e.Name()] {
			t.Errorf("sound/%s belongs to no line", e.Name())
		}
	}
	if len(made) != len(w.Lines()) {
		t.Errorf("%d lines in the manifest, %d in the words", len(made), len(w.Lines()))
	}
}

// TestEverySoundIsSpeech looks at the samples: a telephone's format, neither silent nor clipped, and as long as its
// words take at about 2.7 syllables a second (VOICE) with half a second of air at each end.
func TestEverySoundIsSpeech(t *testing.T) {
	for _, l := range load(t).Lines() {
		b, err := soundFiles.ReadFile("sound/" + l.Name + ".wav")
		if err != nil {
			t.Fatal(err)
		}
		w, err := readWave(b)
		if err != nil {
			t.Errorf("%s: %v", l.Name, err)
			continue
		}
		if w.Format != formatALaw || w.Rate != 8000 || w.Channels != 1 || w.Bits != 8 {
			t.Errorf("%s: format %d, %d Hz, %d channels, %d bits", l.Name, w.Format, w.Rate, w.Channels, w.Bits)
		}
		peak, rms := w.loudness()
		if l.Text == "" {
			if w.length() != 600*time.Millisecond || rms > 0.001 {
				t.Errorf("%s: %v of silence at %.4f", l.Name, w.length(), rms)
			}
			continue
		}
		if peak < 0.5 || peak > 0.95 || rms < 0.05 {
			t.Errorf("%s: peak %.2f, mean %.3f of full scale", l.Name, peak, rms)
		}
		syllables := float64(len(strings.Fields(l.Text)))
		if s := w.length().Seconds(); s < syllables/4 || s > 1+syllables/1.8 {
			t.Errorf("%s: %.1f s for %.0f syllables", l.Name, s, syllables)
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
		if got, err := s.Text(DigitLine(rune('0' + d))); err != nil || got != word {
			t.Errorf("digit %d is said %q, %v", d, got, err)
		}
	}
	for _, k := range w.ScamTypes {
		if got, _ := s.Text(KindLine(strconv.Itoa(k.Key))); got != k.Voice {
			t.Errorf("kind %d is said %q", k.Key, got)
		}
	}
	for band := 1; band <= 5; band++ {
		// the band's label must be the words that the question itself offered
		got, err := s.Text(BandLine(strconv.Itoa(band)))
		if question, _ := w.Prompt("hoi_bao_nhieu"); err != nil || !strings.Contains(strings.ToLower(question), got) {
			t.Errorf("band %d is said %q, %v", band, got, err)
		}
	}
	if _, err := s.Open("khong_co"); !errors.Is(err, ErrNoSound) {
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

// pcm makes a small WAV.
func pcm(format, channels, rate, bits int, data []byte) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), 16, 0, 0, 0)
	for _, v := range []int{format, channels} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func TestARecordingWins(t *testing.T) {
	dir := t.TempDir()
	recorded := pcm(formatPCM, 1, 16000, 16, make([]byte, 32000))
	write(t, dir, "chao.wav", recorded)
	write(t, dir, "README", []byte("who spoke, when"))
	s, err := OpenSound(load(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Open("chao")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(r); string(got) != string(recorded) {
		t.Error("the synthetic voice spoke instead of the recording")
	}
	if s.Length("chao") != time.Second {
		t.Errorf("length %v", s.Length("chao"))
	}
	if text, _ := s.Text("chao"); !strings.HasPrefix(text, "Dạ, kính chào") {
		t.Errorf("text %q", text)
	}
}

func TestBadRecordingsStopTheStart(t *testing.T) {
	second := make([]byte, 16000)
	for name, c := range map[string]struct {
		file string
		body []byte
		want string
	}{
		"a name that no line has":     {"chaoo.wav", pcm(formatPCM, 1, 8000, 16, second), "no such sound"},
		"not a WAV":                   {"chao.wav", []byte("ID3 mp3"), "not a WAV"},
		"empty":                       {"chao.wav", nil, "not a WAV"},
		"stereo":                      {"chao.wav", pcm(formatPCM, 2, 8000, 16, second), "2 channels"},
		"a format that nobody plays":  {"chao.wav", pcm(85, 1, 8000, 16, second), "format 85"},
		"too coarse":                  {"chao.wav", pcm(formatPCM, 1, 4000, 16, second), "4000 samples a second"},
		"24 bits":                     {"chao.wav", pcm(formatPCM, 1, 8000, 24, second), "24 bits"},
		"no samples":                  {"chao.wav", pcm(formatPCM, 1, 8000, 16, nil), "no samples"},
		"cut off":                     {"chao.wav", pcm(formatPCM, 1, 8000, 16, second)[:1000], "says 16000 bytes"},
		"a chunk that claims 4 GB":    {"chao.wav", append(pcm(formatPCM, 1, 8000, 16, second), "LIST\xff\xff\xff\xff"...), "says 4294967295 bytes"},
		"an fmt chunk of two bytes":   {"chao.wav", []byte("RIFF\x00\x00\x00\x00WAVEfmt \x02\x00\x00\x00\x01\x00"), "too short"},
		"a header and nothing behind": {"chao.wav", []byte("RIFF\x00\x00\x00\x00WAVE"), "no fmt"},
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

func write(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// loudness gives the highest sample and the root mean square of an A-law wave, both 0..1 of full scale.
func (w wave) loudness() (peak, rms float64) {
	var sum float64
	for _, b := range w.Data {
		v := math.Abs(float64(fromALaw(b))) / 32768
		peak = max(peak, v)
		sum += v * v
	}
	return peak, math.Sqrt(sum / float64(len(w.Data)))
}

// fromALaw expands one sample (G.711 table 1a): the even bits are inverted on the line.
func fromALaw(b byte) int {
	b ^= 0x55
	v := int(b&0x0f)<<4 + 8
	if seg := int(b&0x70) >> 4; seg > 0 {
		v = (v + 0x100) << (seg - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}
