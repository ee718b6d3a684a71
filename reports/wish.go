package reports

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"canhgiac/internal/audit"
)

// Officer tells what became of a caller who was put through to the officer on duty: by key 0, after failing three times,
// or because only a person could help.
type Officer string

const (
	NotAsked Officer = ""
	Missed   Officer = "missed" // nobody answered; somebody should call back
	Met      Officer = "met"    // an officer spoke with the caller
)

// Message is what a caller spoke after the tone.
type Message struct {
	SID     string // the provider's name for it
	URL     string // as the provider gave it
	Seconds int    // 0: the provider did not say
	At      time.Time

	Sound     string    // names the sound where it is kept here (ivr's Spoken); "": it is still with the provider
	SHA256    string    // of the sound kept here
	FetchedAt time.Time // from the provider; zero for one spoken to this program
}

// SoundKey names the sound of a message once it is kept here; two providers may give two messages one name.
func SoundKey(report int64, m Message) string {
	if m.Own() {
		return m.SID
	}
	return fmt.Sprintf("%d:%s", report, m.SID)
}

// soundJoin finds the sound of message m, by its SoundKey.
const soundJoin = ` left join spoken_messages k on k.sid = case when m.url = 'spoken:' || m.sid then m.sid else m.report_id || ':' || m.sid end`

const messageColumns = `m.sid, m.url, m.seconds, m.at, coalesce(k.sid, ''), coalesce(k.sha256, ''), k.fetched_at`

func scanMessage(row interface{ Scan(...any) error }) (m Message, err error) {
	var fetched sql.NullTime
	err = row.Scan(&m.SID, &m.URL, &m.Seconds, &m.At, &m.Sound, &m.SHA256, &fetched)
	m.At, m.FetchedAt = m.At.UTC(), fetched.Time
	return m, err
}

// OwnMessage begins the URL of a message that was spoken to this program itself; the SID follows.
const OwnMessage = "spoken:"

// Own says that the sound of m is kept here.
func (m Message) Own() bool { return m.URL == OwnMessage+m.SID }

// Address is where m can be heard: OwnMessage and its SID, or where a browser may be sent; "" when the provider's is no web
// address.
func (m Message) Address() string {
	if m.Own() {
		return m.URL
	}
	u, err := url.Parse(m.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

const officerSQL = `
update reports set officer = $2, urgency = $3, updated_at = $4, revision = nextval('report_revisions') where id = $1`

// SetOfficer keeps whether the reporter reached an officer. It holds for a report already sent too: it is no part of what
// the reporter told, and who sends a report may ask for a person afterwards.
func (s *Store) SetOfficer(ctx context.Context, tx *sql.Tx, id int64, o Officer) error {
	r, err := scanReport(tx.QueryRowContext(ctx, reportSQL+` where r.id = $1 for update of r`, id))
	if err != nil {
		return fmt.Errorf("set the officer of report %d: %w", id, err)
	}
	if r.Officer == o {
		return nil
	}
	if _, err := tx.ExecContext(ctx, officerSQL, id, string(o), urgency(r.Draft, o), s.now().UTC()); err != nil {
		return fmt.Errorf("set the officer of report %d: %w", id, err)
	}
	return notify(ctx, tx)
}

const officerOfSQL = `select officer from reports where id = $1 for update`

// MissedBefore notes that an officer was asked for in vain, where that is told late: who has met one since has met one.
func (s *Store) MissedBefore(ctx context.Context, tx *sql.Tx, id int64) error {
	var since Officer
	if err := tx.QueryRowContext(ctx, officerOfSQL, id).Scan(&since); err != nil {
		return fmt.Errorf("set the officer of report %d: %w", id, err)
	}
	if since != "" {
		return nil
	}
	return s.SetOfficer(ctx, tx, id, Missed)
}

const addMessageSQL = `
insert into report_messages (report_id, sid, url, seconds, at) values ($1, $2, $3, $4, $5) on conflict (report_id, sid) do nothing`

// AddMessage keeps a spoken message with its report, also one already sent. The same SID again adds nothing.
func (s *Store) AddMessage(ctx context.Context, tx *sql.Tx, id int64, m Message) error {
	done, err := tx.ExecContext(ctx, addMessageSQL, id, m.SID, m.URL, m.Seconds, m.At.UTC())
	if err != nil {
		return fmt.Errorf("add a message to report %d: %w", id, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, touchSQL, id, s.now().UTC()); err != nil {
		return fmt.Errorf("add a message to report %d: %w", id, err)
	}
	return notify(ctx, tx)
}

// SoundKept tells open pages of a report that a message's sound has come.
func (s *Store) SoundKept(ctx context.Context, tx *sql.Tx, id int64) error {
	if _, err := tx.ExecContext(ctx, touchSQL, id, s.now().UTC()); err != nil {
		return fmt.Errorf("tell of a sound of report %d: %w", id, err)
	}
	return notify(ctx, tx)
}

const messagesSQL = `select ` + messageColumns + ` from report_messages m` + soundJoin + ` where m.report_id = $1 order by m.at, m.sid`

func (s *Store) messages(ctx context.Context, id int64) ([]Message, error) {
	rows, err := s.db.QueryContext(ctx, messagesSQL, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Message
	for rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

const nthMessageSQL = `
select ` + messageColumns + ` from report_messages m join reports r on r.id = m.report_id` + soundJoin + `
where r.code = $1 order by m.at, m.sid offset $2 limit 1`

// Listen gives the nth message of a report, from 1, and leaves the audit row of the listening. ErrNotFound also where
// no browser could be sent to its address.
func (s *Store) Listen(ctx context.Context, code string, nth int, by By) (Message, error) {
	code, err := ParseCode(code)
	if err != nil {
		return Message{}, err
	}
	if nth < 1 {
		return Message{}, ErrNotFound
	}
	if err := s.inside(ctx, code, by); err != nil {
		return Message{}, fmt.Errorf("message %d of report %s: %w", nth, code, err)
	}
	m, err := scanMessage(s.db.QueryRowContext(ctx, nthMessageSQL, code, nth-1))
	if errors.Is(err, sql.ErrNoRows) || err == nil && m.Address() == "" && m.Sound == "" {
		return Message{}, ErrNotFound
	}
	if err != nil {
		return Message{}, fmt.Errorf("message %d of report %s: %w", nth, code, err)
	}
	return m, audit.Write(ctx, s.db, by.entry(s.now(), "report.listen", code, m.SID))
}
