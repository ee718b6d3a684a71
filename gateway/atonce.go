package gateway

import (
	"time"

	"canhgiac/gateway/smpp"
)

// soon is how late a receipt may come after its outcome was stored that might as well have been stored with it.
const soon = 50 * time.Millisecond

// awaitReceipts splits batch into what is to be stored now and the outcomes that wait for their receipts, once and for a
// moment. It is for carriers whose receipts come on the heels of their responses: each that comes in time saves an update.
func (l *ledger) awaitReceipts(batch []entry) (now, waiting []entry) {
	came := make(map[string]bool, len(batch)/2)
	for _, e := range batch {
		if e.receipt != nil {
			came[l.forms.key(e.receipt.ID)] = true
		}
	}
	now = batch[:0]
	for _, e := range batch {
		if m := e.message; m != nil && e.late == nil && !e.waited && m.outcome == nil && len(m.results) == 1 &&
			m.results[0].Err == nil && m.results[0].Status == smpp.StatusOK && !came[receiptKey(m.results[0].MessageID)] {
			e.waited = true
			waiting = append(waiting, e)
			continue
		}
		now = append(now, e)
	}
	return now, waiting
}

// key is the key of the response that a receipt's id means in the form that is vouched for.
func (f *forms) key(id string) string {
	id = remoteID(id)
	if key, ok := keyIn(f.vouched, id); ok {
		return key
	}
	return receiptKey(id)
}

// deliverAtOnce lets messages whose receipt came in the same batch be stored as delivered, which saves each a look-up and
// an update. It gives how many, and the receipts that are left to match. Only DELIVRD is taken so, only where somebody
// vouches for the form of the ids, only for the number that the receipt names, and only before any other receipt for the same
// id: the rest is for match to weigh.
func (o *outcomes) deliverAtOnce(f *forms, receipts []*receipt) (n int, rest []*receipt) {
	if f.vouched == "" || len(receipts) == 0 || len(o.fresh) == 0 {
		return 0, receipts
	}
	byKey := make(map[string]int, len(o.fresh))
	for _, i := range o.fresh { // the latest, where the carrier has used an id again
		byKey[receiptKey(o.remoteIDs[i])] = i
	}
	delete(byKey, "") // a response without an id, whose receipt names no message
	for _, r := range receipts {
		key := f.key(r.ID)
		i, ok := byKey[key]
		delete(byKey, key)
		if number := numberOf(r.phone); !ok || outcomeOf[r.State] != Delivered || number != "" && number != o.phones[i] {
			rest = append(rest, r)
			continue
		}
		o.states[i] = string(Delivered)
		n++
	}
	return n, rest
}
