package smpp

import (
	"encoding/binary"
	"fmt"
)

// SubmitMulti gives the SMSC one short message for many (SMPP §4.5). Its SubmitSM's Dest is not sent: Dests stand in its
// place on the wire.
type SubmitMulti struct {
	SubmitSM
	Dests []Destination // 1 to 254
}

// Destination is a phone, or a distribution list that the SMSC keeps when List is not empty.
type Destination struct {
	Address
	List string // at most 20 octets
}

// SubmitMultiResp answers a SubmitMulti. The message went to all of its destinations but those in Unsuccess.
type SubmitMultiResp struct {
	MessageID string
	Unsuccess []Unsuccess // at most 255
	TLVs      TLVs
}

// Unsuccess is a phone that the SMSC did not take the message for, and why.
type Unsuccess struct {
	Address
	Status Status
}

// dest_flag (SMPP §5.2.25)
const (
	destSME  = 1
	destList = 2
)

// maxDests is number_of_dests' greatest value (SMPP §5.2.24).
const maxDests = 254

// Command gives the PDU's command_id.
func (*SubmitMulti) Command() CommandID { return SubmitMultiID }

// Command gives the PDU's command_id.
func (*SubmitMultiResp) Command() CommandID { return SubmitMultiRespID }

func (m *SubmitMulti) appendBody(b []byte) ([]byte, error) {
	var err error
	b = m.appendSource(b, &err)
	if err == nil && (len(m.Dests) == 0 || len(m.Dests) > maxDests) {
		err = fieldError("number_of_dests", fmt.Sprintf("is %d, allowed are 1 to %d", len(m.Dests), maxDests))
	}
	b = append(b, uint8(len(m.Dests)))
	for i := range m.Dests {
		if d := &m.Dests[i]; d.List != "" {
			b = appendCString(append(b, destList), &err, "dl_name", d.List, addrSize)
		} else {
			b = appendAddress(append(b, destSME), &err, "destination_addr", d.Address, addrSize)
		}
	}
	return m.appendMessage(b, err)
}

func (m *SubmitMulti) decodeBody(r *fields) {
	m.decodeSource(r)
	n := int(r.octet("number_of_dests"))
	if r.err == nil && (n == 0 || n > maxDests) {
		r.fail("number_of_dests", fmt.Sprintf("is %d, allowed are 1 to %d", n, maxDests), StatusInvNumDests)
	}
	for range n {
		if r.err != nil {
			return
		}
		switch flag := r.octet("dest_flag"); flag {
		case destSME:
			m.Dests = append(m.Dests, Destination{Address: r.address("destination_addr", addrSize)})
		case destList:
			name := r.cstring("dl_name", addrSize)
			if name == "" {
				r.fail("dl_name", "is empty", StatusInvDistList)
			}
			m.Dests = append(m.Dests, Destination{List: name})
		default:
			r.fail("dest_flag", fmt.Sprintf("is %d, allowed are 1 and 2", flag), StatusInvDestFlag)
		}
	}
	m.decodeMessage(r)
}

func (m *SubmitMultiResp) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendCString(b, &err, "message_id", m.MessageID, idSize)
	if err == nil && len(m.Unsuccess) > 255 {
		err = fieldError("no_unsuccess", fmt.Sprintf("is %d, allowed are 0 to 255", len(m.Unsuccess)))
	}
	b = append(b, uint8(len(m.Unsuccess)))
	for i := range m.Unsuccess {
		b = appendAddress(b, &err, "destination_addr", m.Unsuccess[i].Address, addrSize)
		b = binary.BigEndian.AppendUint32(b, uint32(m.Unsuccess[i].Status))
	}
	if err != nil {
		return b, err
	}
	return m.TLVs.append(b)
}

func (m *SubmitMultiResp) decodeBody(r *fields) {
	m.MessageID = r.lastCString()
	if !r.more() {
		return // as with submit_sm_resp: refusals come without it
	}
	for range r.octet("no_unsuccess") {
		one := Unsuccess{Address: r.address("destination_addr", addrSize), Status: Status(r.uint32("error_status_code"))}
		if r.err != nil {
			return
		}
		m.Unsuccess = append(m.Unsuccess, one)
	}
	m.TLVs = r.tlvs(nil)
}
