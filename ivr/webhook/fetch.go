package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"canhgiac/ivr"
)

// RecordingLimit is the largest recording that is fetched. Five minutes of 16 bits in stereo are 10 MB.
const RecordingLimit = 32 << 20

const (
	fetchWithin  = 50 * time.Second
	mostForwards = 3
)

// Source fetches the recordings that a provider keeps. What a webhook names is not believed: only the hosts of the provider's
// configuration are asked, over TLS, and no other is followed to.
type Source struct {
	provider Provider
	origins  []string // scheme://host[:port]
	client   *http.Client
}

var _ ivr.Source = (*Source)(nil)

// NewSource gives the Source of a provider. api is where its calls are asked for; hosts are others, with a port where it is not
// 443. client: nil is one of its own.
func NewSource(p Provider, api string, hosts []string, client *http.Client) *Source {
	s := &Source{provider: p, client: &http.Client{Timeout: fetchWithin}}
	if client != nil {
		*s.client = *client
	}
	s.client.CheckRedirect = s.forwarded
	if u, err := url.Parse(api); err == nil && (u.Scheme == "https" || loopback(u)) {
		s.origins = append(s.origins, u.Scheme+"://"+u.Host)
	}
	for _, h := range hosts {
		s.origins = append(s.origins, "https://"+h)
	}
	return s
}

// loopback: a provider on this machine, like the simulator, has no network in between to be listened to.
func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && ip != nil && ip.IsLoopback()
}

var errForeign = errors.New("not a host of the provider's")

// own says whether u may be asked.
func (s *Source) own(u *url.URL) error {
	if u.User != nil || !slices.Contains(s.origins, u.Scheme+"://"+u.Host) {
		return fmt.Errorf("%s://%s: %w", u.Scheme, u.Host, errForeign)
	}
	return nil
}

// forwarded goes on within the provider's own hosts, and shows our key to the first alone.
func (s *Source) forwarded(r *http.Request, via []*http.Request) error {
	if len(via) > mostForwards {
		return errors.New("forwarded too often")
	}
	if err := s.own(r.URL); err != nil {
		return err
	}
	if r.URL.Host != via[0].URL.Host {
		r.Header = http.Header{}
	}
	return nil
}

// Fetch gives a recording. Error: an ivr.NoSound.
func (s *Source) Fetch(ctx context.Context, address string) (ivr.Sound, error) {
	u, err := url.Parse(address)
	if err == nil {
		err = s.own(u)
	}
	if err != nil {
		return no(ivr.SoundForeign, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return no(ivr.SoundForeign, err)
	}
	if err := s.provider.Dialect.Open(r); err != nil {
		return no(ivr.SoundRefused, err)
	}
	resp, err := s.client.Do(r)
	if errors.Is(err, errForeign) {
		return no(ivr.SoundForeign, err)
	}
	if err != nil {
		return no(ivr.SoundUnreached, err)
	}
	defer resp.Body.Close()
	switch status := fmt.Errorf("status %d", resp.StatusCode); {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return no(ivr.SoundRefused, status)
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone:
		return no(ivr.SoundGone, status)
	case resp.StatusCode != http.StatusOK:
		return no(ivr.SoundUnreached, status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, RecordingLimit+1))
	if err != nil {
		return no(ivr.SoundUnreached, fmt.Errorf("read it: %w", err))
	}
	if len(data) > RecordingLimit {
		return no(ivr.SoundTooLarge, fmt.Errorf("more than %d bytes", RecordingLimit))
	}
	kind := kindOf(data)
	if kind == "" {
		return no(ivr.SoundNoAudio, fmt.Errorf("%d bytes said to be %.60q", len(data), resp.Header.Get("Content-Type")))
	}
	return ivr.Sound{Type: kind, Data: data}, nil
}

func no(why string, err error) (ivr.Sound, error) {
	return ivr.Sound{}, ivr.NoSound{Why: why, Err: masked{err}}
}

// kindOf reads what the bytes are, whatever they are said to be: a RIFF of WAVE, or MP3 with its tag or at a frame of layer III.
func kindOf(b []byte) string {
	switch {
	case len(b) > 44 && bytes.HasPrefix(b, []byte("RIFF")) && string(b[8:12]) == "WAVE":
		return "audio/wav"
	case bytes.HasPrefix(b, []byte("ID3")), len(b) > 4 && b[0] == 0xff && b[1]&0xe6 == 0xe2:
		return "audio/mpeg"
	}
	return ""
}
