// Package sounds keeps the ward's own sounds of the hotline's lines, and which voice speaks to whom.
//
//	recorded, uploaded or synthesised -> kept (heard by nobody yet) -> in use -> taken back -> perhaps in use again
//	                                       +--------- deleted, while not in use -----+
//
// Every node serves them from memory, and looks every second whether another one changed what is in use.
package sounds

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

// look is how often a node asks whether another sound is in use.
const look = time.Second

var (
	ErrNotFound = errors.New("no such sound")
	ErrInUse    = errors.New("callers hear this sound")
	ErrStale    = errors.New("the line's words have changed since this sound was made")
)

// Sound is one that the ward made.
type Sound struct {
	ID       int64
	Key      prompts.Key
	Text     string // that it says
	Origin   prompts.Origin
	Engine   string    // which program spoke; "" for a person
	Speaker  string    // whose voice it is; "" for a program's
	AgreedAt time.Time // when that person agreed
	SHA256   string    // of the WAV, in hex
	Figures  audio.Figures
	By       string
	At       time.Time
}

// Store keeps sounds in the database, and those in use in the memory of playing.
type Store struct {
	db      *sql.DB
	now     func() time.Time
	playing *prompts.Sound
	speaker Speaker
	voice   prompts.Voice
	log     *slog.Logger
	version version // of what playing has
}

// New keeps sounds in db. playing is what calls hear; speaker may be nil: then nothing is synthesised; voice speaks to whom no
// unit's voice is set for.
func New(db *sql.DB, now func() time.Time, playing *prompts.Sound, speaker Speaker, voice prompts.Voice, log *slog.Logger) *Store {
	return &Store{db: db, now: now, playing: playing, speaker: speaker, voice: voice, log: log}
}

// Playing is what calls hear on this node.
func (s *Store) Playing() *prompts.Sound { return s.playing }

// Run keeps what calls hear on this node as the database has it, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		// A database that is away changes nothing: calls go on with what is in memory.
		if err := s.Refresh(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sounds in use were not read", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// version tells two states of sound_uses apart. Neither number alone does: ids are given before their rows are committed.
type version struct{ rows, last int64 }

const versionSQL = `select count(*), coalesce(max(id), 0) from sound_uses`

const inUseSQL = `
select u.line, u.voice, s.text, s.origin, s.wav, s.lufs, s.peak, s.ms
from (select distinct on (line, voice) line, voice, sound_id from sound_uses order by line, voice, id desc) u
join sounds s on s.id = u.sound_id`

// Refresh takes what is in use into memory, if it is not what is there already. It is Run's, and a test's.
func (s *Store) Refresh(ctx context.Context) error {
	var v version
	if err := s.db.QueryRowContext(ctx, versionSQL).Scan(&v.rows, &v.last); err != nil {
		return fmt.Errorf("version of the sounds in use: %w", err)
	}
	if v == s.version {
		return nil
	}
	rows, err := s.db.QueryContext(ctx, inUseSQL)
	if err != nil {
		return fmt.Errorf("read the sounds in use: %w", err)
	}
	defer rows.Close()
	own := map[prompts.Key]prompts.Kept{}
	for rows.Next() {
		var key prompts.Key
		var k prompts.Kept
		var ms int64
		if err := rows.Scan(&key.Line, &key.Voice, &k.Text, &k.Origin, &k.WAV, &k.Figures.Loudness, &k.Figures.Peak, &ms); err != nil {
			return fmt.Errorf("read the sounds in use: %w", err)
		}
		k.Figures.Length = time.Duration(ms) * time.Millisecond
		own[key] = k
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the sounds in use: %w", err)
	}
	s.playing.Use(own)
	s.version = v
	return nil
}
