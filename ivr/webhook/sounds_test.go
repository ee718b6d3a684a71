package webhook

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

func TestSeveralLinesAreOneSound(t *testing.T) {
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	h := Handler(Options{Sound: sound, PublicURL: "https://canhgiac.example.vn", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	get := func(path string) (int, []byte) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		body, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, body
	}
	status, wav := get("/voice/sounds/bac/pcm/so-0~so-9~im_lang~chao.wav")
	if status != 200 || string(wav[20:28]) != "\x01\x00\x01\x00\x40\x1f\x00\x00" {
		t.Fatalf("%d % x", status, wav[:44])
	}
	var want time.Duration
	for _, name := range []string{"so-0", "so-9", "im_lang", "chao"} {
		want += sound.Length(prompts.Northern, name)
	}
	if got, err := audio.LengthOf(wav); err != nil || (got-want).Abs() > time.Millisecond {
		t.Errorf("%s of sound, expected %s, %v", got, want, err)
	}
	if _, text := get("/voice/sounds/bac/pcm/so-0~so-9~im_lang~so-4.txt"); string(text) != "không chín, bốn\n" {
		t.Errorf("text %q", text)
	}
	for _, path := range []string{"/voice/sounds/bac/pcm/so-0~nothing.wav", "/voice/sounds/bac/pcm/~.wav", "/voice/sounds/bac/pcm/nothing.txt",
		"/voice/sounds/bac/pcm/" + strings.Repeat("so-0~", 80) + "so-0.wav"} {
		if status, body := get(path); status != 404 || string(body) != "no such sound\n" {
			t.Errorf("%.60s: %d %q", path, status, body)
		}
	}
}

// TestAnAddressChangesWithTheSoundThatItLeadsTo, so that no store of a provider, of the simulator or of a browser plays what is
// no longer said; the program's own sounds need none.
func TestAnAddressChangesWithTheSoundThatItLeadsTo(t *testing.T) {
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	a := At("https://canhgiac.example.vn", "thu", sound).In(prompts.Central)
	const bare, joined = "https://canhgiac.example.vn/voice/sounds/trung/chao.wav", "https://canhgiac.example.vn/voice/sounds/trung/pcm/so-0~chao.wav"
	use := func(wav string) (one, both string) {
		key := prompts.Key{Voice: prompts.Central, Line: "chao"}
		line, err := sound.Line("chao")
		if err != nil {
			t.Fatal(err)
		}
		own := map[prompts.Key]prompts.Kept{}
		if wav != "" {
			own[key] = prompts.Kept{Text: line.In(prompts.Central), WAV: []byte(wav)}
		}
		sound.Use(own)
		return a.Sound("chao"), a.Joined("so-0", "chao")
	}
	if one, both := use(""); one != bare || both != joined {
		t.Errorf("the program's own: %s %s", one, both)
	}
	first, firstBoth := use("first")
	second, secondBoth := use("second")
	if !strings.HasPrefix(first, bare+"?v=") || !strings.HasPrefix(firstBoth, joined+"?v=") || first == second || firstBoth == secondBoth {
		t.Errorf("%s %s, then %s %s", first, firstBoth, second, secondBoth)
	}
	if again, _ := use("first"); again != first {
		t.Errorf("the same sound again: %s, was %s", again, first)
	}
	if other := a.Sound("so-0"); strings.Contains(other, "?") {
		t.Errorf("a line that nobody recorded: %s", other)
	}
	if back, _ := use(""); back != bare {
		t.Errorf("taken back: %s", back)
	}
}
