package gateway

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"canhgiac/gateway/sms"
	"canhgiac/residents"
)

const (
	// partsWithin: a phone uses a concatenation reference again after a while.
	partsWithin = time.Hour
	// partsPatience is how long a message waits for its other parts. Then what is there is acted on: a report that has lost
	// its end is a report still.
	partsPatience = 10 * time.Minute
	partsLook     = 30 * time.Second
)

// gap stands in a text where a part of it never came.
const gap = " […] "

// inboundPart is one part that came. It is over when its message was acted on, or kept, without waiting for more.
type inboundPart struct {
	seq     uint8
	piece   sms.Piece
	carrier string
	at      time.Time
	over    bool
}

const partsSQL = `
select seq, octets, data_coding, carrier, joined, at from inbound_parts
where phone = $1 and recipient = $2 and ref = $3 and total = $4 order by seq`

func partsOf(ctx context.Context, tx *sql.Tx, in Inbound, c sms.Concat) ([]inboundPart, error) {
	rows, err := tx.QueryContext(ctx, partsSQL, in.From, in.To, c.Ref, c.Total)
	if err != nil {
		return nil, fmt.Errorf("look for parts of a message: %w", err)
	}
	defer rows.Close()
	var list []inboundPart
	for rows.Next() {
		var p inboundPart
		if err := rows.Scan(&p.seq, &p.piece.Octets, &p.piece.DataCoding, &p.carrier, &p.over, &p.at); err != nil {
			return nil, fmt.Errorf("look for parts of a message: %w", err)
		}
		list = append(list, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for parts of a message: %w", err)
	}
	return list, nil
}

const addPartSQL = `
insert into inbound_parts (phone, recipient, ref, total, seq, octets, data_coding, carrier, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

const dropPartsSQL = `delete from inbound_parts where phone = $1 and recipient = $2 and ref = $3 and total = $4`

const endPartsSQL = `update inbound_parts set joined = true where phone = $1 and recipient = $2 and ref = $3 and total = $4`

// join keeps one part, and acts on the whole once all are there. The caller holds the number's lock.
func (r *receiver) join(ctx context.Context, tx *sql.Tx, in Inbound, c sms.Concat, piece sms.Piece, known bool) error {
	held, err := partsOf(ctx, tx, in, c)
	if err != nil {
		return err
	}
	since := in.At.Add(-partsWithin)
	another := false // the reference is used again, by another message
	for _, p := range held {
		same := p.seq == c.Seq && p.piece.DataCoding == piece.DataCoding && bytes.Equal(p.piece.Octets, piece.Octets)
		if same && p.at.After(since) {
			return nil // the carrier delivers it again
		}
		another = another || p.seq == c.Seq || !p.at.After(since)
	}
	if another {
		if err := r.end(ctx, tx, in, c, held, known); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, dropPartsSQL, in.From, in.To, c.Ref, c.Total); err != nil {
			return fmt.Errorf("make room for part %d of %d: %w", c.Seq, c.Total, err)
		}
		held = nil
	}
	if _, err := tx.ExecContext(ctx, addPartSQL, in.From, in.To, c.Ref, c.Total, c.Seq, piece.Octets, piece.DataCoding, in.Carrier, in.At); err != nil {
		return fmt.Errorf("keep part %d of %d: %w", c.Seq, c.Total, err)
	}
	if len(held)+1 < int(c.Total) {
		return nil
	}
	if held, err = partsOf(ctx, tx, in, c); err != nil {
		return err
	}
	return r.end(ctx, tx, in, c, held, known)
}

// end acts on what came of a message: on the beginning, where its word stands, once. Without it, or where only the rest of
// what was acted on has come, people are to read it.
func (r *receiver) end(ctx context.Context, tx *sql.Tx, in Inbound, c sms.Concat, parts []inboundPart, known bool) error {
	fresh, begun, acted := false, false, false
	for _, p := range parts {
		fresh = fresh || !p.over
		begun = begun || p.seq == 1
		acted = acted || p.seq == 1 && p.over
		in.Carrier = p.carrier
	}
	if !fresh {
		return nil
	}
	in.Text = r.readParts(parts, c.Total)
	var keep Kept
	switch {
	case !known:
	case !begun:
		keep = KeptBroken
	case acted:
		keep = KeptLate
	}
	if _, err := tx.ExecContext(ctx, endPartsSQL, in.From, in.To, c.Ref, c.Total); err != nil {
		return fmt.Errorf("join the parts of a message: %w", err)
	}
	return r.act(ctx, tx, in, known, keep)
}

// readParts gives the text of parts in their order, with a mark where some are missing.
func (r *receiver) readParts(parts []inboundPart, total uint8) string {
	var text strings.Builder
	next := uint8(1)
	for i := 0; i < len(parts); {
		if parts[i].seq != next {
			text.WriteString(gap)
		}
		var run []sms.Piece
		for next = parts[i].seq; i < len(parts) && parts[i].seq == next; i++ {
			run = append(run, parts[i].piece)
			next++
		}
		text.WriteString(r.read(run))
	}
	if int(next) <= int(total) {
		text.WriteString(gap)
	}
	return strings.TrimSpace(text.String())
}

const dropOverSQL = `delete from inbound_parts where joined and at <= $1`

const waitingSQL = `
select phone, recipient, ref, total from inbound_parts where not joined
group by phone, recipient, ref, total having max(at) <= $1 order by max(at) limit 100`

// endWaiting acts on the messages that have waited long enough for their other parts.
func (r *receiver) endWaiting(ctx context.Context) error {
	now := r.store.now().UTC()
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
	if _, err := r.store.db.ExecContext(ctx, dropOverSQL, now.Add(-partsWithin)); err != nil {
		return fmt.Errorf("drop joined parts: %w", err)
	}
	return nil
}

func (r *receiver) endWait(ctx context.Context, in Inbound, c sms.Concat) error {
	tx, err := r.store.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("end the wait for parts: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, lockNumberSQL, string(in.From)); err != nil {
		return fmt.Errorf("end the wait for parts: %w", err)
	}
	parts, err := partsOf(ctx, tx, in, c)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if !p.over && p.at.After(in.At.Add(-partsPatience)) {
			return nil // one came after all
		}
	}
	_, err = residents.ParsePhone(string(in.From))
	if err := r.end(ctx, tx, in, c, parts, err == nil); err != nil {
		return err
	}
	return tx.Commit()
}
