package ivr

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"canhgiac/ivr/prompts"
)

// Menus keeps the versions of the menu. The file's own is version 0; the others are rows, written here alone.
type Menus struct {
	db       *sql.DB
	now      func() time.Time
	words    *prompts.Words
	sounding func(prompts.Line) bool
	log      *slog.Logger
	base     *Menu

	mu     sync.Mutex
	loaded map[int64]*Menu // nil for one that cannot be used
	last   atomic.Pointer[Menu]
}

// NewMenus checks the program's own menu; an error means that some caller would be stranded. sounding says whether a sound
// says a line's words (prompts.Sound.Says); nil is not asked.
func NewMenus(db *sql.DB, now func() time.Time, w *prompts.Words, sounding func(prompts.Line) bool, log *slog.Logger) (*Menus, error) {
	if sounding == nil {
		sounding = unheard
	}
	if log == nil {
		log = slog.Default()
	}
	base, err := loadMenu(menuYAML, w, sounding)
	if err != nil {
		return nil, err
	}
	s := &Menus{db: db, now: now, words: w, sounding: sounding, log: log, base: base, loaded: map[int64]*Menu{0: base}}
	s.last.Store(base)
	return s, nil
}

// unheard takes every line as sounding: a version that answers was heard when it was approved, and a sound that was lost
// since must not silence the whole menu.
func unheard(prompts.Line) bool { return true }

// querier is a transaction, or the database where nothing else belongs to the read.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const liveSQL = `select id from menu_versions where state = 'live'`

// Live is the menu that answers now.
func (s *Menus) Live(ctx context.Context) (*Menu, error) { return s.answering(ctx, s.db) }

// answering is the menu with which a conversation begins. It is asked for at each beginning, so that every node follows an
// approval at once, whoever gave it.
func (s *Menus) answering(ctx context.Context, q querier) (*Menu, error) {
	var id int64
	err := q.QueryRowContext(ctx, liveSQL).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("ask for the live menu: %w", err)
	}
	m, err := s.version(ctx, q, id)
	if errors.Is(err, errUnusable) {
		m, err = s.lastGood(ctx, q)
	}
	if err != nil {
		return nil, err
	}
	s.last.Store(m)
	return m, nil
}

// errUnusable means that this program cannot follow a version: an older program may not know a newer one's acts.
var errUnusable = errors.New("this version of the menu cannot be used")

const versionSQL = `select document, texts from menu_versions where id = $1`

// version gives one version, as it was; what cannot be used is told in the log, once. Error: errUnusable.
func (s *Menus) version(ctx context.Context, q querier, id int64) (*Menu, error) {
	s.mu.Lock()
	m, known := s.loaded[id]
	s.mu.Unlock()
	if !known {
		var doc, texts []byte
		if err := q.QueryRowContext(ctx, versionSQL, id).Scan(&doc, &texts); err != nil {
			return nil, fmt.Errorf("read menu %d: %w", id, err)
		}
		var err error
		if m, err = s.build(id, doc, texts, unheard); err != nil {
			m = nil
			s.log.ErrorContext(ctx, "menu version cannot be used: the last good one answers", "menu", id, "err", err)
		}
		s.mu.Lock()
		s.loaded[id] = m
		s.mu.Unlock()
	}
	if m == nil {
		return nil, fmt.Errorf("menu %d: %w", id, errUnusable)
	}
	return m, nil
}

// build makes a menu of what a row holds. The error is Findings.
func (s *Menus) build(id int64, doc, texts []byte, sounding func(prompts.Line) bool) (*Menu, error) {
	w, err := s.wordsOf(id, texts)
	if err != nil {
		return nil, Findings{{Place: "words", Code: "broken_words", A: err.Error()}}
	}
	m, err := loadMenu(doc, w, sounding)
	if err != nil {
		return nil, err
	}
	m.Version = id
	return m, nil
}

func (s *Menus) wordsOf(id int64, texts []byte) (*prompts.Words, error) {
	var c prompts.Changes
	if err := json.Unmarshal(texts, &c); err != nil {
		return nil, fmt.Errorf("words of menu %d: %w", id, err)
	}
	if c.None() {
		return s.words, nil
	}
	return s.words.With(c, "+"+strconv.FormatInt(id, 10))
}

const approvedSQL = `select id from menu_versions where state = 'approved' order by live_at desc nulls last`

// lastGood is the newest version that answered before and can be used; in the end the program's own.
func (s *Menus) lastGood(ctx context.Context, q querier) (*Menu, error) {
	rows, err := q.QueryContext(ctx, approvedSQL)
	if err != nil {
		return nil, fmt.Errorf("look for a menu that can be used: %w", err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	_ = rows.Close() // the connection is the transaction's: the next read needs it
	for _, id := range ids {
		if m, err := s.version(ctx, q, id); err == nil || !errors.Is(err, errUnusable) {
			return m, err
		}
	}
	return s.base, nil
}

// MainChoices are what the main menu offers, in the order in which it is said.
func (m *Menu) MainChoices() []prompts.Choice {
	text, err := m.words.Prompt(m.mainNode().Say[0])
	if err != nil {
		return nil // the check has seen the words
	}
	return prompts.Choices(text)
}

// mainNode is the first node of a call that offers keys: what the card in every house shows.
func (m *Menu) mainNode() *node {
	n := m.Call.Nodes[m.Call.Start]
	for len(n.Keys) == 0 && (n.Next != "" || n.Other != "") {
		n = m.Call.Nodes[n.Next+n.Other]
	}
	return n
}

// Unusable says why this program cannot follow the version that is live; nil: it does.
func (s *Menus) Unusable(ctx context.Context) (id int64, why error) {
	err := s.db.QueryRowContext(ctx, liveSQL).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("ask for the live menu: %w", err)
	}
	_, err = s.version(ctx, s.db, id)
	return id, err
}
