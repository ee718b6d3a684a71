package gateway

import (
	"context"
	"fmt"
)

// holdChunkSQL is the gate for practice tables, where no sender with a link ever looks: whoever looks there all the same is
// held by the gate of intentSQL for the same reason. In the real tables it finds nothing: it asks
// which table the name means, not what the pool was opened for.
const holdChunkSQL = `
with c as (
	select id, carrier, watermark from chunks
	where 'chunks'::regclass = to_regclass('practice.chunks') and state = 'open' and not paused and lease_node is null
	order by id limit 1 for update skip locked
),
held as (
	insert into sent (message_id, state, carrier, parts, done_at, error)
	select m.id, 'suppressed', c.carrier, 0, $1, 'practice' from c join messages m on m.chunk_id = c.id and m.pos >= c.watermark
	on conflict (message_id) do nothing returning 1
),
done as (update chunks x set watermark = x.size, state = 'done', ended_at = $1 from c where x.id = c.id)
select count(*) from held`

const holdSinglesSQL = `
with o as (delete from outbox where 'outbox'::regclass = to_regclass('practice.outbox') and lease_node is null returning message_id, carrier)
insert into sent (message_id, state, carrier, parts, done_at, error)
select message_id, 'suppressed', carrier, 0, $1, 'practice' from o on conflict (message_id) do nothing`

// HoldPractice ends the next waiting messages of a practice ward as suppressed, "practice", and says how many of runs there
// were. It is for a store over practice tables; over the real ones it does nothing.
func (s *Store) HoldPractice(ctx context.Context) (int, error) {
	var held int
	now := s.now().UTC()
	if err := s.db.QueryRowContext(ctx, holdChunkSQL, now).Scan(&held); err != nil {
		return 0, fmt.Errorf("hold practice messages: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, holdSinglesSQL, now); err != nil {
		return 0, fmt.Errorf("hold practice messages: %w", err)
	}
	return held, nil
}
