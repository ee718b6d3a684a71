package gateway

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// rawSMSC writes octets that no library would: it binds whoever comes and answers each submit_sm with the next id, as it is.
type rawSMSC struct {
	addr string

	mu    sync.Mutex
	ids   []string // the last one for all that follow
	conn  net.Conn
	acked map[uint32]smpp.Status // by sequence_number, of what it sent
}

func startRawSMSC(t *testing.T, ids ...string) *rawSMSC {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawSMSC{addr: ln.Addr().String(), ids: ids, acked: map[uint32]smpp.Status{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conn = conn
			s.mu.Unlock()
			all.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		s.mu.Lock()
		if s.conn != nil {
			s.conn.Close()
		}
		s.mu.Unlock()
		all.Wait()
	})
	return s
}

func (s *rawSMSC) serve(conn net.Conn) {
	head := make([]byte, 16)
	for {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head))-16); err != nil {
			return
		}
		id := smpp.CommandID(binary.BigEndian.Uint32(head[4:]))
		if id.IsResponse() {
			s.mu.Lock()
			s.acked[binary.BigEndian.Uint32(head[12:])] = smpp.Status(binary.BigEndian.Uint32(head[8:]))
			s.mu.Unlock()
			continue
		}
		body := []byte{0}
		if id == smpp.SubmitSMID {
			s.mu.Lock()
			body = append([]byte(s.ids[0]), 0)
			if len(s.ids) > 1 {
				s.ids = s.ids[1:]
			}
			s.mu.Unlock()
		}
		s.write(conn, id.Response(), binary.BigEndian.Uint32(head[12:]), body)
	}
}

func (s *rawSMSC) write(conn net.Conn, id smpp.CommandID, sequence uint32, body []byte) {
	b := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
	b = binary.BigEndian.AppendUint32(b, uint32(id))
	b = binary.BigEndian.AppendUint32(b, 0)
	b = append(binary.BigEndian.AppendUint32(b, sequence), body...)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = conn.Write(b)
}

// receipt says that the message of that id, to number, was delivered; its id stands in the text of any length.
func (s *rawSMSC) receipt(sequence uint32, id, number string) {
	s.deliver(sequence, smpp.ESMClassReceipt, number, "W", "id:"+id+" stat:DELIVRD err:000")
}

// deliver sends a deliver_sm whose text stands in a message_payload.
func (s *rawSMSC) deliver(sequence uint32, class byte, from, to, text string) {
	body := append([]byte{0, 1, 1}, from...)
	body = append(body, 0, 3, 0)
	body = append(body, to...)
	body = append(body, 0, class, 0, 0, 0, 0, 0, 0, 0, 0, 0) // to sm_length 0
	body = binary.BigEndian.AppendUint16(body, uint16(smpp.TagMessagePayload))
	body = binary.BigEndian.AppendUint16(body, uint16(len(text)))
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	s.write(conn, smpp.DeliverSMID, sequence, append(body, text...))
}

// endless is an id that no compression makes fit an index.
func endless(octets int) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, octets)
	for i := range b {
		b[i] = digits[r.IntN(len(digits))]
	}
	return string(b)
}

