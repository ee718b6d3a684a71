package api

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Keys follow draft-ietf-httpapi-idempotency-key-header: none is 400, one used with another request is 422, one whose
// first request is still being done is 409, and one that was answered gets that answer again.

const (
	keepAnswers = 24 * time.Hour
	// giveUp is when a request without an answer counts as lost with its node, so that it may be tried again. It must be longer
	// than any request takes (postLimit). What a second try could double is guarded below: a message by its own key.
	giveUp    = 5 * time.Minute
	postLimit = 2 * time.Minute
)

const sweepRequestsSQL = `delete from api_requests where at < $1`

// claimKeySQL gives a row when the key is free, or its request was lost.
const claimKeySQL = `insert into api_requests (token_id, key, fingerprint, at) values ($1, $2, $3, $4)
on conflict (token_id, key) do update set at = excluded.at
where api_requests.status is null and api_requests.at < $5 and api_requests.fingerprint = excluded.fingerprint
returning true`

const keptAnswerSQL = `select fingerprint, status, location, content_type, body from api_requests where token_id = $1 and key = $2`

// keyState tells whether a request is to be done.
type keyState int

const (
	firstTime keyState = iota // the caller does it and calls finishKey
	answered                  // its answer is kept
)

// claimKey takes the key for this request, or gives the answer that it was given before.
func (a *api) claimKey(ctx context.Context, t Token, key string, fingerprint []byte) (e encoded, state keyState, err error) {
	if key == "" || len(key) > 255 || !printable(key) {
		return e, firstTime, problemf(http.StatusBadRequest, "idempotency_key", "every POST needs an Idempotency-Key header of 1 to 255 printable ASCII characters")
	}
	now := a.Now().UTC()
	if _, err := a.DB.ExecContext(ctx, sweepRequestsSQL, now.Add(-keepAnswers)); err != nil {
		return e, firstTime, fmt.Errorf("forget old keys: %w", err)
	}
	var claimed bool
	err = a.DB.QueryRowContext(ctx, claimKeySQL, t.ID, key, fingerprint, now, now.Add(-giveUp)).Scan(&claimed)
	if err == nil {
		return e, firstTime, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return e, firstTime, fmt.Errorf("claim key: %w", err)
	}
	var kept []byte
	var status sql.NullInt64
	if err := a.DB.QueryRowContext(ctx, keptAnswerSQL, t.ID, key).Scan(&kept, &status, &e.location, &e.contentType, &e.body); err != nil {
		return e, firstTime, fmt.Errorf("read the answer of a key: %w", err)
	}
	switch {
	case string(kept) != string(fingerprint):
		return e, firstTime, problemf(http.StatusUnprocessableEntity, "idempotency_key_reused", "this Idempotency-Key was used with another request")
	case !status.Valid:
		return e, firstTime, problemf(http.StatusConflict, "in_progress", "the first request with this Idempotency-Key is still being done")
	}
	e.status = int(status.Int64)
	return e, answered, nil
}

const keepAnswerSQL = `update api_requests set status = $3, location = $4, content_type = $5, body = $6 where token_id = $1 and key = $2`

const freeKeySQL = `delete from api_requests where token_id = $1 and key = $2 and status is null`

// finishKey keeps the answer. A failure of ours is not kept: the same request may do better later.
func (a *api) finishKey(ctx context.Context, t Token, key string, e encoded) error {
	if e.status >= 500 {
		_, err := a.DB.ExecContext(ctx, freeKeySQL, t.ID, key)
		return err
	}
	_, err := a.DB.ExecContext(ctx, keepAnswerSQL, t.ID, key, e.status, e.location, e.contentType, e.body)
	return err
}

func fingerprint(r *http.Request, body []byte) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n%s\n", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"))
	h.Write(body)
	return h.Sum(nil)
}

func printable(s string) bool {
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}
