package gateway

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"
)

const (
	learnAfter  = 10 // matches of one form in a row, none of which any other form explains
	forgetAfter = 3  // matches of another form in a row
)

// forms is what one carrier's ledger knows of how its receipts write the ids of submit_sm_resp. In auto it starts with
// nothing, tries every form against the receipt's number, and once learned looks each id up once.
type forms struct {
	auto    bool
	vouched ReceiptID // by the configuration, or learned; empty: nobody vouches for any
	last    ReceiptID // of the newest matches that left no choice
	row     int       // how many of them in a row
	told    ReceiptID // by the metric
	seen    []ReceiptID
}

func newForms(configured ReceiptID) *forms {
	if configured == ReceiptAuto || configured == "" {
		return &forms{auto: true}
	}
	return &forms{vouched: configured}
}

// maxID is how many octets of an id are kept: SMPP's longest (5.2.23), and less than what an index takes.
const maxID = 64

// remoteID is a carrier's id of a message as it is stored, empty where it names none: an SMSC that numbers nothing sends
// the same zeros for all, and one that is broken may send kilobytes.
func remoteID(s string) string {
	if strings.Trim(s, "0") == "" {
		return ""
	}
	return limited(s, maxID)
}

// receiptKey folds an id as the index of sent does: carriers write leading zeros and capitals as they like.
func receiptKey(id string) string { return strings.ToLower(strings.TrimLeft(storable(id), "0")) }

// keyIn is the key of the response that a receipt's id means in a form; false where the id is no number of its base.
func keyIn(form ReceiptID, id string) (string, bool) {
	from, to := 16, 10
	switch form {
	case ReceiptHex:
	case ReceiptDec:
		from, to = 10, 16
	default:
		return receiptKey(id), true
	}
	n, ok := new(big.Int).SetString(strings.TrimSpace(id), from)
	if !ok || n.Sign() <= 0 {
		return "", false
	}
	return n.Text(to), true
}

// reading is one key that a receipt's id may mean, with the forms that lead to it.
type reading struct {
	key   string
	forms []ReceiptID
}

// readings are all keys of an id, its own first.
func readings(id string) []reading {
	var list []reading
next:
	for _, f := range []ReceiptID{ReceiptSame, ReceiptDec, ReceiptHex} {
		key, ok := keyIn(f, id)
		if !ok {
			continue
		}
		for i := range list {
			if list[i].key == key {
				list[i].forms = append(list[i].forms, f)
				continue next
			}
		}
		list = append(list, reading{key, []ReceiptID{f}})
	}
	return list
}

// note counts a match that only form explains, once its transaction is committed.
func (f *forms) note(form ReceiptID) {
	if form != f.last {
		f.last, f.row = form, 0
	}
	f.row++
}

// change is the form to vouch for from now on, given what was noted; false where nothing changes.
func (f *forms) change() (ReceiptID, bool) {
	switch {
	case !f.auto:
		return "", false
	case f.vouched == "" && f.row >= learnAfter:
		return f.last, true
	case f.vouched != "" && f.last != f.vouched && f.row >= forgetAfter:
		return "", true
	}
	return "", false
}

const knownFormSQL = `select form from receipt_forms where carrier = $1`

const learnFormSQL = `
insert into receipt_forms (carrier, form, learned_at) values ($1, $2, $3) on conflict (carrier) do nothing returning form`

const forgetFormSQL = `delete from receipt_forms where carrier = $1 and form = $2 returning form`

// recall takes over what this node or another has learned and stored.
func (l *ledger) recall(ctx context.Context, h *hot) error {
	if !l.forms.auto {
		l.tellForm()
		return nil
	}
	var known ReceiptID
	err := h.each(ctx, knownFormSQL, func(scan func(...any) error) error { return scan(&known) }, l.carrier)
	if err != nil {
		return fmt.Errorf("recall the form of %s's receipts: %w", l.carrier, err)
	}
	l.forms.vouched = known
	l.tellForm()
	return nil
}

// learn weighs the matches of a committed batch. What comes of it is stored, for restarts and the other nodes; what they
// stored is taken over when due.
func (l *ledger) learn(ctx context.Context, h **hot, due bool) error {
	f := l.forms
	for _, form := range f.seen {
		f.note(form)
	}
	f.seen = f.seen[:0]
	form, changed := f.change()
	if !changed && !due {
		return nil
	}
	return l.store.withHot(ctx, h, func() error {
		if changed {
			if err := l.keepForm(ctx, *h, form); err != nil {
				return err
			}
		}
		return l.recall(ctx, *h)
	})
}

// keepForm stores the form to vouch for, or that there is none any more.
func (l *ledger) keepForm(ctx context.Context, h *hot, form ReceiptID) error {
	query, args := learnFormSQL, []any{l.carrier, string(form), l.store.now().UTC()}
	what, named := "learned how the carrier's receipts write ids", "form"
	if form == "" {
		query, args = forgetFormSQL, []any{l.carrier, string(l.forms.vouched)}
		what, named = "the carrier's receipts write ids in another form, which is to be learned", "was"
	}
	var stored ReceiptID // none where another node was first
	if err := h.each(ctx, query, func(scan func(...any) error) error { return scan(&stored) }, args...); err != nil {
		return fmt.Errorf("keep the form of %s's receipts: %w", l.carrier, err)
	}
	if stored != "" {
		l.log.Info(what, named, stored, "matches", l.forms.row)
	}
	return nil
}

// tellForm shows the form that is vouched for, or auto, in the metrics.
func (l *ledger) tellForm() {
	form := l.forms.vouched
	if form == "" {
		form = ReceiptAuto
	}
	if form != l.forms.told {
		l.meter.receiptForm(form)
		l.forms.told = form
	}
}

// ReceiptForm is how the receipts of a carrier write ids, as learned from them.
type ReceiptForm struct {
	Carrier   string
	Form      ReceiptID
	LearnedAt time.Time
}

const receiptFormsSQL = `select carrier, form, learned_at from receipt_forms order by carrier`

// ReceiptForms gives what has been learned of the carriers whose receipt_id is auto.
func (s *Store) ReceiptForms(ctx context.Context) ([]ReceiptForm, error) {
	rows, err := s.db.QueryContext(ctx, receiptFormsSQL)
	if err != nil {
		return nil, fmt.Errorf("read the learned forms of receipts: %w", err)
	}
	defer rows.Close()
	var list []ReceiptForm
	for rows.Next() {
		var f ReceiptForm
		if err := rows.Scan(&f.Carrier, &f.Form, &f.LearnedAt); err != nil {
			return nil, fmt.Errorf("read the learned forms of receipts: %w", err)
		}
		list = append(list, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the learned forms of receipts: %w", err)
	}
	return list, nil
}
