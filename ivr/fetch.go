package ivr

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/reports"
)

const (
	fetchEvery  = 2 * time.Second
	fetchWithin = time.Minute     // for one recording
	fetchLease  = 2 * time.Minute // in which no other node tries it
	fetchSoon   = 5 * time.Second // after it was told of: some tell before it can be fetched
)

// fetchPauses follow the tries that failed; the last repeats. A provider's bad day, or a wrong setting that somebody corrects
// after the weekend, costs no evidence.
var fetchPauses = []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

// Sound is a recording, byte for byte as it was made.
type Sound struct {
	Type string // audio/wav or audio/mpeg
	Data []byte
}

// SHA256 is its sum, in hex.
func (s Sound) SHA256() string {
	sum := sha256.Sum256(s.Data)
	return hex.EncodeToString(sum[:])
}

// Source gives the recordings that one provider keeps. Error: a NoSound.
type Source interface {
	Fetch(ctx context.Context, address string) (Sound, error)
}

// NoSound says why a recording did not come. The operator reads a remedy for each.
type NoSound struct {
	Why string
	Err error
}

// The reasons.
const (
	SoundForeign   = "address"   // it is not one of the provider's
	SoundRefused   = "refused"   // the provider refuses our key
	SoundGone      = "gone"      // the provider has it no longer, or not yet
	SoundTooLarge  = "large"     // longer than any message
	SoundNoAudio   = "type"      // neither WAV nor MP3
	SoundUnreached = "unreached" // no answer, or one of trouble
)

func (n NoSound) Error() string { return fmt.Sprintf("no sound (%s): %v", n.Why, n.Err) }

func (n NoSound) Unwrap() error { return n.Err }

// Fetcher brings recordings, of messages and of whole calls, here from where the providers keep them.
type Fetcher struct {
	h       *Hotline
	sources map[string]Source
}

// NewFetcher asks sources, each under its provider's name.
func (h *Hotline) NewFetcher(sources map[string]Source) *Fetcher { return &Fetcher{h, sources} }

// Run fetches what is due until ctx ends. Any number of nodes may: each takes other recordings.
func (f *Fetcher) Run(ctx context.Context) error {
	tick := time.NewTicker(fetchEvery)
	defer tick.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = f.Next(ctx); err != nil && ctx.Err() == nil {
				f.h.o.Log.Error("fetch a recording", "error", err)
				more = false
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

const wantFetchSQL = `
insert into recording_fetches (key, report_id, provider, call_sid, url, at, seconds, next_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (key) do nothing`

// wantFetch has a message brought here that a provider keeps. Told of again it is wanted once.
func (t *turn) wantFetch(m reports.Message) error {
	_, err := t.tx.ExecContext(t.ctx, wantFetchSQL, reports.SoundKey(t.c.ReportID, m), t.c.ReportID, t.c.Provider, t.c.SID, m.URL, m.At.UTC(),
		max(0, m.Seconds), m.At.Add(fetchSoon).UTC())
	return err
}

const wantTapeSQL = `
insert into recording_fetches (key, call_id, provider, call_sid, url, at, seconds, next_at)
select $1 || ':' || $3, c.id, $1, $2, $4, $5, $6, $7 from calls c where c.provider = $1 and c.sid = $2
on conflict (key) do nothing`

// WantTape has the recording of a whole call brought here that a provider keeps. Told of again it is wanted once. Where calls
// are not recorded nobody asked for it, and it stays there. Error: ErrUnknownCall.
func (h *Hotline) WantTape(ctx context.Context, provider, sid string, r Recording) error {
	if !h.o.Tape {
		h.o.Log.WarnContext(ctx, "recording of a call not taken: calls are not recorded", "provider", provider, "call", sid)
		return nil
	}
	now := h.now()
	began := now.Add(-time.Duration(max(0, r.Seconds)) * time.Second)
	done, err := h.db.ExecContext(ctx, wantTapeSQL, provider, sid, r.SID, r.URL, began.UTC(), max(0, r.Seconds), now.Add(fetchSoon).UTC())
	if err != nil {
		return fmt.Errorf("want recording %s of call %s of %s: %w", r.SID, sid, provider, err)
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return err
	}
	if _, err := h.Stands(ctx, provider, sid); err != nil { // else it was wanted before
		return err
	}
	return nil
}

// claimFetchSQL puts the recording off for the time of the lease: a node that dies meanwhile leaves it to the others.
const claimFetchSQL = `
update recording_fetches set tries = tries + 1, next_at = $3 where id = (
  select id from recording_fetches where done_at is null and next_at <= $2 and provider = any ($1) order by next_at limit 1 for update skip locked)
returning id, key, coalesce(report_id, 0), coalesce(call_id, 0), provider, call_sid, url, at, seconds, tries`

type fetch struct {
	id, reportID int64
	callID       int64 // of the recording of a whole call; 0: it is a message
	key          string
	provider     string
	callSID      string
	url          string
	at           time.Time
	seconds      int
	tries        int
}

// Next tries the recording that is due first, and says whether there was one.
func (f *Fetcher) Next(ctx context.Context) (bool, error) {
	names := make([]string, 0, len(f.sources))
	for name := range f.sources {
		names = append(names, name)
	}
	now := f.h.now().UTC()
	var one fetch
	err := f.h.db.QueryRowContext(ctx, claimFetchSQL, pq.Array(names), now, now.Add(fetchLease)).
		Scan(&one.id, &one.key, &one.reportID, &one.callID, &one.provider, &one.callSID, &one.url, &one.at, &one.seconds, &one.tries)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take a recording to fetch: %w", err)
	}
	within, cancel := context.WithTimeout(ctx, fetchWithin)
	sound, err := f.sources[one.provider].Fetch(within, one.url)
	cancel()
	switch {
	case err == nil:
		err = f.kept(ctx, one, sound)
	case ctx.Err() == nil: // a node that stops has not failed
		err = f.failed(ctx, one, err)
	}
	if err != nil {
		return true, fmt.Errorf("recording %d of call %s of %s: %w", one.id, one.callSID, one.provider, err)
	}
	return true, nil
}

const keepFetchedSQL = `
insert into spoken_messages (sid, provider, call_sid, at, seconds, sha256, sound, type, source, fetched_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (sid) do nothing`

const fetchedSQL = `update recording_fetches set done_at = $2, failed = '' where id = $1 and done_at is null`

// kept: the first sound that came stays, whatever a slower node brings.
func (f *Fetcher) kept(ctx context.Context, one fetch, s Sound) error {
	now := f.h.now().UTC()
	return f.h.inTx(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, fetchedSQL, one.id, now)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if one.callID != 0 {
			return f.keptTape(ctx, tx, one, s, now)
		}
		if _, err := tx.ExecContext(ctx, keepFetchedSQL, one.key, one.provider, one.callSID, one.at, one.seconds, s.SHA256(), s.Data, s.Type, one.url, now); err != nil {
			return err
		}
		return f.h.reports.SoundKept(ctx, tx, one.reportID)
	})
}

