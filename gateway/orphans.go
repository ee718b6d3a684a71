package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// orphansLook is how often a node looks for queues that no carrier serves any more.
const orphansLook = time.Minute

// adoptSQL gives the queues of $2's strangers to $1: those of carriers that were taken out of the configuration, and the
// empty name's, under which stands what was queued while no carrier was configured. What must stay with its carrier
// (open_to 0) waits until send_by for its return; then nobody can say what became of it.
const adoptSQL = `
with chunk as (
	select id, carrier, size - watermark as n from chunks where state = 'open' and carrier <> all($2) for update
),
adopted as (
	update chunks c set carrier = $1 from chunk where c.id = chunk.id
),
single as (
	select message_id, carrier from outbox where open_to > 0 and carrier <> all($2) for update
),
taken as (
	update outbox o set carrier = $1 from single s where o.message_id = s.message_id
),
lost as (
	delete from outbox where open_to = 0 and carrier <> all($2) and lease_node is null and send_by <= $3
	returning message_id, carrier
),
given as (
	insert into sent (message_id, state, carrier, parts, done_at, error)
	select message_id, 'unknown', carrier, 1, $3, 'its carrier is configured no more' from lost
	on conflict (message_id) do nothing
)
select carrier, sum(n), sum(lost) from (
	select carrier, n, 0 as lost from chunk
	union all select carrier, 1, 0 from single
	union all select carrier, 0, 1 from lost
) o group by carrier`

// adopt gives queues without a carrier to the one that takes what no prefix claims, and tells the log. A carrier that a
// live node still has is nobody's orphan, whatever this node's configuration says.
func (b *board) adopt(ctx context.Context) error {
	rest := b.store.routes.rest
	if rest == "" {
		return nil
	}
	elsewhere, err := b.store.conditions(ctx, b.node.id)
	if err != nil {
		return err
	}
	known := append([]string(nil), b.store.routes.names...)
	for name := range elsewhere {
		known = append(known, name)
	}
	rows, err := b.store.db.QueryContext(ctx, adoptSQL, rest, pq.Array(known), b.store.now().UTC())
	if err != nil {
		return fmt.Errorf("look for queues without a carrier: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var taken, lost int
		if err := rows.Scan(&name, &taken, &lost); err != nil {
			return fmt.Errorf("look for queues without a carrier: %w", err)
		}
		b.log.Warn("took over the queue of a carrier that is configured no more", "carrier", name, "to", rest, "messages", taken, "unknown", lost)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look for queues without a carrier: %w", err)
	}
	b.adoptedAt = time.Now()
	return nil
}
