package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
	"canhgiac/residents"
)

const (
	// sameWithin: a deliver_sm whose acknowledgement got lost comes again within this time.
	sameWithin = 5 * time.Minute
	// helpEvery bounds the answers to unknown words, so that two machines never talk to each other.
	helpEvery = 10 * time.Minute
	// maxReplies bounds the answers to any words of one number within helpEvery.
	maxReplies = 10
	// partsWithin: a carrier uses a concatenation reference again after a while.
	partsWithin = time.Hour
	// partsPatience is how long a message waits for its other parts. Then what is there is acted on: a report that has lost
	// its end is a report still.
	partsPatience = 10 * time.Minute
	partsLook     = 30 * time.Second
)

// stopWord is the action by which residents stop messages.
const stopWord = "ngung_nhan"

// delivery is one deliver_sm that is no receipt.
type delivery struct {
	pdu     *smpp.DeliverSM
	ack     func(smpp.Status)
	carrier string
}

// receiver stores what residents send, acts on it, and only then lets the carrier know.
type receiver struct {
	store  *Store
	words  Words
	handle InboundHandler
	in     *inbox[delivery]
	meter  *linkMeter
	log    *slog.Logger
}

func newReceiver(s *Store, words Words, handle InboundHandler, meter *linkMeter, log *slog.Logger) *receiver {
	return &receiver{store: s, words: words, handle: handle, in: newInbox[delivery](), meter: meter, log: log}
}

func (r *receiver) run(ctx context.Context) {
	look := time.NewTicker(partsLook)
	defer look.Stop()
	for {
		select {
		case <-r.in.ready:
		case <-look.C:
			if err := r.endWaiting(ctx); err != nil {
				r.log.Error("act on messages whose parts did not all come", "error", err)
			}
			continue
		}
		list, ended := r.in.take(100)
		for _, d := range list {
			if err := r.receive(ctx, d); err != nil {
				r.log.Error("store an inbound message", "error", err)
				d.ack(smpp.StatusTemporaryApp) // the carrier keeps it and tries again
				continue
			}
			d.ack(smpp.StatusOK)
		}
		if ended {
			return
		}
	}
}

// receive stores d, whole messages with what follows from them, in one transaction.
func (r *receiver) receive(ctx context.Context, d delivery) error {
	text, part, err := sms.Decode(d.pdu.DataCoding, d.pdu.UDHI(), d.pdu.Text())
	if err != nil {
		// Refusing it would bring it again for days. What letters it has are kept: it may be a report.
		r.log.Warn("an inbound message cannot be decoded", "data_coding", d.pdu.DataCoding, "error", err)
		text, part = letters(d.pdu.Text()), sms.Concat{}
	}
	in := Inbound{To: storable(d.pdu.Dest.Addr), Text: storable(text), At: r.store.now().UTC(), Carrier: d.carrier}
	from, known := sender(d.pdu.Source)
	in.From = residents.Phone(from)
	tx, err := r.store.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("receive a message: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	// One number's messages one after the other, on all nodes: parts are joined and doubles seen under this lock.
	if _, err := tx.ExecContext(ctx, lockNumberSQL, from); err != nil {
		return fmt.Errorf("receive a message: %w", err)
	}
	if part.Total > 1 {
		whole, err := r.join(ctx, tx, in, part)
		if err != nil {
			return err
		}
		if whole == "" {
			return tx.Commit()
		}
		in.Text = whole
	}
	if err := r.act(ctx, tx, in, known); err != nil {
		return err
	}
	return tx.Commit()
}

// letters are what is legible in octets of no known text.
func letters(b []byte) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, string(b))
	return strings.Join(strings.Fields(text), " ")
}

// sender gives a deliver_sm's sender, and whether that is a number which may be answered: short codes and names are
// machines, and answering them is how loops begin.
func sender(a smpp.Address) (string, bool) {
	raw := storable(a.Addr)
	if a.TON == smpp.TONAlphanumeric {
		return raw, false
	}
	written := raw
	if a.TON == smpp.TONInternational && !strings.HasPrefix(raw, "+") {
		written = "+" + raw
	}
	p, err := residents.ParsePhone(written)
	if err != nil {
		return raw, false
	}
	return string(p.Phone), true
}

