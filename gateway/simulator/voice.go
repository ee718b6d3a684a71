package simulator

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	webhookTimeout = 15 * time.Second // the provider's own limit for an answer
	soundsKept     = 2000
	soundLimit     = 8 << 20 // bytes of one sound: 16 minutes at 8 kHz
)

// provider is the company that carries the hotline's calls and asks the ward's webhooks what to do with them.
type provider struct {
	base    string // the ward's public address with the provider's path: http://host/voice/NAME
	dialect string // "" is TwiML
	account string
	secret  string
	client  *http.Client

	mu     sync.Mutex
	sounds map[string]sound // by address, which names the edition where what it leads to may change
}

// parse reads a document in the provider's dialect.
func (p *provider) parse(r io.Reader) ([]verb, error) {
	if p.dialect == stringee {
		return parseActions(r)
	}
	return parseDocument(r)
}

// sound is what a caller hears: its length, and the words that stand beside it for the handset's screen.
type sound struct {
	text   string
	length time.Duration
}

func newProvider(o Options, name, dialect, secret string) (*provider, error) {
	u, err := url.Parse(o.VoiceURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("voice address %q: want http://host or https://host", o.VoiceURL)
	}
	client := *o.Client
	// A webhook that answers with a redirect would have to be signed again; the ward's never does.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &provider{
		base:    strings.TrimRight(o.VoiceURL, "/") + "/voice/" + url.PathEscape(name),
		dialect: dialect, account: o.VoiceAccount, secret: secret, client: &client, sounds: make(map[string]sound),
	}, nil
}

// ask sends form to a webhook, signed, and hands its answer to read.
func (p *provider) ask(ctx context.Context, method, address string, form url.Values, read func(io.Reader) error) error {
	if p.dialect == stringee {
		return p.askStringee(ctx, address, form, read)
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	var body io.Reader
	signed := form
	if method == http.MethodGet {
		u, err := url.Parse(address)
		if err != nil {
			return fmt.Errorf("webhook address: %w", err)
		}
		q := u.Query()
		for k, vs := range form {
			q[k] = vs
		}
		u.RawQuery = q.Encode()
		address, signed = u.String(), nil
	} else {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	req.Header.Set("X-Twilio-Signature", Sign(p.secret, address, signed))
	return p.send(req, read)
}

// send sends a webhook and hands its answer to read.
func (p *provider) send(req *http.Request, read func(io.Reader) error) error {
	resp, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("webhook %s answered %s", req.URL.Path, resp.Status)
	}
	if read == nil {
		return nil
	}
	return read(resp.Body)
}

// sound fetches what Play names, once: the WAV for its length, and the .txt beside it for the screen.
func (p *provider) sound(ctx context.Context, address string) (sound, error) {
	p.mu.Lock()
	known, ok := p.sounds[address]
	p.mu.Unlock()
	if ok {
		return known, nil
	}
	wav, err := p.get(ctx, address)
	if err != nil {
		return sound{}, err
	}
	length, err := wavLength(wav)
	if err != nil {
		return sound{}, fmt.Errorf("sound: %w", err)
	}
	s := sound{length: length}
	path, edition, _ := strings.Cut(address, "?")
	if beside, found := strings.CutSuffix(path, ".wav"); found {
		// A provider needs no words; a sound without them still plays.
		if text, err := p.get(ctx, beside+".txt?"+edition); err == nil {
			s.text = strings.TrimSpace(string(text))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sounds) >= soundsKept {
		clear(p.sounds)
	}
	p.sounds[address] = s
	return s, nil
}

func (p *provider) get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("sound: %w", err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sound: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("sound %s: %s", req.URL.Path, resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, soundLimit))
}

var errWAV = errors.New("not a WAV file")

// wavLength reads how long a RIFF/WAVE file plays: the size of its data chunk over the byte rate of its fmt chunk.
func wavLength(b []byte) (time.Duration, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return 0, errWAV
	}
	var rate uint32
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), binary.LittleEndian.Uint32(b[4:8])
		b = b[8:]
		switch {
		case name == "fmt " && len(b) >= 16:
			rate = binary.LittleEndian.Uint32(b[8:12])
		case name == "data" && rate > 0:
			// A file written to a pipe says 0xFFFFFFFF: then what is there counts.
			size = min(size, uint32(len(b)))
			return time.Duration(size) * time.Second / time.Duration(rate), nil
		}
		skip := uint64(size) + uint64(size%2) // chunks lie on even bytes
		if skip > uint64(len(b)) {
			break
		}
		b = b[skip:]
	}
	return 0, errWAV
}
