package simulator

import "time"

// journalled is how many of the latest messages can be asked for, taken back or replaced.
const journalled = 1 << 18

// journal keeps how the latest messages stand. Its owner guards it.
type journal struct {
	first   uint64   // the first id
	records []record // by id, in a ring
}

type record struct {
	id    uint64
	state State
	at    time.Time // of state
	open  *message  // that has not ended yet
}

// add takes the next message, which ended the moment it came, or is about to be told as pending.
func (j *journal) add(id uint64, s State, at time.Time) {
	if r := (record{id: id, state: s, at: at}); len(j.records) < journalled {
		j.records = append(j.records, r)
	} else {
		j.records[j.place(id)] = r
	}
}

// pending says that m has yet to end.
func (j *journal) pending(m *message) {
	if r := j.find(m.id); r != nil {
		r.state, r.open = enroute, m
	}
}

// ended says that m has come to its end.
func (j *journal) ended(m *message, at time.Time) {
	if r := j.find(m.id); r != nil {
		r.state, r.at, r.open = m.fate.state, at, nil
	}
}

// find gives the record of id, or nil where it is too old or never was.
func (j *journal) find(id uint64) *record {
	at := j.place(id)
	if id < j.first || at >= len(j.records) || j.records[at].id != id {
		return nil
	}
	return &j.records[at]
}

func (j *journal) place(id uint64) int { return int((id - j.first) % journalled) }
