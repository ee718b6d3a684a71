package gateway

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
	"canhgiac/residents"
)

const (
	// sameWithin: a deliver_sm whose acknowledgement got lost comes again within this time.
	sameWithin = 5 * time.Minute
	// maxAddress is how many octets of an address are kept: data_sm's longest, and less than what an index takes.
	maxAddress = 64
	// helpEvery bounds the answers to unknown words, so that two machines never talk to each other.
	helpEvery = 10 * time.Minute
	// maxReplies bounds the answers to any words of one number within helpEvery.
	maxReplies = 10
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
	words  Dictionary
	handle InboundHandler
	in     *inbox[delivery]
	meter  *linkMeter
	log    *slog.Logger
}

func newReceiver(s *Store, words Dictionary, handle InboundHandler, meter *linkMeter, log *slog.Logger) *receiver {
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
	octets, place, err := placed(d.pdu)
	if err != nil {
		// Refusing it would bring it again for days. What letters it has are kept: it may be a report.
		r.log.Warn("an inbound message has a header that cannot be read", "carrier", d.carrier, "error", err)
		if d.pdu.DataCoding == 0 {
			octets = []byte(letters(octets))
		}
	}
	in := Inbound{To: limited(d.pdu.Dest.Addr, maxAddress), At: r.store.now().UTC(), Carrier: d.carrier}
	from, known := sender(d.pdu.Source)
	in.From = residents.Phone(from)
	piece := sms.Piece{DataCoding: d.pdu.DataCoding, Octets: octets}
	tx, err := r.store.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("receive a message: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	// One number's messages one after the other, on all nodes: parts are joined and doubles seen under this lock.
	if _, err := tx.ExecContext(ctx, lockNumberSQL, from); err != nil {
		return fmt.Errorf("receive a message: %w", err)
	}
	if place.Total > 1 {
		if err := r.join(ctx, tx, in, place, piece, known); err != nil {
			return err
		}
		return tx.Commit()
	}
	in.Text = r.read([]sms.Piece{piece})
	if err := r.act(ctx, tx, in, known, ""); err != nil {
		return err
	}
	return tx.Commit()
}

// placed gives the text octets of a deliver_sm and their place in a longer text, by its user data header or its sar TLVs.
// Octets with a header that cannot be read are given as they are.
func placed(d *smpp.DeliverSM) ([]byte, sms.Concat, error) {
	octets, place, err := sms.Open(d.UDHI(), d.Text())
	if err != nil {
		return d.Text(), sms.Concat{}, err
	}
	if place.Total > 0 {
		return octets, place, nil
	}
	ref, _ := d.TLVs.Get(smpp.TagSARRefNum)
	total, _ := d.TLVs.Get(smpp.TagSARTotal)
	seq, _ := d.TLVs.Get(smpp.TagSARSeq)
	if len(ref) == 2 && len(total) == 1 && len(seq) == 1 && seq[0] > 0 && seq[0] <= total[0] {
		place = sms.Concat{Ref: binary.BigEndian.Uint16(ref), Total: total[0], Seq: seq[0]}
	}
	if place.Total < 2 {
		place = sms.Concat{}
	}
	return octets, place, nil
}

// read gives the text of pieces that follow each other. Of what is no text the letters are kept.
func (r *receiver) read(pieces []sms.Piece) string {
	text, err := sms.Join(pieces)
	if err != nil {
		r.log.Warn("an inbound message cannot be decoded", "error", err)
		var octets []byte
		for _, p := range pieces {
			octets = append(octets, p.Octets...)
		}
		text = letters(octets)
	}
	return storable(text)
}

// letters are what is legible in octets of no known text.
func letters(b []byte) string {
	legible := func(r rune) bool { return r >= ' ' && r <= '~' }
	if utf8.Valid(b) {
		legible = func(r rune) bool { return unicode.IsGraphic(r) }
	}
	text := strings.Map(func(r rune) rune {
		if !legible(r) {
			return ' '
		}
		return r
	}, string(b))
	return strings.Join(strings.Fields(text), " ")
}

// sender gives a deliver_sm's sender, and whether that is a number which may be answered: short codes and names are
// machines, and answering them is how loops begin.
func sender(a smpp.Address) (string, bool) {
	raw := limited(a.Addr, maxAddress)
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

// lastInboundSQL is the number's latest message: the same again, with no other between, is the carrier's second delivery.
// With another between it is the resident's own: DK, then TC, then DK must register.
const lastInboundSQL = `select recipient, text, at from inbound where phone = $1 order by id desc limit 1`

const stoppedSQL = `select exists (select from opt_outs where phone = $1)`

const addInboundSQL = `
insert into inbound (carrier, phone, recipient, text, action, at, kept) values ($1, $2, $3, $4, $5, $6, $7) returning id`

const repliesSQL = `
select count(*) filter (where action = ''), count(*) from inbound
where phone = $1 and at > $2 and reply_id is not null`

const setReplySQL = `update inbound set reply_id = $2 where id = $1`

// act keeps a whole message and does what it asks for. A reason to keep it stands where it is only to be read by people.
func (r *receiver) act(ctx context.Context, tx *sql.Tx, in Inbound, known bool, keep Kept) error {
	var to, text string
	var at time.Time
	err := tx.QueryRowContext(ctx, lastInboundSQL, in.From).Scan(&to, &text, &at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look for the message before: %w", err)
	}
	words, unread := r.words.Now(ctx, tx)
	if unread != nil {
		return unread
	}
	in.Action, in.Rest = words.Match(in.Text)
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
	switch {
	case keep != "":
	case !known:
		keep = KeptMachine
	case in.Action == "":
		keep = KeptUnknown
	}
	if err := tx.QueryRowContext(ctx, addInboundSQL, in.Carrier, in.From, in.To, in.Text, in.Action, in.At, keep).Scan(&in.ID); err != nil {
		return fmt.Errorf("keep an inbound message: %w", err)
	}
	r.meter.received(in.Action)
	if keep != "" && keep != KeptUnknown || r.handle == nil {
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
