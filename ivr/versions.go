package ivr

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"canhgiac/internal/audit"
	"canhgiac/ivr/prompts"
)

// State of a version. Approval makes a version live at once; the one before stays approved, and may be taken back to.
//
//	draft -> submitted -> approved <-> live
//	  ^---------'
//	draft -> dropped
type State string

const (
	Draft     State = "draft"
	Submitted State = "submitted"
	Approved  State = "approved" // answered before, or would have: may answer again
	Live      State = "live"
	Dropped   State = "dropped"
)

// moves are all that there are: what is done, from which state, to which.
var moves = map[string]struct{ from, to State }{
	"edit":     {Draft, Draft},
	"submit":   {Draft, Submitted},
	"sendback": {Submitted, Draft},
	"approve":  {Submitted, Live}, // by way of approved, in one transaction with the check
	"drop":     {Draft, Dropped},
	"restore":  {Approved, Live},
}

// Refusals, by which the page chooses its words.
var (
	ErrNoVersion    = errors.New("no such version of the menu")
	ErrMove         = errors.New("the version's state does not allow this")
	ErrOpen         = errors.New("another version is being written or waits for approval")
	ErrChanged      = errors.New("the version was changed in the meantime")
	ErrSelfApproval = errors.New("who wrote a version does not approve it")
)

// User is who acts on a version.
type User struct{ Name, Role, Addr string }

// Version is one version as the page lists it.
type Version struct {
	ID, Base            int64
	State               State
	Author              string
	Editors             []string // others who wrote in it
	Approver            string
	Revision            int
	CreatedAt           time.Time
	UpdatedAt           time.Time
	SubmittedAt, LiveAt *time.Time
	document, texts     []byte
}

// Wrote says whether name is among those who wrote it, and so may not approve it.
func (v Version) Wrote(name string) bool { return v.Author == name || slices.Contains(v.Editors, name) }

// MayApprove says whether it waits for somebody like name.
func (v Version) MayApprove(name string) bool { return v.State == Submitted && !v.Wrote(name) }

const versionColumns = `id, base, state, author, editors, approver, revision, created_at, updated_at, submitted_at, live_at, document, texts`

func scanVersion(row interface{ Scan(...any) error }) (v Version, err error) {
	err = row.Scan(&v.ID, &v.Base, &v.State, &v.Author, pq.Array(&v.Editors), &v.Approver, &v.Revision, &v.CreatedAt, &v.UpdatedAt,
		&v.SubmittedAt, &v.LiveAt, &v.document, &v.texts)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoVersion
	}
	return v, err
}

const listVersionsSQL = `select ` + versionColumns + ` from menu_versions where state <> 'dropped' order by id desc limit $1`

