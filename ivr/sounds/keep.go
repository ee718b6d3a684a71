package sounds

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

// Given is a person's sound of a line.
type Given struct {
	Line    prompts.Line
	Voice   prompts.Voice
	Origin  prompts.Origin // prompts.Recorded or prompts.Uploaded
	Speaker string         // whose voice it is; that person has agreed
	By      string
}

const addSQL = `
insert into sounds (line, voice, text, origin, engine, speaker, agreed_at, wav, sha256, lufs, peak, ms, by_user, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning id`

// Prepare makes what would be kept of a person's sound, or says why it cannot be: an *audio.Refusal. It takes a moment, and
// has no place in a transaction.
func Prepare(file []byte, words string) ([]byte, audio.Figures, error) {
	heard, err := audio.Read(file)
	if err != nil {
		return nil, audio.Figures{}, err
	}
	if err := audio.Judge(heard, prompts.Syllables(words)); err != nil {
		return nil, audio.Figures{}, err
	}
	return audio.Keep(heard)
}

// Keep keeps what Prepare made, in the caller's transaction. Nobody hears it yet.
func (s *Store) Keep(ctx context.Context, tx *sql.Tx, g Given, wav []byte, f audio.Figures) (Sound, error) {
	if g.Speaker == "" {
		return Sound{}, errors.New("keep a sound: nobody's voice")
	}
	return s.add(ctx, tx, Sound{
		Key: prompts.Key{Voice: g.Voice, Line: g.Line.Name}, Text: g.Line.In(g.Voice), Origin: g.Origin,
		Speaker: g.Speaker, AgreedAt: s.now().UTC(), Figures: f, By: g.By,
	}, wav)
}

type queryRower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) add(ctx context.Context, q queryRower, of Sound, wav []byte) (Sound, error) {
	of.SHA256, of.At = prompts.Sum(wav), s.now().UTC()
	agreed := sql.NullTime{Time: of.AgreedAt, Valid: !of.AgreedAt.IsZero()}
	err := q.QueryRowContext(ctx, addSQL, of.Key.Line, of.Key.Voice, of.Text, of.Origin, of.Engine, of.Speaker, agreed, wav, of.SHA256,
		of.Figures.Loudness, of.Figures.Peak, of.Figures.Length.Milliseconds(), of.By, of.At).Scan(&of.ID)
	if err != nil {
		return of, fmt.Errorf("keep a sound of %s: %w", of.Key.Line, err)
	}
	return of, nil
}

const soundSQL = `select id, line, voice, text, origin, engine, speaker, agreed_at, sha256, lufs, peak, ms, by_user, at from sounds`

func scanSound(row interface{ Scan(...any) error }) (Sound, error) {
	var x Sound
	var agreed sql.NullTime
	var ms int64
	err := row.Scan(&x.ID, &x.Key.Line, &x.Key.Voice, &x.Text, &x.Origin, &x.Engine, &x.Speaker, &agreed, &x.SHA256,
		&x.Figures.Loudness, &x.Figures.Peak, &ms, &x.By, &x.At)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	x.AgreedAt, x.Figures.Length = agreed.Time, time.Duration(ms)*time.Millisecond
	return x, err
}

const getSQL = soundSQL + ` where id = $1 and line = $2 and voice = $3`

// Get gives one sound of a line. Error: ErrNotFound.
func (s *Store) Get(ctx context.Context, key prompts.Key, id int64) (Sound, error) {
	x, err := scanSound(s.db.QueryRowContext(ctx, getSQL, id, key.Line, key.Voice))
	if err != nil {
		return x, fmt.Errorf("sound %d of %s: %w", id, key.Line, err)
	}
	return x, nil
}

const ofLineSQL = soundSQL + ` where line = $1 and voice = $2 order by id desc limit $3`

// OfLine gives the newest n sounds that the ward made of a line.
func (s *Store) OfLine(ctx context.Context, key prompts.Key, n int) ([]Sound, error) {
	rows, err := s.db.QueryContext(ctx, ofLineSQL, key.Line, key.Voice, n)
	if err != nil {
		return nil, fmt.Errorf("sounds of %s: %w", key.Line, err)
	}
	defer rows.Close()
	var all []Sound
	for rows.Next() {
		x, err := scanSound(rows)
		if err != nil {
			return nil, fmt.Errorf("sounds of %s: %w", key.Line, err)
		}
		all = append(all, x)
	}
	return all, rows.Err()
}

const wavSQL = `select wav from sounds where id = $1 and line = $2 and voice = $3`

// WAV gives the file of a sound. Error: ErrNotFound.
func (s *Store) WAV(ctx context.Context, key prompts.Key, id int64) ([]byte, error) {
	var wav []byte
	err := s.db.QueryRowContext(ctx, wavSQL, id, key.Line, key.Voice).Scan(&wav)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("sound %d of %s: %w", id, key.Line, err)
	}
	return wav, nil
}
