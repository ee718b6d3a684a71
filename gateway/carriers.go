package gateway

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// CarrierStatus is how one carrier stands on all nodes that live, as the database has it.
type CarrierStatus struct {
	Carrier    string         `json:"carrier"`
	Configured bool           `json:"configured"` // false: its queue is left from a configuration that named it
	Up         bool           `json:"up"`         // on one node at least
	Since      *time.Time     `json:"since"`      // it has been so; null: no node that runs has a link to it
	Links      []NodeLink     `json:"links"`
	SentBy     []QueueServer  `json:"sent_by"` // who sends what waits in its queue; empty: it waits
	Rate       RateStatus     `json:"rate"`
	Receipts   ReceiptsStatus `json:"receipts"`
	Queue      Waiting        `json:"queue"`
	InDoubt    int            `json:"in_doubt"` // messages of the last 30 days that are unknown
}

// NodeLink is one node's link to a carrier.
type NodeLink struct {
	Node  int64     `json:"node"`
	Up    bool      `json:"up"`
	Since time.Time `json:"since"`
}

// QueueServer is a carrier that sends what waits in a queue.
type QueueServer struct {
	Carrier string   `json:"carrier"`
	As      standing `json:"as"` // itself, stand-in (its link is down) or equal (both take the same numbers)
}

// RateStatus is in parts a second, over all nodes; 0 is no limit.
type RateStatus struct {
	Configured float64    `json:"configured"`
	Now        float64    `json:"now"`
	SlowedAt   *time.Time `json:"slowed_at,omitempty"` // when the carrier last asked for less, as long as it is held to less
}

// ReceiptsStatus is what is known of a carrier's receipts.
type ReceiptsStatus struct {
	Form      ReceiptID   `json:"form"`                 // how they write ids; auto: not learned yet
	LearnedAt *time.Time  `json:"learned_at,omitempty"` // none where the form is configured
	Unmatched int         `json:"unmatched"`            // of the last 30 days
	Newest    []Unclaimed `json:"newest,omitempty"`     // at most 5 of them
}

// Unclaimed is a receipt that no message answers to, its number masked.
type Unclaimed struct {
	CarrierMessageID string    `json:"carrier_message_id"`
	Phone            string    `json:"phone"`
	State            State     `json:"state"`
	Error            string    `json:"error,omitempty"`
	ReceivedAt       time.Time `json:"received_at"`
	Waiting          bool      `json:"waiting"` // it is tried again
}

// shownUnclaimed is how many receipts of each carrier are shown: enough to see how it writes ids.
const shownUnclaimed = 5

// Carriers gives how each of list stands, and each carrier that only a queue is left of. Of list it asks Name, Rate and
// ReceiptID.
func (s *Store) Carriers(ctx context.Context, list []Carrier) ([]CarrierStatus, error) {
	links, err := s.nodeLinks(ctx)
	if err != nil {
		return nil, err
	}
	conditions, err := s.conditions(ctx, 0)
	if err != nil {
		return nil, err
	}
	queues, err := s.waiting(ctx)
	if err != nil {
		return nil, err
	}
	doubts, err := s.doubts(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]CarrierStatus, len(list))
	for i, c := range list {
		all[i] = CarrierStatus{Carrier: c.Name, Configured: true}
		if all[i].Rate, err = s.rate(ctx, c.Name, c.Rate); err != nil {
			return nil, err
		}
		all[i].Receipts.Form = c.ReceiptID
	}
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		if !slices.ContainsFunc(list, func(c Carrier) bool { return c.Name == name }) {
			all = append(all, CarrierStatus{Carrier: name})
		}
	}
	down := s.overdue(conditions)
	for i := range all {
		c := &all[i]
		c.Links, c.Queue, c.InDoubt = append([]NodeLink{}, links[c.Carrier]...), queues[c.Carrier], doubts[c.Carrier]
		if known, ok := conditions[c.Carrier]; ok {
			c.Up, c.Since = known.up, &known.since
		}
		c.SentBy = s.routes.servers(c.Carrier, conditions, down)
	}
	return all, s.addReceipts(ctx, all)
}

// addReceipts adds what is known of receipts.
func (s *Store) addReceipts(ctx context.Context, all []CarrierStatus) error {
	forms, err := s.ReceiptForms(ctx)
	if err != nil {
		return err
	}
	unmatched, err := s.Unmatched(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		r := &all[i].Receipts
		if r.Form == "" {
			r.Form = ReceiptAuto
		}
		for _, f := range forms {
			if f.Carrier == all[i].Carrier && r.Form == ReceiptAuto {
				r.Form, r.LearnedAt = f.Form, &f.LearnedAt
			}
		}
		r.Unmatched = unmatched.ByCarrier[all[i].Carrier]
		for _, u := range unmatched.Newest {
			if u.Carrier == all[i].Carrier && len(r.Newest) < shownUnclaimed {
				r.Newest = append(r.Newest, Unclaimed{u.CarrierMessageID, maskedAddress(u.Phone), u.State, u.Error, u.ReceivedAt, u.Waiting})
			}
		}
	}
	return nil
}

const nodeLinksSQL = `select carrier, node, up, since from link_states s where ` + livesSQL + ` order by node`

// nodeLinks gives each live node's link to each carrier.
func (s *Store) nodeLinks(ctx context.Context) (map[string][]NodeLink, error) {
	rows, err := s.db.QueryContext(ctx, nodeLinksSQL, 0, linksSilent.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("read each node's links: %w", err)
	}
	defer rows.Close()
	all := map[string][]NodeLink{}
	for rows.Next() {
		var carrier string
		var l NodeLink
		if err := rows.Scan(&carrier, &l.Node, &l.Up, &l.Since); err != nil {
			return nil, fmt.Errorf("read each node's links: %w", err)
		}
		all[carrier] = append(all[carrier], l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read each node's links: %w", err)
	}
	return all, nil
}

// doubtsSQL goes by the moves into doubt, of which there are few, since no index tells a message's state.
const doubtsSQL = `
select s.carrier, count(*) from sent s
where s.state = 'unknown' and s.message_id in (select message_id from message_moves where to_state = 'unknown' and at > $1)
group by s.carrier`

// doubts counts the messages in doubt that came to be so as long ago as unmatched receipts are kept.
func (s *Store) doubts(ctx context.Context) (map[string]int, error) {
	rows, err := s.db.QueryContext(ctx, doubtsSQL, s.now().UTC().Add(-keepUnmatchedFor))
	if err != nil {
		return nil, fmt.Errorf("count messages in doubt: %w", err)
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		var carrier string
		var n int
		if err := rows.Scan(&carrier, &n); err != nil {
			return nil, fmt.Errorf("count messages in doubt: %w", err)
		}
		all[carrier] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count messages in doubt: %w", err)
	}
	return all, nil
}
