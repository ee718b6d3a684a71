package gateway

// deliverAtOnce lets messages whose receipt came in the same batch be stored as delivered, which saves each a look-up and
// an update. It gives how many, and the receipts that are left to match. Only DELIVRD is taken so, only where somebody
// vouches for the form of the ids, and only before any other receipt for the same id: the rest is for match to weigh.
func (o *outcomes) deliverAtOnce(vouched ReceiptID, receipts []*receipt) (n int, rest []*receipt) {
	if vouched == "" || len(receipts) == 0 || len(o.fresh) == 0 {
		return 0, receipts
	}
	byKey := make(map[string]int, len(o.fresh))
	for _, i := range o.fresh { // the latest, where the carrier has used an id again
		byKey[receiptKey(o.remoteIDs[i])] = i
	}
	for _, r := range receipts {
		key, ok := keyIn(vouched, storable(r.ID))
		if !ok {
			key = receiptKey(r.ID)
		}
		i, ok := byKey[key]
		delete(byKey, key)
		if !ok || outcomeOf[r.State] != Delivered {
			rest = append(rest, r)
			continue
		}
		o.states[i] = string(Delivered)
		n++
	}
	return n, rest
}