// TestIDsThatNoSMSCMayGive meets responses whose ids are longer than SMPP allows, empty, or only zeros: one of them must
// neither stop the ledger nor have its message take another's receipt.
func TestIDsThatNoSMSCMayGive(t *testing.T) {
	const number, another = "+84901234567", "84907654321"
	long := endless(40_000)
	for _, c := range []struct {
		name, id, receipt, of string
		want                  State
	}{
		{"of more octets than an index takes", long, long, number, Delivered},
		{"of 65 octets", long[:65], long[:65], number, Delivered},
		{"zeros, and the receipt of another number has zeros", "0", "000", another, Accepted},
		{"empty, and the receipt of another number has zeros", "", "0", another, Accepted},
		{"empty, and the receipt names the number alone", "", "77", number, Delivered},
		{"zeros, and the receipt of the number too", "00000000", "0", number, Delivered},
	} {
		for parts, text := range map[string]string{"one part": "Chao", "two parts": strings.Repeat("mot hai ba ", 20)} {
			t.Run(c.name+", "+parts, func(t *testing.T) {
				w := newWard(t, 0)
				ids := []string{c.id}
				if parts == "two parts" && len(c.id) > 64 {
					ids = append(ids, "b"+c.id[1:])
				}
				s := startRawSMSC(t, ids...)
				id := w.send(Single{To: number, Text: text, Purpose: Alert})
				w.sender(&smsc{addr: s.addr}, func(c *Carrier) { c.ReceiptID = ReceiptSame }, nil, nil)
				until(t, "the message is accepted", func() bool { return w.message(id).State == Accepted })
				s.receipt(1, c.receipt, c.of)
				if parts == "two parts" {
					s.receipt(2, "b"+c.receipt[1:], c.of)
				}
				if c.want == Accepted {
					until(t, "the receipts are kept", func() bool {
						w.clock.move(time.Second)
						u, err := w.store.Unmatched(w.ctx)
						return err == nil && u.ByCarrier["viettel"] > 0
					})
				} else {
					until(t, "the receipts are matched", func() bool {
						w.clock.move(5 * time.Second)
						return w.message(id).State != Accepted
					})
				}
				m := w.message(id)
				if m.State != c.want {
					t.Errorf("%s, want %s", m.State, c.want)
				}
				if err := sound(m); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestAddressesOfAnyLengthAreTaken: refused, the SMSC would bring the same message again for days.
func TestAddressesOfAnyLengthAreTaken(t *testing.T) {
	w, long := newWard(t, 0), endless(20_000)
	s := startRawSMSC(t, "1")
	w.sender(&smsc{addr: s.addr}, func(c *Carrier) { c.USSD = "bare" }, nil, func(context.Context, *sql.Tx, Inbound) (string, error) { return "", nil })
	until(t, "the bind is up", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.conn != nil })
	part := "\x05\x00\x03\x07\x02\x01Toi bi lua"
	s.deliver(1, 0, long, "8088", "Toi bi lua")
	s.deliver(2, 0, "84901234567", long, "Toi bi lua")
	s.deliver(3, smpp.ESMClassUDHI, long, "8088", part)
	s.deliver(4, smpp.ESMClassUDHI, "84901234567", long, part)
	s.deliver(5, smpp.ESMClassReceipt, long, "8088", "id:1 stat:"+long+" err:"+long)
	s.deliver(6, 0, "84901234567", "8088", long)
	for n := uint32(1); n <= 6; n++ {
		until(t, "it is acknowledged", func() bool { s.mu.Lock(); defer s.mu.Unlock(); _, ok := s.acked[n]; return ok })
		s.mu.Lock()
		if s.acked[n] != smpp.StatusOK {
			t.Errorf("deliver_sm %d: %s", n, s.acked[n])
		}
		s.mu.Unlock()
	}
}

// TestAnIDThatTheCarrierHasUsedAgainIsToldByItsNumber: SMSCs count anew after a restart, and phones that were switched off
// get yesterday's messages today.
func TestAnIDThatTheCarrierHasUsedAgainIsToldByItsNumber(t *testing.T) {
	for _, form := range []ReceiptID{ReceiptSame, ReceiptAuto} {
		t.Run(string(form), func(t *testing.T) {
			w := newWard(t, 0)
			d := w.clerk(form)
			yesterday := w.accepted("+84901000001", "b7")
			w.clock.move(24 * time.Hour)
			today := w.accepted("+84901000002", "b7")
			d.tell("+84901000001", smpp.Receipt{ID: "B7", State: "DELIVRD"})
			d.store(false)
			if a, b := w.message(yesterday).State, w.message(today).State; a != Delivered || b != Accepted {
				t.Errorf("yesterday's is %s, today's %s", a, b)
			}
			d.tell("0901-hidden-02", smpp.Receipt{ID: "B7", State: "UNDELIV"})
			d.store(false)
			if s := w.message(today).State; form == ReceiptSame && s != Failed {
				t.Errorf("without a number the latest counts, and it is %s", s)
			}
		})
	}
}

// TestAReceiptInTheSameBatchIsNotTakenForWhatItDoesNotName: outcomes and receipts that come together are stored together.
func TestAReceiptInTheSameBatchIsNotTakenForWhatItDoesNotName(t *testing.T) {
	for name, c := range map[string]struct{ response, receipt, number string }{
		"neither has an id":           {"", "", "+84901000002"},
		"both are zeros":              {"0", "000", "0901xxx002"},
		"the id was another number's": {"b7", "b7", "+84901000002"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t, 0)
			d := w.clerk(ReceiptSame)
			other := w.accepted("+84901000002", "b7")
			id := w.send(Single{To: "+84901000001", Text: "Tin", Purpose: Reply})
			m := &outgoing{id: id, phone: "+84901000001", parts: make([]sms.Part, 1), submitted: w.clock.now(), results: []smpp.SubmitResult{{MessageID: c.response}}}
			r := &receipt{Receipt: smpp.Receipt{ID: c.receipt, State: "DELIVRD"}, phone: c.number, ack: func(smpp.Status) {}}
			d.store(false, entry{message: m}, entry{receipt: r})
			if s := w.message(id).State; s != Accepted {
				t.Errorf("the message is %s", s)
			}
			if s := w.message(other).State; c.response == "b7" && s != Delivered {
				t.Errorf("the other number's message is %s", s)
			}
		})
	}
}

// TestReceiptsOfTwoPartsThatTwoNodesStoreAtOneTimeEndTheMessage: an SMSC spreads its receipts over the binds.
func TestReceiptsOfTwoPartsThatTwoNodesStoreAtOneTimeEndTheMessage(t *testing.T) {
	w := newWard(t, 0)
	one, other := w.clerk(ReceiptSame), w.clerk(ReceiptSame)
	const number = "+84901000001"
	id := w.accepted(number, "p1")
	w.exec(`update sent set parts = 2 where message_id = $1`, id)
	w.exec(`insert into sent_parts (message_id, part, carrier, carrier_message_id, at) values ($1, 1, 'viettel', 'p1', $2), ($1, 2, 'viettel', 'p2', $2)`, id, w.clock.now())
	delivered := func(remote string) *receipt {
		return &receipt{Receipt: smpp.Receipt{ID: remote, State: "DELIVRD"}, phone: number, ack: func(smpp.Status) {}}
	}
	stored := make(chan error, 1)
	err := one.h.transact(w.ctx, func() error {
		if err := one.match(w.ctx, one.h, []*receipt{delivered("p1")}, w.clock.now(), newTally()); err != nil {
			return err
		}
		go func() { stored <- other.commit(w.ctx, other.h, []entry{{receipt: delivered("p2")}}, false) }()
		until(t, "the other node waits, or is through", func() bool {
			var waits bool
			err := w.db.QueryRow(`select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits)
			return err != nil || waits || len(stored) > 0
		})
		return nil
	})
	if err := errors.Join(err, <-stored); err != nil {
		t.Fatal(err)
	}
	if m := w.message(id); m.State != Delivered {
		t.Errorf("all parts have their receipts, and the message is %s", m.State)
	}
}
