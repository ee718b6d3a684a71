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
)

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
	log    *slog.Logger
}

func newReceiver(s *Store, words Words, handle InboundHandler, log *slog.Logger) *receiver {
	return &receiver{store: s, words: words, handle: handle, in: newInbox[delivery](), log: log}
}

func (r *receiver) run(ctx context.Context) {
	for range r.in.ready {
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
		// Nothing that can be read; refusing it would bring it again for days.
		r.log.Warn("an inbound message cannot be decoded", "data_coding", d.pdu.DataCoding, "error", err)
		text = ""
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

const addPartSQL = `
insert into inbound_parts (phone, recipient, ref, total, seq, text, at) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (phone, recipient, ref, total, seq) do update set text = excluded.text, at = excluded.at`

const countPartsSQL = `
select count(*), coalesce(string_agg(text, '' order by seq), '') from inbound_parts
where phone = $1 and recipient = $2 and ref = $3 and total = $4 and at > $5`

const dropPartsSQL = `delete from inbound_parts where phone = $1 and recipient = $2 and ref = $3 and total = $4`

// join keeps one part and gives the whole text once all are there, else "".
func (r *receiver) join(ctx context.Context, tx *sql.Tx, in Inbound, c sms.Concat) (string, error) {
	if _, err := tx.ExecContext(ctx, addPartSQL, in.From, in.To, c.Ref, c.Total, c.Seq, in.Text, in.At); err != nil {
		return "", fmt.Errorf("keep part %d of %d: %w", c.Seq, c.Total, err)
	}
	var n int
	var whole string
	if err := tx.QueryRowContext(ctx, countPartsSQL, in.From, in.To, c.Ref, c.Total, in.At.Add(-partsWithin)).Scan(&n, &whole); err != nil {
		return "", fmt.Errorf("count the parts of a message: %w", err)
	}
	if n < int(c.Total) {
		return "", nil
	}
	if _, err := tx.ExecContext(ctx, dropPartsSQL, in.From, in.To, c.Ref, c.Total); err != nil {
		return "", fmt.Errorf("drop the parts of a message: %w", err)
	}
	return whole, nil
}

// lastInboundSQL is the number's latest message: the same again, with no other between, is the carrier's second delivery.
// With another between it is the resident's own: DK, then TC, then DK must register.
const lastInboundSQL = `select recipient, text, at from inbound where phone = $1 order by id desc limit 1`

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
	if err == nil && to == in.To && text == in.Text && in.At.Sub(at) < sameWithin {
		return nil
	}
	in.Action, in.Rest = r.words.Match(in.Text)
	if err := tx.QueryRowContext(ctx, addInboundSQL, in.Carrier, in.From, in.To, in.Text, in.Action, in.At).Scan(&in.ID); err != nil {
		return fmt.Errorf("keep an inbound message: %w", err)
	}
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
