package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

// Words are the forms of each SMS word, by what it does, in the menu that answers now.
func (h *Hotline) Words(ctx context.Context, tx *sql.Tx) (map[string][]string, error) {
	m, err := h.menus.answering(ctx, tx)
	if err != nil {
		return nil, err
	}
	return m.SMS, nil
}

// Inbound does what an SMS word asks, in the transaction that stores the message, and gives the reply to queue in it;
// "" asks for none. action is a name of the menu's sms, "" for a word that nobody knows; rest is the text behind the word;
// ref is the message's id.
func (h *Hotline) Inbound(ctx context.Context, tx *sql.Tx, action, rest string, from residents.Phone, ref string) (string, error) {
	reply, err := h.inbound(ctx, tx, action, rest, from, ref)
	if err != nil {
		return "", fmt.Errorf("inbound message %s: %w", ref, err)
	}
	return reply, nil
}

func (h *Hotline) inbound(ctx context.Context, tx *sql.Tx, action, rest string, from residents.Phone, ref string) (string, error) {
	if do, known := wordActs[action]; known {
		m, err := h.menus.answering(ctx, tx)
		if err != nil {
			return "", err
		}
		w := word{rest: rest, from: from, ref: ref, words: m.words}
		w.act = residents.Act{Channel: "sms", Key: action, TextVersion: m.words.Version, Ref: ref}
		return do(h, ctx, tx, w)
	}
	first, err := firstHelp(ctx, tx, from, h.now())
	if err != nil || !first {
		return "", err
	}
	m, err := h.menus.answering(ctx, tx)
	if err != nil {
		return "", err
	}
	return h.sms(m.words, "khong_hieu_lenh", nil)
}

// word is one SMS that begins with a word of the menu.
type word struct {
	rest string // the text behind it
	from residents.Phone
	ref  string // the message's id
	act  residents.Act

	words *prompts.Words // of the version that answers
}

// wordActs are what SMS words do, by the names that the menu's sms has for them. Each gives the reply.
var wordActs = map[string]func(*Hotline, context.Context, *sql.Tx, word) (string, error){
	"dang_ky":    (*Hotline).registerBySMS,
	"ngung_nhan": (*Hotline).stopBySMS,
	"bao_tin":    (*Hotline).reportBySMS,
	"kiem_tra":   (*Hotline).checkBySMS,
	"tro_giup":   func(h *Hotline, _ context.Context, _ *sql.Tx, w word) (string, error) { return h.help(w.words) },
}

func (h *Hotline) registerBySMS(ctx context.Context, tx *sql.Tx, w word) (string, error) {
	was, err := h.residents.Register(ctx, tx, w.from, w.act)
	if err != nil {
		return "", err
	}
	return h.sms(w.words, registrationText(was), nil)
}

func (h *Hotline) stopBySMS(ctx context.Context, tx *sql.Tx, w word) (string, error) {
	at, err := h.residents.OptOut(ctx, tx, w.from, w.act)
	if err != nil {
		return "", err
	}
	return h.sms(w.words, "ngung_nhan_xac_nhan", h.stamped(at, nil))
}

// help names the words where they can be sent, and else the number to call.
func (h *Hotline) help(words *prompts.Words) (string, error) {
	if h.o.Shortcode == "" {
		return h.sms(words, "tro_giup_mot_chieu", nil)
	}
	return h.sms(words, "tro_giup_hai_chieu", nil)
}

func (h *Hotline) sms(words *prompts.Words, name string, vars map[string]string) (string, error) {
	return words.SMS(name, h.o.Form, h.vars(vars))
}

// reportBySMS keeps BAO and what follows. Without a number it stays a partial report, with the words as they came in its
// record, and the sender is told how to give one.
func (h *Hotline) reportBySMS(ctx context.Context, tx *sql.Tx, w word) (string, error) {
	number := scamNumber(w.rest)
	r, err := h.reports.Save(ctx, tx, reports.Draft{Origin: "sms", Ref: w.ref, Reporter: w.from, ScamNumber: number, Complete: number != ""})
	if err != nil {
		return "", err
	}
	if err := h.reports.Log(ctx, tx, r.ID, reports.Entry{At: h.now(), Node: "sms", Key: "bao_tin", Raw: w.rest}); err != nil {
		return "", err
	}
	if number == "" {
		return h.help(w.words)
	}
	return h.sms(w.words, "bao_tin_da_nhan", h.stamped(h.now(), map[string]string{"ma": r.Code}))
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