const lockNumberSQL = `select pg_advisory_xact_lock(hashtextextended($1, 4214))`

// againSQL holds for a part of a message that was joined: the carrier has delivered it again.
const againSQL = `
select exists (select from inbound_parts
where phone = $1 and recipient = $2 and ref = $3 and total = $4 and seq = $5 and text = $6 and joined and at > $7)`

// freshSQL makes room where a reference is used again.
const freshSQL = `
delete from inbound_parts where phone = $1 and recipient = $2 and ref = $3 and total = $4 and (joined or at <= $5)`

const addPartSQL = `
insert into inbound_parts (phone, recipient, ref, total, seq, text, at) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (phone, recipient, ref, total, seq) do update set text = excluded.text, at = excluded.at`

const countPartsSQL = `
select count(*), coalesce(string_agg(text, '' order by seq), '') from inbound_parts
where phone = $1 and recipient = $2 and ref = $3 and total = $4`

const joinPartsSQL = `update inbound_parts set joined = true where phone = $1 and recipient = $2 and ref = $3 and total = $4`

// join keeps one part and gives the whole text once all are there, else "".
func (r *receiver) join(ctx context.Context, tx *sql.Tx, in Inbound, c sms.Concat) (string, error) {
	since := in.At.Add(-partsWithin)
	var again bool
	if err := tx.QueryRowContext(ctx, againSQL, in.From, in.To, c.Ref, c.Total, c.Seq, in.Text, since).Scan(&again); err != nil {
		return "", fmt.Errorf("look for part %d of %d: %w", c.Seq, c.Total, err)
	}
	if again {
		return "", nil
	}
	if _, err := tx.ExecContext(ctx, freshSQL, in.From, in.To, c.Ref, c.Total, since); err != nil {
		return "", fmt.Errorf("make room for part %d of %d: %w", c.Seq, c.Total, err)
	}
	if _, err := tx.ExecContext(ctx, addPartSQL, in.From, in.To, c.Ref, c.Total, c.Seq, in.Text, in.At); err != nil {
		return "", fmt.Errorf("keep part %d of %d: %w", c.Seq, c.Total, err)
	}
	var n int
	var whole string
	if err := tx.QueryRowContext(ctx, countPartsSQL, in.From, in.To, c.Ref, c.Total).Scan(&n, &whole); err != nil {
		return "", fmt.Errorf("count the parts of a message: %w", err)
	}
	if n < int(c.Total) {
		return "", nil
	}
	if _, err := tx.ExecContext(ctx, joinPartsSQL, in.From, in.To, c.Ref, c.Total); err != nil {
		return "", fmt.Errorf("join the parts of a message: %w", err)
	}
	return whole, nil
}

const dropJoinedSQL = `delete from inbound_parts where joined and at <= $1`

const waitingSQL = `
select phone, recipient, ref, total from inbound_parts where not joined
group by phone, recipient, ref, total having max(at) <= $1 order by max(at) limit 100`

// endWaiting acts on the messages that have waited long enough for their other parts.
func (r *receiver) endWaiting(ctx context.Context) error {
	now := r.store.now().UTC()
	if _, err := r.store.db.ExecContext(ctx, dropJoinedSQL, now.Add(-partsWithin)); err != nil {
		return fmt.Errorf("drop joined parts: %w", err)
	}
	rows, err := r.store.db.QueryContext(ctx, waitingSQL, now.Add(-partsPatience))
	if err != nil {
		return fmt.Errorf("look for messages in parts: %w", err)
	}
	defer rows.Close()
	type message struct {
		in Inbound
		c  sms.Concat
	}
	var list []message
	for rows.Next() {
		m := message{in: Inbound{At: now}}
		if err := rows.Scan(&m.in.From, &m.in.To, &m.c.Ref, &m.c.Total); err != nil {
			return fmt.Errorf("look for messages in parts: %w", err)
		}
		list = append(list, m)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look for messages in parts: %w", err)
	}
	for _, m := range list {
		if err := r.endWait(ctx, m.in, m.c); err != nil {
			return err
		}
	}
	return nil
}

