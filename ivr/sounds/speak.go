package sounds

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

// Speaker is a speech program: text to WAV. It must be no real officer's voice (Luật An ninh mạng 2025); which one it was is
// kept with what it said.
type Speaker interface {
	Speak(ctx context.Context, text string, v prompts.Voice) (wav []byte, err error)
	Engine() string // the program, for people and for the cache
}

// ErrNoSpeaker: no speech program is configured.
var ErrNoSpeaker = errors.New("no speech program is configured")

// outputLimit is what a speech program may say: two minutes at a studio's rate.
const outputLimit = 12 << 20

var errTooMuch = fmt.Errorf("the speech program gave more than %d bytes", outputLimit)

// Names are what a speech program calls the voices.
type Names map[prompts.Voice]string

// Command speaks by a program that reads the text and writes a WAV. {voice} in its arguments is the voice's name; no shell
// sees any of it.
type Command struct {
	Argv    []string
	Names   Names
	Timeout time.Duration
}

func (c Command) Engine() string { return c.Argv[0] }

func (c Command) Speak(ctx context.Context, text string, v prompts.Voice) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	argv := make([]string, len(c.Argv))
	for i, a := range c.Argv {
		argv[i] = strings.ReplaceAll(a, "{voice}", c.Names[v])
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(text + "\n")
	cmd.WaitDelay = time.Second // for what it started itself, and left holding its output
	out := &bounded{most: outputLimit, full: cancel}
	cmd.Stdout = out
	err := cmd.Run()
	switch {
	case out.over:
		return nil, fmt.Errorf("speak by %s: %w", argv[0], errTooMuch)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("speak by %s: not done within %s", argv[0], c.Timeout)
	case err != nil:
		return nil, fmt.Errorf("speak by %s: %w", argv[0], err)
	}
	return out.all.Bytes(), nil
}

// bounded ends the program that writes too much. The buffer is no embedded one: its ReadFrom would go past Write.
type bounded struct {
	all  bytes.Buffer
	most int
	over bool
	full func()
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.all.Len()+len(p) > b.most {
		b.over = true
		b.full()
		return 0, errTooMuch
	}
	return b.all.Write(p)
}

// HTTP speaks by a service: POST {"text", "voice"} as JSON, and a WAV comes back.
type HTTP struct {
	URL, Token string
	Names      Names
	Timeout    time.Duration
	Client     *http.Client // nil: one that follows no redirect, since the token would go along
}

func (h HTTP) Engine() string { return h.URL }

func (h HTTP) Speak(ctx context.Context, text string, v prompts.Voice) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	body, err := json.Marshal(map[string]string{"text": text, "voice": h.Names[v]})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("speak by HTTP: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "audio/wav")
	if h.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.Token)
	}
	client := h.Client
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("speak by HTTP: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("speak by HTTP: it answered %s", resp.Status)
	}
	wav, err := io.ReadAll(io.LimitReader(resp.Body, outputLimit+1))
	if err != nil {
		return nil, fmt.Errorf("speak by HTTP: %w", err)
	}
	if len(wav) > outputLimit {
		return nil, fmt.Errorf("speak by HTTP: %w", errTooMuch)
	}
	return wav, nil
}

const spokenSQL = `
select wav, lufs, peak, ms from sounds
where origin = 'synthesised' and voice = $1 and engine = $2 and md5(text) = md5($3) and text = $3 order by id desc limit 1`

// Engine names the speech program; "" where there is none.
func (s *Store) Engine() string {
	if s.speaker == nil {
		return ""
	}
	return s.speaker.Engine()
}

// Synthesise has a line spoken, and keeps it. What the same program said with the same voice before is not said again. Nobody
// hears it yet. Errors: ErrNoSpeaker, *audio.Refusal.
func (s *Store) Synthesise(ctx context.Context, line prompts.Line, v prompts.Voice, by string) (Sound, error) {
	if s.speaker == nil {
		return Sound{}, ErrNoSpeaker
	}
	x := Sound{Key: prompts.Key{Voice: v, Line: line.Name}, Text: line.In(v), Origin: prompts.Synthesised, Engine: s.speaker.Engine(), By: by}
	var wav []byte
	var ms int64
	err := s.db.QueryRowContext(ctx, spokenSQL, v, x.Engine, x.Text).Scan(&wav, &x.Figures.Loudness, &x.Figures.Peak, &ms)
	x.Figures.Length = time.Duration(ms) * time.Millisecond
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return x, fmt.Errorf("look for what was spoken: %w", err)
	}
	if errors.Is(err, sql.ErrNoRows) {
		if wav, x.Figures, err = s.speak(ctx, x.Text, v); err != nil {
			return x, fmt.Errorf("speak %s: %w", line.Name, err)
		}
	}
	return s.add(ctx, s.db, x, wav)
}

func (s *Store) speak(ctx context.Context, text string, v prompts.Voice) ([]byte, audio.Figures, error) {
	said, err := s.speaker.Speak(ctx, Spaced(text), v)
	if err != nil {
		return nil, audio.Figures{}, err
	}
	heard, err := audio.Read(said)
	if err != nil {
		return nil, audio.Figures{}, err
	}
	return audio.Keep(heard)
}

var digits = regexp.MustCompile(`[0-9]{2,}`)

// Spaced sets digits apart: speech programs read 113 as one number.
func Spaced(text string) string {
	return digits.ReplaceAllStringFunc(text, func(run string) string { return strings.Join(strings.Split(run, ""), " ") })
}
