package gateway

import (
	"slices"

	"github.com/lib/pq"
)

// standing is how a carrier stands to a queue that it serves; outbox.open_to says down to which one a message is there.
type standing int64

const (
	own     standing = iota // the carrier that the queue is named for
	standIn                 // serves it while that one's link is down
	equal                   // takes the same numbers, and shares the work
)

func (s standing) String() string {
	return [...]string{own: "itself", standIn: "stand-in", equal: "equal"}[s]
}

// MarshalText writes it as String does.
func (s standing) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// queues are what a carrier leases from at the moment.
type queues struct {
	names     []string
	standings []int64
}

// only is carrier's own queue.
func only(carrier string) queues {
	return queues{names: []string{carrier}, standings: []int64{int64(own)}}
}

func (q *queues) add(name string, s standing) {
	if !slices.Contains(q.names, name) {
		q.names, q.standings = append(q.names, name), append(q.standings, int64(s))
	}
}

// columns are q as leaseSQL and takeSQL unnest it.
func (q queues) columns() (names, standings any) { return pq.Array(q.names), pq.Array(q.standings) }

// served gives the queues that carrier serves while those of down are down: its own, those it stands in for, and its
// equals'. The first of a carrier's fallbacks that is not down itself stands in, and each of its equals.
func (r routes) served(carrier string, down map[string]bool) queues {
	q := only(carrier)
	for _, other := range r.names {
		if down[other] && other != carrier && r.standsIn(carrier, other, down) {
			q.add(other, standIn)
		}
	}
	for _, other := range r.equals(carrier) {
		q.add(other, equal)
	}
	return q
}

// servers are the carriers with a link that send what waits in queue.
func (r routes) servers(queue string, links map[string]condition, down map[string]bool) []QueueServer {
	list := []QueueServer{}
	for _, name := range r.names {
		q := r.served(name, down)
		if i := slices.Index(q.names, queue); i >= 0 && links[name].up {
			list = append(list, QueueServer{Carrier: name, As: standing(q.standings[i])})
		}
	}
	return list
}

func (r routes) standsIn(carrier, other string, down map[string]bool) bool {
	if slices.Contains(r.equals(other), carrier) {
		return true
	}
	for _, name := range r.fallback[other] {
		if !down[name] {
			return name == carrier
		}
	}
	return false
}

// equals are the other carriers that take the same prefixes, or none as carrier does.
func (r routes) equals(carrier string) []string {
	prefixes, known := r.prefixes[carrier]
	var list []string
	for _, other := range r.names {
		if known && other != carrier && slices.Equal(r.prefixes[other], prefixes) {
			list = append(list, other)
		}
	}
	return list
}
