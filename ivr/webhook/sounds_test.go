package webhook

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"canhgiac/ivr/prompts"
)

// TestLawsExpandAsTheStandardSays: the ends and the middle of both tables of G.711.
func TestLawsExpandAsTheStandardSays(t *testing.T) {
	for name, c := range map[string]struct {
		law  func(byte) int16
		in   byte
		want int16
	}{
		"A-law, the least":        {fromALaw, 0xD5, 8},
		"A-law, the least below":  {fromALaw, 0x55, -8},
		"A-law, the most":         {fromALaw, 0xAA, 32256},
		"A-law, the most below":   {fromALaw, 0x2A, -32256},
		"A-law, of the 2nd chord": {fromALaw, 0xC5, 264},
		"µ-law, nothing":          {fromULaw, 0xFF, 0},
		"µ-law, the most":         {fromULaw, 0x80, 32124},
		"µ-law, the most below":   {fromULaw, 0x00, -32124},
	} {
		if got := c.law(c.in); got != c.want {
			t.Errorf("%s: %d, expected %d", name, got, c.want)
		}
	}
}

func TestSeveralLinesAreOneSound(t *testing.T) {
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	h := Handler(nil, sound, nil, "https://canhgiac.example.vn", time.Now, slog.New(slog.DiscardHandler))
	get := func(path string) (int, []byte) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		body, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, body
	}
	status, wav := get("/voice/sounds/pcm/so-0~so-9~im_lang~chao.wav")
	form, data, err := chunks(wav)
	if err != nil || status != 200 || form != (waveForm{1, 1, 8000, 16}) {
		t.Fatalf("%d %+v %v", status, form, err)
	}
	want := sound.Length("so-0") + sound.Length("so-9") + sound.Length("im_lang") + sound.Length("chao")
	if got := time.Duration(len(data)/2) * time.Second / 8000; (got - want).Abs() > time.Millisecond {
		t.Errorf("%s of sound, expected %s", got, want)
	}
	if _, text := get("/voice/sounds/pcm/so-0~so-9~im_lang~so-4.txt"); string(text) != "không chín, bốn\n" {
		t.Errorf("text %q", text)
	}
	for _, path := range []string{"/voice/sounds/pcm/so-0~nothing.wav", "/voice/sounds/pcm/~.wav", "/voice/sounds/pcm/nothing.txt",
		"/voice/sounds/pcm/" + strings.Repeat("so-0~", 80) + "so-0.wav"} {
		if status, body := get(path); status != 404 || string(body) != "no such sound\n" {
			t.Errorf("%.60s: %d %q", path, status, body)
		}
	}
}

// TestARecordingOfAnyRateIsBroughtToTheLines: the ward may have recorded in a studio.
func TestARecordingOfAnyRateIsBroughtToTheLines(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 44100, 48000} {
		studio := make([]int16, rate) // one second
		for i := range studio {
			studio[i] = 1000
		}
		got := slower(studio, rate)
		if len(got) != lineRate || got[0] != 1000 || got[len(got)-1] != 1000 {
			t.Errorf("%d: %d samples, %v ... %v", rate, len(got), got[0], got[len(got)-1])
		}
	}
	for _, broken := range []string{"", "RIFF", "RIFF\x00\x00\x00\x00WAVEfmt \xff\xff\xff\xff", "RIFF\x00\x00\x00\x00WAVEdata\x02\x00\x00\x00ab"} {
		if _, err := appendSamples(nil, []byte(broken)); err == nil {
			t.Errorf("%q was taken", broken)
		}
	}
}
