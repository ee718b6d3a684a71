package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"canhgiac/reports"
	"canhgiac/residents"
)

// Inbound does what an SMS word asks, in the transaction that stores the message, and gives the reply to queue in it;
// "" asks for none. action is a name of sms_keywords, "" for a word that nobody knows; rest is the text behind the word;
// ref is the message's id.
func (h *Hotline) Inbound(ctx context.Context, tx *sql.Tx, action, rest string, from residents.Phone, ref string) (string, error) {
	reply, err := h.inbound(ctx, tx, action, rest, from, ref)
	if err != nil {
		return "", fmt.Errorf("inbound message %s: %w", ref, err)
	}
	return reply, nil
}

func (h *Hotline) inbound(ctx context.Context, tx *sql.Tx, action, rest string, from residents.Phone, ref string) (string, error) {
	act := residents.Act{Channel: "sms", Key: action, TextVersion: h.words.Version, Ref: ref}
	switch action {
	case "dang_ky":
		was, err := h.residents.Register(ctx, tx, from, act)
		if err != nil {
			return "", err
		}
		return h.sms(registrationText(was), nil)
	case "ngung_nhan":
		at, err := h.residents.OptOut(ctx, tx, from, act)
		if err != nil {
			return "", err
		}
		return h.sms("ngung_nhan_xac_nhan", h.stamped(at, nil))
	case "bao_tin":
		return h.reportBySMS(ctx, tx, rest, from, ref)
	case "tro_giup":
		return h.help()
	}
	first, err := firstHelp(ctx, tx, from, h.now())
	if err != nil || !first {
		return "", err
	}
	return h.sms("khong_hieu_lenh", nil)
}

// help names the words where they can be sent, and else the number to call.
func (h *Hotline) help() (string, error) {
	if h.o.Shortcode == "" {
		return h.sms("tro_giup_mot_chieu", nil)
	}
	return h.sms("tro_giup_hai_chieu", nil)
}

func (h *Hotline) sms(name string, vars map[string]string) (string, error) {
	return h.words.SMS(name, h.o.Form, h.vars(vars))
}

// reportBySMS keeps BAO and what follows. Without a number it stays a partial report, with the words as they came in its
// record, and the sender is told how to give one.
func (h *Hotline) reportBySMS(ctx context.Context, tx *sql.Tx, rest string, from residents.Phone, ref string) (string, error) {
	number := scamNumber(rest)
	r, err := h.reports.Save(ctx, tx, reports.Draft{Origin: "sms", Ref: ref, Reporter: from, ScamNumber: number, Complete: number != ""})
	if err != nil {
		return "", err
	}
	if err := h.reports.Log(ctx, tx, r.ID, reports.Entry{At: h.now(), Node: "sms", Key: "bao_tin", Raw: rest}); err != nil {
		return "", err
	}
	if number == "" {
		return h.help()
	}
	return h.sms("bao_tin_da_nhan", h.stamped(h.now(), map[string]string{"ma": r.Code}))
}

// scamNumber finds the number in what people write behind BAO: "0901.234.567 goi doi tien", "090 123 4567", "5656".
// A few digits among words are an amount or a count, not a number; alone they are a short code.
func scamNumber(rest string) string {
	const shortest, local, whole, longest = 3, 7, 10, 15 // digits: a short code, a landline's, a mobile's, E.164's
	var found string
	words := false
	for _, token := range strings.Fields(rest) {
		digits := strings.Map(func(r rune) rune {
			if strings.ContainsRune("+.-(),;:", r) {
				return -1
			}
			return r
		}, token)
		isNumber := digits != "" && strings.Trim(digits, "0123456789") == ""
		switch {
		case !isNumber && len(found) >= local, isNumber && len(found) >= whole:
			return found
		case !isNumber:
			words, found = true, "" // what stood before it was an amount
		case len(digits) >= whole-1:
			found = digits
		case len(found)+len(digits) <= whole+1:
			found += digits // "090 123 4567"
		}
	}
	if len(found) < shortest || len(found) > longest || words && len(found) < local {
		return ""
	}
	return found
}

// helpPause is how long a number that sends unknown words waits for its next help text. Another machine may be
// answering ours; a person who errs twice has the first help on the screen still.
const helpPause = time.Hour

const firstHelpSQL = `
insert into help_replies (phone, at) values ($1, $2)
on conflict (phone) do update set at = excluded.at where help_replies.at <= $3 returning at`

func firstHelp(ctx context.Context, tx *sql.Tx, p residents.Phone, at time.Time) (bool, error) {
	var was time.Time
	err := tx.QueryRowContext(ctx, firstHelpSQL, string(p), at.UTC(), at.Add(-helpPause).UTC()).Scan(&was)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