// whatCameSQL gives nothing where another node was faster, or a part came after all.
const whatCameSQL = `
select string_agg(text, '' order by seq), min(seq) = 1 from inbound_parts
where phone = $1 and recipient = $2 and ref = $3 and total = $4 and not joined having max(at) <= $5`

func (r *receiver) endWait(ctx context.Context, in Inbound, c sms.Concat) error {
	tx, err := r.store.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("end the wait for parts: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, lockNumberSQL, string(in.From)); err != nil {
		return fmt.Errorf("end the wait for parts: %w", err)
	}
	var begun bool
	err = tx.QueryRowContext(ctx, whatCameSQL, in.From, in.To, c.Ref, c.Total, in.At.Add(-partsPatience)).Scan(&in.Text, &begun)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the parts that came: %w", err)
	}
	if _, err := tx.ExecContext(ctx, joinPartsSQL, in.From, in.To, c.Ref, c.Total); err != nil {
		return fmt.Errorf("join the parts that came: %w", err)
	}
	// Without its beginning, where the word stands, a message is kept and nothing is guessed.
	_, err = residents.ParsePhone(string(in.From))
	if err := r.act(ctx, tx, in, begun && err == nil); err != nil {
		return err
	}
	return tx.Commit()
}

// lastInboundSQL is the number's latest message: the same again, with no other between, is the carrier's second delivery.
// With another between it is the resident's own: DK, then TC, then DK must register.
const lastInboundSQL = `select recipient, text, at from inbound where phone = $1 order by id desc limit 1`

const stoppedSQL = `select exists (select from opt_outs where phone = $1)`

const addInboundSQL = `insert into inbound (carrier, phone, recipient, text, action, at) values ($1, $2, $3, $4, $5, $6) returning id`

const repliesSQL = `
select count(*) filter (where action = ''), count(*) from inbound
where phone = $1 and at > $2 and reply_id is not null`

const setReplySQL = `update inbound set reply_id = $2 where id = $1`

func (r *receiver) act(ctx context.Context, tx *sql.Tx, in Inbound, known bool) error {
	var to, text string
	var at time.Time
	err := tx.QueryRowContext(ctx, lastInboundSQL, in.From).Scan(&to, &text, &at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look for the message before: %w", err)
	}
	in.Action, in.Rest = r.words.Match(in.Text)
	if err == nil && to == in.To && text == in.Text && in.At.Sub(at) < sameWithin {
		// Who registered by a call between two words to stop means the second one.
		stopped := true
		if in.Action == stopWord {
			if err := tx.QueryRowContext(ctx, stoppedSQL, in.From).Scan(&stopped); err != nil {
				return fmt.Errorf("look for an opt-out: %w", err)
			}
		}
		if stopped {
			return nil
		}
	}
	if err := tx.QueryRowContext(ctx, addInboundSQL, in.Carrier, in.From, in.To, in.Text, in.Action, in.At).Scan(&in.ID); err != nil {
		return fmt.Errorf("keep an inbound message: %w", err)
	}
	r.meter.received(in.Action)
	if !known || r.handle == nil {
		return nil
	}
	reply, err := r.handle(ctx, tx, in)
	if err != nil {
		return fmt.Errorf("act on inbound message %d: %w", in.ID, err)
	}
	if reply == "" {
		return nil
	}
	var help, all int
	if err := tx.QueryRowContext(ctx, repliesSQL, in.From, in.At.Add(-helpEvery)).Scan(&help, &all); err != nil {
		return fmt.Errorf("count the replies before message %d: %w", in.ID, err)
	}
	if in.Action == "" && help > 0 || all >= maxReplies {
		return nil
	}
	id, err := r.store.Send(ctx, tx, Single{To: in.From, Text: reply, Purpose: Reply, Key: "inbound:" + strconv.FormatInt(in.ID, 10), Carrier: in.Carrier, From: in.To})
	if err != nil {
		return fmt.Errorf("reply to inbound message %d: %w", in.ID, err)
	}
	if _, err := tx.ExecContext(ctx, setReplySQL, in.ID, id); err != nil {
		return fmt.Errorf("note the reply to inbound message %d: %w", in.ID, err)
	}
	return nil
}
