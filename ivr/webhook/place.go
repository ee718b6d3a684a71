package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"sync/atomic"
	"time"

	"canhgiac/ivr"
)

const (
	placeWithin = 15 * time.Second // for one request
	placeTries  = 3                // while surely nothing has reached the provider
	placePause  = 300 * time.Millisecond
	answerLimit = 64 << 10 // bytes that are read of the provider's answer
)

// Dialer places calls with one provider by its REST API.
type Dialer struct {
	provider Provider
	public   string
	client   *http.Client
	log      *slog.Logger
}

var _ ivr.Dialer = (*Dialer)(nil)

// NewDialer gives the Dialer of a provider that reaches us at publicURL. client: nil is one of its own.
func NewDialer(p Provider, publicURL string, client *http.Client, log *slog.Logger) *Dialer {
	own := &http.Client{Timeout: placeWithin}
	if client != nil {
		*own = *client
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a call is asked for once
	return &Dialer{provider: p, public: publicURL, client: own, log: log}
}

// Place has the provider place a call. It asks again only while surely nothing has reached the provider; whatever comes after
// that may ring a telephone, and is the caller's to wait for.
func (d *Dialer) Place(ctx context.Context, p ivr.Placing) (string, error) {
	a := At(d.public, d.provider.Name, nil)
	a.seal = d.provider.Dialect.Manner().Seal
	for try := 1; ; try++ {
		sid, sent, err := d.ask(ctx, a, p)
		if err == nil {
			d.log.InfoContext(ctx, "call placed", "provider", d.provider.Name, "ref", p.Ref, "call", sid)
			return sid, nil
		}
		err = masked{err}
		if sent || errors.Is(err, ivr.ErrNumber) || errors.Is(err, ivr.ErrRefused) {
			return "", fmt.Errorf("place call %s with %s: %w", p.Ref, d.provider.Name, err)
		}
		if try == placeTries || ctx.Err() != nil {
			return "", fmt.Errorf("place call %s with %s: %w: %w", p.Ref, d.provider.Name, ivr.ErrRefused, err)
		}
		d.log.WarnContext(ctx, "provider not reached", "provider", d.provider.Name, "ref", p.Ref, "try", try, "err", err)
		pause := time.NewTimer(placePause)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// ask sends one request. sent says that any of it has left us.
func (d *Dialer) ask(ctx context.Context, a Addresses, p ivr.Placing) (sid string, sent bool, err error) {
	r, err := d.provider.Dialect.Place(a, p)
	if err != nil {
		return "", false, err
	}
	var left atomic.Bool
	r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaderField: func(string, []string) { left.Store(true) },
		WroteHeaders:     func() { left.Store(true) },
	}))
	resp, err := d.client.Do(r)
	if err != nil {
		return "", left.Load(), err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return "", true, fmt.Errorf("read its answer: %w", err)
	}
	sid, err = d.provider.Dialect.Placed(resp.StatusCode, body)
	return sid, true, err
}

var digits = regexp.MustCompile(`[0-9]{6,}`)

// masked is an error whose words may repeat a telephone number, without it.
type masked struct{ error }

func (m masked) Unwrap() error { return m.error }

func (m masked) Error() string {
	return digits.ReplaceAllStringFunc(m.error.Error(), func(n string) string { return "…" + n[len(n)-3:] })
}