const reportOfCallSQL = `select coalesce(report_id, 0) from calls where id = $1`

func (f *Fetcher) keptTape(ctx context.Context, tx *sql.Tx, one fetch, s Sound, now time.Time) error {
	var report int64
	if err := tx.QueryRowContext(ctx, reportOfCallSQL, one.callID).Scan(&report); err != nil {
		return err
	}
	return f.h.addTape(ctx, tx, one.callID, report, Tape{SID: one.key, At: one.at, Seconds: one.seconds, Sound: s}, one.url, &now)
}

const fetchFailedSQL = `update recording_fetches set failed = $2, next_at = $3 where id = $1 and done_at is null`

func (f *Fetcher) failed(ctx context.Context, one fetch, why error) error {
	reason := NoSound{Why: SoundUnreached}
	_ = errors.As(why, &reason)
	f.h.o.Log.WarnContext(ctx, "recording not fetched", "provider", one.provider, "call", one.callSID, "recording", one.id, "try", one.tries, "why", reason.Why, "err", why)
	next := f.h.now().Add(fetchPauses[min(one.tries, len(fetchPauses))-1])
	_, err := f.h.db.ExecContext(ctx, fetchFailedSQL, one.id, reason.Why, next.UTC())
	return err
}

// Unfetched are recordings of one provider that do not come.
type Unfetched struct {
	Provider string
	Why      string // "" where no node even tried: the provider is in no configuration
	N        int
	Since    time.Time // when the first of them was spoken
}

// failedTries is how often a recording is tried before anybody is told, and failedFor how long one may wait for a try.
const (
	failedTries = 3
	failedFor   = 10 * time.Minute
)

const unfetchedSQL = `
select provider, failed, count(*), min(at) from recording_fetches
where done_at is null and (tries >= $1 or tries = 0 and next_at < $2) group by 1, 2 order by 1, 2`

// Unfetched tells which recordings keep failing.
func (h *Hotline) Unfetched(ctx context.Context) ([]Unfetched, error) {
	rows, err := h.db.QueryContext(ctx, unfetchedSQL, failedTries, h.now().Add(-failedFor).UTC())
	if err != nil {
		return nil, fmt.Errorf("recordings that do not come: %w", err)
	}
	defer rows.Close()
	var all []Unfetched
	for rows.Next() {
		var u Unfetched
		if err := rows.Scan(&u.Provider, &u.Why, &u.N, &u.Since); err != nil {
			return nil, fmt.Errorf("recordings that do not come: %w", err)
		}
		all = append(all, u)
	}
	return all, rows.Err()
}