// Versions lists the newest n that were not dropped, the newest first.
func (s *Menus) Versions(ctx context.Context, n int) ([]Version, error) {
	rows, err := s.db.QueryContext(ctx, listVersionsSQL, n)
	if err != nil {
		return nil, fmt.Errorf("list the menu's versions: %w", err)
	}
	defer rows.Close()
	var all []Version
	for rows.Next() {
		v, err := scanVersion(rows)
		if err != nil {
			return nil, fmt.Errorf("list the menu's versions: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

const getVersionSQL = `select ` + versionColumns + ` from menu_versions where id = $1`

// Get gives one version; 0 is the program's own. Error: ErrNoVersion.
func (s *Menus) Get(ctx context.Context, id int64) (Version, error) {
	if id == 0 {
		doc, texts, err := s.base.content()
		return Version{State: Approved, document: doc, texts: texts}, err
	}
	v, err := scanVersion(s.db.QueryRowContext(ctx, getVersionSQL, id))
	if err != nil {
		return v, fmt.Errorf("menu %d: %w", id, err)
	}
	return v, nil
}

const liveVersionSQL = `select ` + versionColumns + ` from menu_versions where state = 'live'`

// LiveVersion is the version that answers. Error: ErrNoVersion, where the program's own does.
func (s *Menus) LiveVersion(ctx context.Context) (Version, error) {
	v, err := scanVersion(s.db.QueryRowContext(ctx, liveVersionSQL))
	if err != nil {
		return v, fmt.Errorf("live menu: %w", err)
	}
	return v, nil
}

// Base is the menu that a version was written from.
func (s *Menus) Base(ctx context.Context, v Version) (*Menu, error) {
	m, err := s.version(ctx, s.db, v.Base)
	if errors.Is(err, errUnusable) {
		return s.base, nil
	}
	return m, err
}

// Judge reads a version as it stands, whole or not, and says all that is wrong with it. The menu is nil only where the
// document cannot be read at all.
func (s *Menus) Judge(v Version) (*Menu, Findings) {
	w, err := s.wordsOf(v.ID, v.texts)
	if err != nil {
		return nil, Findings{{Place: "words", Code: "broken_words", A: err.Error()}}
	}
	doc, err := readDocument(v.document)
	if err != nil {
		return nil, Findings{{Place: "menu.yaml", Code: "unreadable", A: err.Error()}}
	}
	m := &Menu{document: doc, Version: v.ID, words: w}
	return m, m.check(s.sounding)
}

const startDraftSQL = `
insert into menu_versions (base, document, texts, author, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)
on conflict do nothing returning id`

// Begin makes a draft of the menu that answers now. Error: ErrOpen.
func (s *Menus) Begin(ctx context.Context, by User) (id int64, err error) {
	err = inTx(ctx, s.db, func(tx *sql.Tx) error {
		live, err := s.answering(ctx, tx)
		if err != nil {
			return err
		}
		id, err = s.start(ctx, tx, live.Version, live, by, "create")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("begin a version of the menu: %w", err)
	}
	return id, nil
}

// start writes a draft of m, and its audit row. Error: ErrOpen.
func (s *Menus) start(ctx context.Context, tx *sql.Tx, base int64, m *Menu, by User, act string) (id int64, err error) {
	doc, texts, err := m.content()
	if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, startDraftSQL, base, doc, texts, by.Name, s.now().UTC()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrOpen
	}
	if err != nil {
		return 0, err
	}
	return id, s.record(ctx, tx, by, act, id, "")
}

// content is the menu as a row keeps it.
func (m *Menu) content() (doc, texts []byte, err error) {
	if doc, err = writeDocument(m.document); err != nil {
		return nil, nil, err
	}
	texts, err = json.Marshal(m.words.Changes())
	return doc, texts, err
}

const saveVersionSQL = `
update menu_versions set document = $2, texts = $3, revision = revision + 1, updated_at = $4,
  editors = case when author = $5 or $5 = any (editors) then editors else editors || $5 end
where id = $1 and (document, texts) is distinct from ($2, $3::jsonb)`

// Edit changes a draft. change gets the menu as it stands at revision. Errors: ErrNoVersion, ErrMove, ErrChanged, and
// change's own.
func (s *Menus) Edit(ctx context.Context, id int64, revision int, by User, change func(*Edit) error) error {
	return s.move(ctx, "edit", id, by, "", func(tx *sql.Tx, v Version) error {
		if v.Revision != revision {
			return ErrChanged
		}
		v, err := s.Changed(v, change)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, saveVersionSQL, id, v.document, v.texts, s.now().UTC(), by.Name)
		return err
	})
}

// Changed gives a version as a change would leave it; nothing is kept. Errors: Findings, where the version cannot be read,
// and change's own.
func (s *Menus) Changed(v Version, change func(*Edit) error) (Version, error) {
	m, all := s.Judge(v)
	if m == nil {
		return v, all
	}
	e := &Edit{menu: m, changes: m.words.Changes(), words: s.words}
	err := change(e)
	if err == nil {
		v.document, err = writeDocument(m.document)
	}
	if err == nil {
		v.texts, err = json.Marshal(e.changes)
	}
	return v, err
}

const stateSQL = `
update menu_versions set state = $2, updated_at = $3,
  submitted_at = case when $2 = 'submitted' then $3 else submitted_at end
where id = $1`

// Submit gives a draft to somebody else to approve. Errors: ErrNoVersion, ErrMove, Findings: a version with anything wrong
// is nobody's to approve.
func (s *Menus) Submit(ctx context.Context, id int64, by User) error {
	return s.move(ctx, "submit", id, by, "", func(tx *sql.Tx, v Version) error {
		if _, all := s.Judge(v); len(all) > 0 {
			return all
		}
		_, err := tx.ExecContext(ctx, stateSQL, id, Submitted, s.now().UTC())
		return err
	})
}

// SendBack returns a submitted version to its author, who may also take it back. Errors: ErrNoVersion, ErrMove.
func (s *Menus) SendBack(ctx context.Context, id int64, by User, reason string) error {
	return s.move(ctx, "sendback", id, by, reason, func(tx *sql.Tx, _ Version) error {
		_, err := tx.ExecContext(ctx, stateSQL, id, Draft, s.now().UTC())
		return err
	})
}

// Drop throws a draft away; its row stays. Errors: ErrNoVersion, ErrMove.
func (s *Menus) Drop(ctx context.Context, id int64, by User) error {
	return s.move(ctx, "drop", id, by, "", func(tx *sql.Tx, _ Version) error {
		_, err := tx.ExecContext(ctx, stateSQL, id, Dropped, s.now().UTC())
		return err
	})
}

const (
	approveVersionSQL = `update menu_versions set state = 'approved', approver = $2, approved_at = $3, updated_at = $3 where id = $1`
	retireSQL         = `update menu_versions set state = 'approved' where state = 'live'`
	goLiveSQL         = `update menu_versions set state = 'live', live_at = $2 where id = $1`
)

// Approve has a version answer from now on, on every node. It is judged once more in the same transaction: what is broken
// never goes live. Errors: ErrNoVersion, ErrMove, ErrSelfApproval, ErrChanged, Findings.
func (s *Menus) Approve(ctx context.Context, id int64, revision int, by User) error {
	return s.move(ctx, "approve", id, by, "", func(tx *sql.Tx, v Version) error {
		switch {
		case v.Wrote(by.Name):
			return ErrSelfApproval
		case v.Revision != revision:
			return ErrChanged
		}
		if _, err := tx.ExecContext(ctx, approveVersionSQL, id, by.Name, s.now().UTC()); err != nil {
			return err
		}
		return s.goLive(ctx, tx, v)
	})
}

func (s *Menus) goLive(ctx context.Context, tx *sql.Tx, v Version) error {
	if _, all := s.Judge(v); len(all) > 0 {
		return all
	}
	if _, err := tx.ExecContext(ctx, retireSQL); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, goLiveSQL, v.ID, s.now().UTC())
	return err
}

// Restore goes back to a version that was approved before, or to the program's own (0): two people have seen it, and who
// notices a mistake must not wait for a second one. Errors: ErrNoVersion, ErrMove, Findings.
func (s *Menus) Restore(ctx context.Context, id int64, by User, reason string) error {
	if id != 0 {
		return s.move(ctx, "restore", id, by, reason, func(tx *sql.Tx, v Version) error { return s.goLive(ctx, tx, v) })
	}
	err := inTx(ctx, s.db, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, retireSQL)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrMove)
		}
		return s.record(ctx, tx, by, "restore", 0, reason)
	})
	if err != nil {
		return fmt.Errorf("go back to the program's own menu: %w", err)
	}
	return nil
}

