package sip

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emiago/diago/media"
	"github.com/emiago/diago/media/sdp"
	gosip "github.com/emiago/sipgo/sip"
	"github.com/pion/rtp"
)

// Whatever an SDP says, the library only sees what it reads safely, and our answer fits the offer.
func FuzzSDP(f *testing.F) {
	for _, k := range killers {
		f.Add([]byte(k.body))
	}
	f.Add([]byte("v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 9 RTP/SAVPF 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20\r\nm=video 9 RTP/AVP 97\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := readOffer(body)
		if err != nil {
			return
		}
		s := &media.MediaSession{Codecs: []media.Codec{media.CodecAudioAlaw, media.CodecAudioUlaw, media.CodecTelephoneEvent8000},
			Mode: sdp.ModeSendrecv, SecureRTP: 1, SRTPAlg: secureAlgorithm, Laddr: net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}}
		if err := s.RemoteSDP(o.narrow()); err != nil {
			if o.crypto != "" {
				return // a key that is no base64 is refused by the library
			}
			t.Fatalf("the library refuses what we narrowed: %v\n%s", err, o.narrow())
		}
		answer := string(o.fit(s.LocalSDP()))
		if n := strings.Count(answer, "\nm="); n != len(o.media) {
			t.Errorf("%d media offered, %d answered\n%s", len(o.media), n, answer)
		}
	})
}

// Whatever a datagram holds, the parser and the guard survive it.
func FuzzSIP(f *testing.F) {
	for _, k := range killers {
		f.Add([]byte(k.method + " sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 " + k.method + "\r\nContact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n" + k.body))
	}
	f.Add([]byte("INVITE sip:a SIP/2.0\r\n\r\n"))
	s := &Server{log: slog.New(slog.DiscardHandler)}
	guard := s.guard(func(r *gosip.Request, _ gosip.ServerTransaction) { _ = r.From().String() + r.ContentType().Value() })
	parser := gosip.NewParser()
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := parser.ParseSIP(packet)
		if err != nil {
			return
		}
		if r, ok := m.(*gosip.Request); ok {
			r.SetSource("127.0.0.1:5060")
			guard(r, nobody{})
			whoCalls(r)
		}
	})
}

// whoCalls asks who calls where an INVITE would have come so far.
func whoCalls(r *gosip.Request) {
	if r.From() != nil && r.To() != nil {
		_, _ = caller(r), called(r)
	}
}

// nobody hears our answers.
type nobody struct{ gosip.ServerTransaction }

func (nobody) Respond(*gosip.Response) error { return nil }

// Whatever an RTP packet holds, the leg survives it, and a key is one of sixteen.
func FuzzRTP(f *testing.F) {
	f.Add([]byte{0x80, 0x65 | 0x80, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5, 10, 0, 0})
	f.Add([]byte{0xb0, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff})
	s := &media.MediaSession{Codecs: []media.Codec{media.CodecAudioAlaw}, Laddr: net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}}
	g := newLeg(s, control{path: &path{}}, newLaws(), slog.New(slog.DiscardHandler), offer{events: 101, mode: "sendrecv"}, 0)
	g.hear(&hearing{
		key: func(k rune) {
			if !strings.ContainsRune(keyNames, k) {
				panic(k)
			}
		},
		audio: func(p *rtp.Packet, l law) { g.laws.loudness(p.Payload, l) },
	})
	f.Fuzz(func(t *testing.T, packet []byte) {
		var p rtp.Packet
		if media.RTPUnmarshal(packet, &p) == nil {
			g.take(&p)
		}
	})
}

// Whatever an INFO holds, it is one of the sixteen keys or none.
func FuzzINFO(f *testing.F) {
	f.Add("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n")
	f.Add("Application/DTMF; charset=utf-8", " 11 ")
	f.Add("application/dtmf", "signal = #")
	f.Fuzz(func(t *testing.T, kind, body string) {
		key, ok := infoKey(kind, body)
		if ok != (key != 0 && strings.ContainsRune(keyNames, key)) {
			t.Errorf("%q, %v", key, ok)
		}
	})
}

// Whatever order the packets of one press come in, it is one key.
func FuzzKeys(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5})
	f.Add([]byte{5, 4, 3, 2, 1, 0, 0, 0})
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, order []byte) {
		packets := pressed(7, 1000, 10)
		var r keyReader
		at, keys := time.Unix(0, 0), 0
		for _, i := range order {
			p := packets[int(i)%len(packets)]
			at = at.Add(time.Millisecond / 4) // copies come close behind one another
			if _, began := r.read(p.ssrc, p.stamp, p.seq, p.m, p.payload(), at); began {
				keys++
			}
		}
		if want := min(1, len(order)); keys != want && len(order) < 800 {
			t.Errorf("%d keys from %v", keys, order)
		}
	})
}
