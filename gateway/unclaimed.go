package gateway

import (
	"context"
	"fmt"

	"canhgiac/residents"
)

// UnclaimedRow is an Unclaimed where those of several carriers stand in one list.
type UnclaimedRow struct {
	ID      int64 // larger for what came later
	Carrier string
	Unclaimed
}

const unclaimedSQL = `
select id, carrier, carrier_message_id, phone, state, error, received_at, try_at is not null
from receipts_unmatched where ($1 = 0 or id < $1) and ($2 = '' or carrier = $2) order by id desc limit $3`

// Unclaimed lists up to n receipts that no message answers to, the newest first, numbers masked: those that came before
// the one called before (0: the newest), of one carrier or of all ("").
func (s *Store) Unclaimed(ctx context.Context, carrier string, before int64, n int) ([]UnclaimedRow, error) {
	rows, err := s.db.QueryContext(ctx, unclaimedSQL, before, carrier, n)
	if err != nil {
		return nil, fmt.Errorf("list unclaimed receipts: %w", err)
	}
	defer rows.Close()
	var all []UnclaimedRow
	for rows.Next() {
		var r UnclaimedRow
		var phone string
		if err := rows.Scan(&r.ID, &r.Carrier, &r.CarrierMessageID, &phone, &r.State, &r.Error, &r.ReceivedAt, &r.Waiting); err != nil {
			return nil, fmt.Errorf("list unclaimed receipts: %w", err)
		}
		r.Phone = maskedAddress(phone)
		all = append(all, r)
	}
	return all, rows.Err()
}

// maskedAddress hides a number as a carrier wrote it.
func maskedAddress(address string) string { return residents.Phone(numberOf(address)).Masked() }
