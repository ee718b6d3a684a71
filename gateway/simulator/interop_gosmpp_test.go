package simulator_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	fiorix "github.com/fiorix/go-smpp/smpp"
	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutext"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"

	"canhgiac/internal/peers"
)

// goSMPP is an application of go-smpp's Transceiver: what its client leaves to one is done here.
type goSMPP struct {
	t      *testing.T
	addr   string
	events chan peers.Event
	ended  chan struct{}
	work   sync.WaitGroup

	mu       sync.Mutex
	link     *fiorix.Transceiver
	lost     chan struct{} // closed when link is
	keys     map[string]*sent
	receipts map[string]bool // that came before their id was known
	parts    map[string]map[byte]string
}

// sent is a text and how many of its receipts are missing.
type sent struct {
	key  string
	left int
}

func startGoSMPP(t *testing.T, port int) *goSMPP {
	g := &goSMPP{t: t, addr: fmt.Sprint("127.0.0.1:", port), events: make(chan peers.Event, 1000), ended: make(chan struct{}),
		keys: map[string]*sent{}, receipts: map[string]bool{}, parts: map[string]map[byte]string{}}
	// It takes a deliver_sm that bears the number of its own submit_sm for the response: its numbers, which it counts for the
	// whole process, are moved out of the way of the SMSC's.
	for range 10_000 {
		pdu.NewEnquireLink()
	}
	g.bind()
	t.Cleanup(func() {
		close(g.ended)
		g.mu.Lock()
		_ = g.link.Close()
		g.mu.Unlock()
		g.work.Wait()
	})
	return g
}

// bind makes a new client: one that binds again by itself races with itself.
func (g *goSMPP) bind() {
	link := &fiorix.Transceiver{Addr: g.addr, User: "go-smpp", Passwd: "secret", BindInterval: time.Hour, RespTimeout: 10 * time.Second, Handler: g.heard}
	status := link.Bind()
	if st := <-status; st.Status() != fiorix.Connected {
		g.t.Errorf("bind: %s %v", st.Status(), st.Error())
	}
	lost := make(chan struct{})
	g.mu.Lock()
	g.link, g.lost = link, lost
	g.mu.Unlock()
	g.work.Go(func() {
		select {
		case <-status:
		case <-g.ended:
			return
		}
		_ = link.Close()
		select {
		case <-g.ended:
		default:
			g.bind()
			close(lost) // whoever waits for a response sends again
		}
	})
}

func (g *goSMPP) Send(key, source, dest, text string) {
	g.work.Go(func() {
		for {
			g.mu.Lock()
			link, lost := g.link, g.lost
			g.mu.Unlock()
			ids := make(chan []string, 1)
			go func() { ids <- submitLong(link, source, dest, text) }()
			select {
			case got := <-ids:
				if got != nil {
					g.accepted(key, got)
					return
				}
			case <-lost:
				continue
			case <-g.ended:
				return
			}
			select { // refused to send on a link that is about to be seen as lost
			case <-lost:
			case <-g.ended:
				return
			}
		}
	})
}

// submitLong gives the ids of all parts; nil when one had no response.
func submitLong(link *fiorix.Transceiver, source, dest, text string) []string {
	m := &fiorix.ShortMessage{Src: source, Dst: dest, Text: pdutext.UCS2(text), Register: pdufield.FinalDeliveryReceipt}
	if len(utf16.Encode([]rune(text))) <= 70 {
		if m, err := link.Submit(m); err == nil {
			return []string{m.RespID()}
		}
		return nil
	}
	all, err := link.SubmitLongMsg(m)
	if err != nil {
		return nil
	}
	var ids []string
	for i := range all {
		ids = append(ids, all[i].RespID())
	}
	return ids
}

func (g *goSMPP) accepted(key string, ids []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &sent{key, len(ids)}
	for _, id := range ids {
		g.keys[id] = s
		if g.receipts[id] {
			g.received(s)
		}
	}
}

// received counts a receipt; mu is held.
func (g *goSMPP) received(s *sent) {
	if s.left--; s.left == 0 {
		g.events <- peers.Event{"event": "delivered", "key": s.key}
	}
}

func (g *goSMPP) heard(p pdu.Body) {
	if p.Header().ID != pdu.DeliverSMID {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	f := p.Fields()
	if id := p.TLVFields()[pdutlv.TagReceiptedMessageID]; id != nil {
		name := strings.TrimRight(string(id.Bytes()), "\x00")
		if s := g.keys[name]; s != nil {
			g.received(s)
		} else {
			g.receipts[name] = true
		}
		return
	}
	octets := f[pdufield.ShortMessage].(*pdufield.SM).Data
	text := string(octets)
	if f[pdufield.DataCoding].(*pdufield.Fixed).Data == 8 {
		text = string(pdutext.UCS2(octets).Decode())
	}
	if udh, ok := f[pdufield.GSMUserData].(*pdufield.UDHList); ok && len(udh.Data) == 1 {
		at := udh.Data[0].IEData.Data
		total, seq := at[len(at)-2], at[len(at)-1]
		ref := string(at[:len(at)-2])
		if g.parts[ref] == nil {
			g.parts[ref] = map[byte]string{}
		}
		g.parts[ref][seq] = text
		if len(g.parts[ref]) < int(total) {
			return
		}
		text = ""
		for i := range total {
			text += g.parts[ref][i+1]
		}
	}
	g.events <- peers.Event{"event": "message", "text": text, "source": f[pdufield.SourceAddr].String(), "dest": f[pdufield.DestinationAddr].String()}
}

func (g *goSMPP) Await(name string) peers.Event {
	g.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case e := <-g.events:
			if e.Text("event") == name {
				return e
			}
			g.events <- e // the other kind is awaited later
		case <-limit:
			g.t.Fatalf("no %q from go-smpp", name)
		}
	}
}