// lockVersionsSQL: one move at a time, since each may change which version is live.
const lockVersionsSQL = `select pg_advisory_xact_lock(hashtextextended('menu_versions', 0))`

// move makes one of moves, with its audit row, in one transaction.
func (s *Menus) move(ctx context.Context, act string, id int64, by User, detail string, do func(*sql.Tx, Version) error) error {
	err := inTx(ctx, s.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, lockVersionsSQL); err != nil {
			return err
		}
		v, err := scanVersion(tx.QueryRowContext(ctx, getVersionSQL+` for update`, id))
		if err != nil {
			return err
		}
		if v.State != moves[act].from {
			return ErrMove
		}
		if err := do(tx, v); err != nil {
			return err
		}
		return s.record(ctx, tx, by, act, id, detail)
	})
	if err != nil {
		return fmt.Errorf("%s menu %d: %w", act, id, err)
	}
	return nil
}

func (s *Menus) record(ctx context.Context, tx *sql.Tx, by User, act string, id int64, detail string) error {
	return audit.Write(ctx, tx, audit.Entry{At: s.now(), Who: by.Name, Role: by.Role, Act: "menu." + act, Object: fmt.Sprint("menu:", id), Detail: detail, Addr: by.Addr})
}

// Edit is a draft that is being changed.
type Edit struct {
	menu    *Menu
	changes prompts.Changes
	words   *prompts.Words // as the program's files have them
}

// Prompt has a prompt say text; the files' own text takes the change back. Error: prompts.ErrNoText.
func (e *Edit) Prompt(name, text string) error {
	own, err := e.words.Prompt(name)
	if err != nil {
		return err
	}
	set(&e.changes.Prompts, name, own, text)
	return nil
}

// Screen has a screen show text. Error: prompts.ErrNoText.
func (e *Edit) Screen(name, text string) error {
	own, err := e.words.USSD(name)
	if err != nil {
		return err
	}
	set(&e.changes.Screens, name, own.Text, text)
	return nil
}

// Receipt has an SMS that answers say text, in both forms. Error: prompts.ErrNoText.
func (e *Edit) Receipt(name string, text prompts.Message) error {
	own, err := e.words.Message(name)
	if err != nil || !slices.Contains(receipts, name) {
		return errors.Join(prompts.ErrNoText, err)
	}
	set(&e.changes.Messages, name, own, text)
	return nil
}

func set[T comparable](changed *map[string]T, name string, own, text T) {
	if text == own {
		delete(*changed, name)
		return
	}
	if *changed == nil {
		*changed = map[string]T{}
	}
	(*changed)[name] = text
}

// Hours sets when an officer can be reached.
func (e *Edit) Hours(h Hours) { e.menu.Hours = h }

// Words sets the words that an SMS may begin with to do act, and says whether the menu has that act.
func (e *Edit) Words(act string, forms []string) bool {
	if _, has := e.menu.SMS[act]; !has {
		return false
	}
	e.menu.SMS[act] = forms
	return true
}
