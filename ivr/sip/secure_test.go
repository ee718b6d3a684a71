package sip

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"
)

// ownCertificate is for 127.0.0.1, signed by itself.
func ownCertificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestAPhoneByTLSWithSRTPAndByTCP(t *testing.T) {
	for name, c := range map[string]struct{ network, account, module string }{
		"TLS and SRTP": {"tls", "mediaenc=srtp-mand", ""},
		"TCP":          {"tcp", "", ""},
		"µ-law":        {"udp", "audio_codecs=PCMU/8000/1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newScript()
			s := serve(t, h, newOneLine(t), func(o *Options) {
				o.Listen, o.TLS = []Listen{{c.network, "127.0.0.1:0"}}, ownCertificate(t)
				o.Trunks[0].SRTP = c.network == "tls"
			})
			heard := t.TempDir()
			p := newPhone(t, phoneOptions{account: c.account, hears: heard})
			p.do("dial", "sip:hotline@"+s.Addr(c.network)+";transport="+c.network)
			p.await("CALL_ESTABLISHED")
			p.press("42*#")
			h.until(t, "the keys", func() bool { return h.all() == "42*#" })
			w := &ward{t: t, server: s}
			w.until("two seconds of sound", func() bool { return w.sent() > 100 })
			p.do("hangup", "")
			p.await("CALL_CLOSED")
			h.until(t, "the end", func() bool { return len(h.ended) == 1 })
			if !holdsTone(heardBy(t, heard), 600, 200*time.Millisecond) {
				t.Error("the phone heard nothing that makes sense")
			}
		})
	}
}

func TestATrunkOfSRTPTakesNoSoundInTheClear(t *testing.T) {
	t.Parallel()
	s := serve(t, newScript(), newOneLine(t), func(o *Options) { o.Trunks[0].SRTP = true })
	p, err := newPeer(s.Addr("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if m, err := p.call(p.plain(), false); err != nil || m.status() != 488 {
		t.Errorf("%v %q", err, m.first)
	}
}
