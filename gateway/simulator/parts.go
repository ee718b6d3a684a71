package simulator

import (
	"encoding/binary"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// partsKept is how many of the latest texts of several parts may still wait for one.
const partsKept = 10_000

// textsKnown is how many of the latest octets are not read again.
const textsKnown = 1000

// whose are the parts of one text, as a phone tells them apart (3GPP 23.040 §9.2.3.24.1).
type whose struct {
	from  string
	to    number
	ref   uint16
	total uint8
}

// joined is a whole text, or a part that waits: then text is empty and whole is false.
type joined struct {
	text  string
	whole bool
	lost  bool // the network lost a part, so no handset shows it
}

type waiting struct {
	parts [][]byte
	got   int
	lost  bool
}

// joiner puts texts together from their parts, octets first: so it also shows a text that was cut inside a character.
type joiner struct {
	texts    map[whose]*waiting
	order    []whose
	repeated int64 // parts that came again before their text was whole
	known    map[coded]string
}

// coded are the octets of a whole text: a campaign sends the same to everyone.
type coded struct {
	coding byte
	octets string
}

func newJoiner() joiner {
	return joiner{texts: make(map[whose]*waiting), known: make(map[coded]string)}
}

// add takes one submit_sm to a number, with what placeOf gave.
func (j *joiner) add(m *smpp.SubmitSM, to number, place sms.Concat, octets []byte, lost bool) (joined, error) {
	if place.Total < 2 {
		text, err := j.read(m.DataCoding, octets)
		return joined{text, true, lost}, err
	}
	key := whose{m.Source.Addr, to, place.Ref, place.Total}
	w, ok := j.texts[key]
	switch {
	case !ok:
		w = &waiting{parts: make([][]byte, place.Total)}
		j.texts[key] = w
		j.order = append(j.order, key)
		if len(j.order) > partsKept {
			delete(j.texts, j.order[0])
			j.order = j.order[1:]
		}
	case w.parts[place.Seq-1] != nil: // the sender begins the text again
		j.repeated++
		*w = waiting{parts: make([][]byte, place.Total)}
	}
	w.parts[place.Seq-1] = append([]byte{}, octets...)
	w.got++
	w.lost = w.lost || lost
	if w.got < int(place.Total) {
		return joined{}, nil
	}
	delete(j.texts, key)
	var all []byte
	for _, p := range w.parts {
		all = append(all, p...)
	}
	text, err := sms.Text(m.DataCoding, all)
	return joined{text, true, w.lost}, err
}

// read gives the text of octets, without reading those that came just before again.
func (j *joiner) read(coding byte, octets []byte) (string, error) {
	if text, ok := j.known[coded{coding, string(octets)}]; ok {
		return text, nil
	}
	text, err := sms.Text(coding, octets)
	if err != nil {
		return "", err
	}
	if len(j.known) >= textsKnown {
		clear(j.known)
	}
	j.known[coded{coding, string(octets)}] = text
	return text, nil
}

// placeOf tells which part of which text m is, by its user data header or its sar TLVs, and gives the octets after the
// header. A header that makes no sense is skipped, as phones do.
func placeOf(m *smpp.SubmitSM) (sms.Concat, []byte) {
	var at sms.Concat
	octets := m.ShortMessage
	if payload, ok := m.TLVs.Get(smpp.TagMessagePayload); ok && len(octets) == 0 {
		octets = payload
	}
	if m.ESMClass&smpp.ESMClassUDHI != 0 && len(octets) > 0 {
		end := 1 + int(octets[0])
		if end > len(octets) {
			return at, octets
		}
		header := octets[1:end]
		octets = octets[end:]
		for len(header) >= 2 {
			id, size := header[0], int(header[1])
			if len(header) < 2+size {
				break
			}
			switch v := header[2 : 2+size]; {
			case id == 0x00 && size == 3: // 8-bit reference
				at = sms.Concat{Ref: uint16(v[0]), Total: v[1], Seq: v[2]}
			case id == 0x08 && size == 4: // 16-bit reference
				at = sms.Concat{Ref: binary.BigEndian.Uint16(v), Total: v[2], Seq: v[3]}
			}
			header = header[2+size:]
		}
	}
	ref, ok := m.TLVs.Get(smpp.TagSARRefNum)
	total, _ := m.TLVs.Get(smpp.TagSARTotal)
	seq, _ := m.TLVs.Get(smpp.TagSARSeq)
	if ok && len(ref) == 2 && len(total) == 1 && len(seq) == 1 {
		at = sms.Concat{Ref: binary.BigEndian.Uint16(ref), Total: total[0], Seq: seq[0]}
	}
	if at.Seq == 0 || at.Seq > at.Total {
		return sms.Concat{}, octets
	}
	return at, octets
}
