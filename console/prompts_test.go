package console

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/jobs"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
	"canhgiac/ivr/sounds"
)

// say sends a sound as the page's form does.
func (b *browser) say(path string, file []byte, pairs ...string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		if err := form.WriteField(pairs[i], pairs[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", "loi.wav")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequest("POST", b.home+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

const chao = "/prompts/trung/chao"

// voiceOf is what the program says of a line: a recording good enough for the same words.
func (h *house) voiceOf(line string) []byte {
	h.t.Helper()
	k, ok := h.Sounds.Playing().Given(prompts.Northern, line)
	if !ok {
		h.t.Fatalf("no sound of %s", line)
	}
	return k.WAV
}

// louder multiplies the samples of what is played by n, in a WAV of 16 bits.
func louder(t *testing.T, wav []byte, n float64) []byte {
	t.Helper()
	pcm, err := audio.Join(wav)
	if err != nil {
		t.Fatal(err)
	}
	for at := 44; at < len(pcm); at += 2 {
		v := float64(int16(binary.LittleEndian.Uint16(pcm[at:]))) * n
		binary.LittleEndian.PutUint16(pcm[at:], uint16(int16(max(-32768, min(32767, v)))))
	}
	return pcm
}

func (h *house) plays(want prompts.Origin) {
	h.t.Helper()
	if err := h.Sounds.Refresh(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if k, _, err := h.Sounds.Playing().Find(prompts.Central, "chao"); err != nil || k.Origin != want {
		h.t.Errorf("callers hear %s, %v; expected %s", k.Origin, err, want)
	}
}

// TestTheWardsVoiceIsHeardAfterASecondListen: kept, it is heard by nobody; used by who says that they listened, by all; taken
// back and deleted, by nobody any more. Each act leaves its row.
func TestTheWardsVoiceIsHeardAfterASecondListen(t *testing.T) {
	h := newHouse(t)
	b := h.as(Ward)
	if got := b.say(chao+"/sound", h.voiceOf("chao"), "speaker", " Chị  Hoa ", "agreed", "1", "origin", "recorded"); got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	h.plays(prompts.BuiltIn)
	if page := b.get(chao); !strings.Contains(page.body, "Người đọc, thu tại đây: Chị Hoa") || !strings.Contains(page.body, chao+"/1.wav") {
		t.Errorf("the page does not show what was kept:\n%s", page.body)
	}
	if got := b.get(chao + "/1.wav"); got.status != 200 || !strings.HasPrefix(got.body, "RIFF") {
		t.Errorf("listen: %d", got.status)
	}
	if got := b.post(chao + "/1/use"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "đánh dấu đã nghe") {
		t.Errorf("used unheard: %d", got.status)
	}
	if got := b.post(chao+"/1/use", "heard", "1"); got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	h.plays(prompts.Recorded)
	if page := b.get("/prompts?of=own"); !strings.Contains(page.body, "Chị Hoa") || strings.Count(page.body, `<li class="row">`) != 1 {
		t.Errorf("the list of the ward's own:\n%s", page.body)
	}
	if got := b.post(chao + "/1/delete"); got.status != http.StatusConflict {
		t.Errorf("deleted while in use: %d", got.status)
	}
	if got := b.post(chao + "/take-back"); got.status != http.StatusSeeOther {
		t.Errorf("%d", got.status)
	}
	h.plays(prompts.BuiltIn)
	if got := b.post(chao + "/1/delete"); got.status != http.StatusSeeOther {
		t.Errorf("%d", got.status)
	}
	if got := b.get(chao + "/1.wav"); got.status != http.StatusNotFound {
		t.Errorf("deleted, and heard: %d", got.status)
	}
	var acts string
	if err := h.db.QueryRow(`select string_agg(act, ' ' order by id) from audit_log where object = 'sound:trung/chao'`).Scan(&acts); err != nil || acts != "sound.keep sound.use sound.take_back sound.delete" {
		t.Errorf("audit: %q, %v", acts, err)
	}
}

// TestASoundIsRefusedInWordsWithTheRemedy, whatever is wrong with it.
func TestASoundIsRefusedInWordsWithTheRemedy(t *testing.T) {
	h := newHouse(t)
	b := h.as(Ward)
	good := h.voiceOf("chao")
	for name, c := range map[string]struct {
		file []byte
		args []string
		want string
	}{
		"nobody's voice":     {good, []string{"agreed", "1"}, "ghi họ tên"},
		"not agreed":         {good, []string{"speaker", "Hoa"}, "đã đồng ý"},
		"no file":            {nil, []string{"speaker", "Hoa", "agreed", "1"}, "Chưa có bản thu"},
		"a picture":          {[]byte("\x89PNG\r\n\x1a\n0000"), nil, "không phải WAV hay MP3"},
		"its end is missing": {good[:len(good)/2], nil, "bị cụt"},
		"silence":            {louder(t, good, 0), nil, "Không nghe thấy gì"},
		"too quiet":          {louder(t, good, 0.02), nil, "nhỏ quá"},
		"too loud":           {louder(t, good, 20), nil, "vỡ tiếng"},
		"one word of it":     {h.voiceOf("so-1"), nil, "ngắn quá"},
	} {
		args := c.args
		if args == nil {
			args = []string{"speaker", "Hoa", "agreed", "1"}
		}
		if got := b.say(chao+"/sound", c.file, args...); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %d, no %q", name, got.status, c.want)
		}
	}
	if got := b.say("/prompts/trung/dong_y/sound", h.voiceOf("loai_lua_dao"), "speaker", "Hoa", "agreed", "1"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "dài quá") {
		t.Errorf("other, longer words: %d", got.status)
	}
	if got := b.say(chao+"/sound", make([]byte, audio.MaxBytes+128<<10), "speaker", "Hoa", "agreed", "1"); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", got.status)
	}
	var kept int
	if err := h.db.QueryRow(`select count(*) from sounds`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d were kept, %v", kept, err)
	}
}

func TestTheOperatorSeesTheLinesAndChangesNone(t *testing.T) {
	h := newHouse(t)
	b := h.as(Operator)
	if got := b.get(chao); got.status != 200 || strings.Contains(got.body, "<form method=\"post\" action=\"/prompts") {
		t.Errorf("%d", got.status)
	}
	if got := b.get(chao + "/playing.wav"); got.status != 200 || !strings.HasPrefix(got.body, "RIFF") {
		t.Errorf("%d", got.status)
	}
	if got := b.say(chao+"/sound", h.voiceOf("chao"), "speaker", "Hoa", "agreed", "1"); got.status != http.StatusForbidden {
		t.Errorf("%d", got.status)
	}
	for _, path := range []string{"/prompts/nam/chao", "/prompts/trung/khong_co", "/prompts/trung/im_lang", chao + "/99.wav"} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestTheWardChoosesWhoHearsWhichVoice(t *testing.T) {
	h := newHouse(t)
	ward, err := h.Residents.LoadWard(t.Context(), "Thanh Khê", 2)
	if err != nil {
		t.Fatal(err)
	}
	b := h.as(Ward)
	if got := b.post("/prompts/voice", "unit", fmt.Sprint(ward.ID), "voice", "bac"); got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	set, err := h.Sounds.UnitVoices(t.Context())
	if err != nil || set[ward.ID] != prompts.Northern {
		t.Errorf("%v, %v", set, err)
	}
	for _, c := range [][2]string{{fmt.Sprint(ward.ID), "nam"}, {"99999", "bac"}, {"x", "bac"}} {
		if got := b.post("/prompts/voice", "unit", c[0], "voice", c[1]); got.status != http.StatusBadRequest {
			t.Errorf("%v: %d", c, got.status)
		}
	}
}

// speech is a speech program that says the same of everything.
type speech struct{ wav []byte }

func (s speech) Engine() string { return "test" }
func (s speech) Speak(context.Context, string, prompts.Voice) ([]byte, error) {
	return s.wav, nil
}

func TestALineIsSpokenByAProgramAsAJob(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		k, _ := o.Sounds.Playing().Given(prompts.Central, "chao")
		o.Sounds = sounds.New(o.DB, o.Now, o.Sounds.Playing(), speech{k.WAV}, prompts.Central, o.Log)
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = (&jobs.Runner{Store: h.Jobs, Works: h.Works(), Log: slog.New(slog.DiscardHandler)}).Run(ctx)
	}()
	defer func() { cancel(); <-done }()
	b := h.as(Ward)
	got := b.post(chao + "/synthesise")
	if got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	for over := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if page := b.get(chao); strings.Contains(page.body, chao+"/1.wav") {
			if !strings.Contains(page.body, "<strong>Giọng máy</strong>") {
				t.Errorf("it is not said that a program spoke:\n%s", page.body)
			}
			break
		}
		if time.Now().After(over) {
			t.Fatal("nothing was spoken")
		}
	}
	h.plays(prompts.BuiltIn)
}
