package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway"
	"canhgiac/ivr"
	"canhgiac/residents"
)

// caller gives the nth of the people who act; neighbours in this order live in other groups.
func (p *past) caller(n int) residents.Phone { return residents.Phone(p.phones[n%len(p.phones)]) }

// call rings the hotline, lets the greeting be, and presses keys; each word of keys answers one question. "-" is silence,
// "met" and "missed" are what becomes of an officer's telephone. The caller hangs up after the last.
func (p *past) call(ctx context.Context, from residents.Phone, keys string) error {
	p.made++
	sid := fmt.Sprintf("CApast%04d", p.made)
	reply, err := p.hotline.Start(ctx, ivr.Incoming{Provider: "simulator", SID: sid, From: string(from), To: p.config.Words.Hotline})
	for _, key := range strings.Fields("5 " + keys) {
		if err != nil {
			return err
		}
		p.pause(time.Duration(5+p.draw.IntN(9)) * time.Second)
		in := ivr.Input{Step: reply.Step, Kind: ivr.InputKeys, Keys: key}
		switch key {
		case "-":
			in.Kind, in.Keys = ivr.InputSilence, ""
		case "met":
			in = ivr.Input{Step: reply.Step, Kind: ivr.InputDialed, Answered: true, Status: "completed"}
		case "missed":
			in = ivr.Input{Step: reply.Step, Kind: ivr.InputDialed, Status: "no-answer"}
		}
		reply, err = p.hotline.Step(ctx, "simulator", sid, in)
	}
	if err != nil {
		return err
	}
	p.pause(7 * time.Second)
	return p.hotline.Ended(ctx, "simulator", sid, "completed")
}

// dial opens the USSD menu and types; who stops before its end lets the session go.
func (p *past) dial(ctx context.Context, from residents.Phone, typed string) error {
	p.made++
	d := ivr.Dialogue{Provider: "simulator", Session: fmt.Sprintf("past%04d", p.made), From: string(from), Code: ussdCode(p.config)}
	screen, err := p.hotline.Dialled(ctx, d, "0")
	for i, text := range strings.Fields(typed) {
		if err != nil {
			return err
		}
		if err := p.hotline.Shown(ctx, d); err != nil {
			return err
		}
		p.pause(time.Duration(6+p.draw.IntN(12)) * time.Second)
		screen, err = p.hotline.Typed(ctx, d, fmt.Sprint(i+1), text)
	}
	if err != nil || screen.End {
		return err
	}
	return p.hotline.Dropped(ctx, d, "timeout")
}

const textedSQL = `insert into inbound (carrier, phone, recipient, text, action, at, kept) values ('simulator', $1, $2, $3, $4, $5, $6) returning id`

const textRepliedSQL = `update inbound set reply_id = $2 where id = $1`

// text is an SMS to the short code.
func (p *past) text(ctx context.Context, from residents.Phone, text string) error {
	return p.inTx(ctx, func(tx *sql.Tx) error {
		words, err := menuWords{p.hotline}.Now(ctx, tx)
		if err != nil {
			return err
		}
		action, rest := words.Match(text)
		kept := gateway.Kept("")
		if action == "" {
			kept = gateway.KeptUnknown
		}
		var id int64
		if err := tx.QueryRowContext(ctx, textedSQL, string(from), p.config.Words.Shortcode, text, action, p.now(), kept).Scan(&id); err != nil {
			return err
		}
		reply, err := p.hotline.Inbound(ctx, tx, action, rest, from, fmt.Sprint(id))
		if err != nil || reply == "" {
			return err
		}
		sent, err := p.queue.Send(ctx, tx, gateway.Single{To: from, Text: reply, Purpose: gateway.Reply, Key: fmt.Sprintf("inbound:%d", id)})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, textRepliedSQL, id, int64(sent))
		return err
	})
}

// wishes are what people ask for beside their reports: to be registered, to be left alone, to hear the reminders again; and
// texts that no keyword answers, the newest unread.
func (p *past) wishes() {
	at := func(ago int) time.Time {
		return p.day(ago, 7*time.Hour+time.Duration(p.draw.IntN(13*60))*time.Minute)
	}
	for i := range 26 {
		who := p.caller(400 + i)
		newcomer := residents.Phone(p.silent[i%len(p.silent)])
		p.plan(at(54-2*i), func(ctx context.Context) error {
			switch i % 5 {
			case 0:
				return p.text(ctx, newcomer, "DK")
			case 1:
				return p.call(ctx, newcomer, "4 1")
			case 2:
				return p.text(ctx, who, []string{"TC", "tu choi", "Ngung"}[i%3])
			case 3:
				return p.call(ctx, who, "3 -")
			}
			return p.dial(ctx, newcomer, "4 1")
		})
	}
	for i, ago := range []int{45, 33, 21, 12, 5} {
		p.plan(at(ago), func(ctx context.Context) error { return p.call(ctx, p.caller(500+i), "9 1") })
	}
	for i, text := range []string{"Cam on cong an phuong", "Chau toi bi nguoi la ru di lam xa, co phai lua khong", "So nay cua ai vay", "Toi muon gap can bo"} {
		p.plan(at([]int{38, 17, 2, 1}[i]), func(ctx context.Context) error {
			err := p.text(ctx, p.caller(600+i), text)
			p.then(p.now().Add(4*aDay), p.readTexts)
			return err
		})
	}
}

const unreadSQL = `select array_agg(id) from inbound where kept <> '' and seen_at is null`

// readTexts is the desk going through its inbox.
func (p *past) readTexts(ctx context.Context) error {
	return p.inTx(ctx, func(tx *sql.Tx) error {
		var ids []int64
		if err := tx.QueryRowContext(ctx, unreadSQL).Scan(pq.Array(&ids)); err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := p.queue.See(ctx, tx, id, pastOfficer.Name, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
