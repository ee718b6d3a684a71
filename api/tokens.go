package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/internal/audit"
)

// Scope is one thing that a token may do.
type Scope string

const (
	Messages  Scope = "messages"
	Residents Scope = "residents"
	Campaigns Scope = "campaigns"
	Reports   Scope = "reports" // crime data: for the police's own systems
	Numbers   Scope = "numbers" // ask whether a number was reported, and nothing else: for a bank's fraud desk
	Coverage  Scope = "coverage"
)

// Scopes lists all there are.
func Scopes() []Scope { return []Scope{Messages, Residents, Campaigns, Reports, Numbers, Coverage} }

var (
	ErrTokenName  = errors.New("a token's name has 1 to 40 letters, digits, dots, dashes or underscores")
	ErrTokenTaken = errors.New("a token of this name exists")
	ErrScope      = errors.New("unknown scope")
	ErrNoToken    = errors.New("no such token")
)

// Token is who calls: another system, known by its name.
type Token struct {
	ID     int64
	Name   string
	Scopes []Scope
}

// who is the token's name in audit rows and as an author; the prefix keeps it apart from people's sign-in names.
func (t Token) who() string { return "token:" + t.Name }

func (t Token) mayAny(scopes []Scope) bool {
	return slices.ContainsFunc(scopes, func(s Scope) bool { return slices.Contains(t.Scopes, s) })
}

// Tokens keeps who may call.
type Tokens struct {
	db  *sql.DB
	now func() time.Time
}

// NewTokens keeps tokens in db.
func NewTokens(db *sql.DB, now func() time.Time) *Tokens { return &Tokens{db, now} }

const secretPrefix = "cg_" // so that a leaked token is recognised by those who scan for them

var tokenName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

const addTokenSQL = `insert into api_tokens (name, sha256, scopes, created_at) values ($1, $2, $3, $4) on conflict (name) do nothing returning id`

// Add makes a token and gives its secret, which is shown this once and cannot be had again.
func (s *Tokens) Add(ctx context.Context, name string, scopes []Scope, by string) (secret string, err error) {
	if !tokenName.MatchString(name) {
		return "", ErrTokenName
	}
	if len(scopes) == 0 {
		return "", fmt.Errorf("%w: name at least one", ErrScope)
	}
	for _, scope := range scopes {
		if !slices.Contains(Scopes(), scope) {
			return "", fmt.Errorf("%w %q", ErrScope, scope)
		}
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("add token: %w", err)
	}
	secret = secretPrefix + base64.RawURLEncoding.EncodeToString(random)
	sum := sha256.Sum256([]byte(secret)) // 256 random bits need no slow hash
	err = s.audited(ctx, by, "token.add", name, fmt.Sprint(scopes), func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, addTokenSQL, name, sum[:], pq.Array(scopes), s.now().UTC()).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrTokenTaken
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("add token %s: %w", name, err)
	}
	return secret, nil
}

const revokeTokenSQL = `update api_tokens set revoked_at = $2 where name = $1 and revoked_at is null`

// Revoke ends a token at once. Its name stays taken, since audit rows hold it.
func (s *Tokens) Revoke(ctx context.Context, name, by string) error {
	err := s.audited(ctx, by, "token.revoke", name, "", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, revokeTokenSQL, name, s.now().UTC())
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrNoToken, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", name, err)
	}
	return nil
}

func (s *Tokens) audited(ctx context.Context, by, act, name, detail string, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	entry := audit.Entry{At: s.now(), Who: by, Role: "operator", Act: act, Object: "token:" + name, Detail: detail}
	if err := audit.Write(ctx, tx, entry); err != nil {
		return err
	}
	return tx.Commit()
}

// findTokenSQL looks the hash up in an index: what a caller can time says nothing about the secret.
const findTokenSQL = `select id, name, scopes from api_tokens where sha256 = $1 and revoked_at is null`

// find tells whose secret it is, or ErrNoToken.
func (s *Tokens) find(ctx context.Context, secret string) (t Token, err error) {
	if !strings.HasPrefix(secret, secretPrefix) {
		return t, ErrNoToken
	}
	sum := sha256.Sum256([]byte(secret))
	var scopes []string
	err = s.db.QueryRowContext(ctx, findTokenSQL, sum[:]).Scan(&t.ID, &t.Name, pq.Array(&scopes))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoToken
	}
	for _, scope := range scopes {
		t.Scopes = append(t.Scopes, Scope(scope))
	}
	return t, err
}
