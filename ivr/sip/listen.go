package sip

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"

	"github.com/emiago/diago"
	gosip "github.com/emiago/sipgo/sip"
)

// Listen is one address to listen on.
type Listen struct {
	Network string // udp, tcp or tls
	Addr    string // host:port
}

// door is an open socket.
type door struct {
	Listen
	ip     net.IP // that others see; never unspecified
	port   int
	packet net.PacketConn
	stream net.Listener
}

func (d *door) close() error {
	if d.packet != nil {
		return d.packet.Close()
	}
	return d.stream.Close()
}

func (d *door) addr() net.Addr {
	if d.packet != nil {
		return d.packet.LocalAddr()
	}
	return d.stream.Addr()
}

// openDoor listens. Connections from who is on no trunk's list are closed before a byte is read.
func (s *Server) openDoor(l Listen) (*door, error) {
	d := &door{Listen: l}
	var err error
	if l.Network == "udp" {
		d.packet, err = net.ListenPacket("udp", l.Addr)
	} else {
		d.stream, err = net.Listen("tcp", l.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s://%s: %w", l.Network, l.Addr, err)
	}
	host, port, _ := net.SplitHostPort(d.addr().String())
	d.port, _ = strconv.Atoi(port)
	if d.ip = net.ParseIP(host); d.ip.IsUnspecified() {
		if d.ip, err = s.ownAddress(); err != nil {
			return nil, fmt.Errorf("listen on %s://%s: %w", l.Network, l.Addr, err)
		}
	}
	if d.packet != nil {
		d.packet = seenAs{d.packet, &net.UDPAddr{IP: d.ip, Port: d.port}}
		return d, nil
	}
	d.stream = known{d.stream, s}
	if l.Network == "tls" {
		d.stream = tls.NewListener(d.stream, s.o.TLS)
	}
	d.stream = speaking{d.stream}
	return d, nil
}

// ownAddress is the address of ours on the way to the first trunk.
func (s *Server) ownAddress() (net.IP, error) {
	for _, t := range s.trunks {
		for _, a := range append(t.addresses(), t.Server) {
			if ip, err := towards(a); err == nil {
				return ip, nil
			}
		}
	}
	ip, _, err := gosip.ResolveInterfacesIP("ip4", nil)
	return ip, err
}

func (t *trunk) addresses() (all []string) {
	for _, p := range t.Addresses {
		all = append(all, p.Addr().Next().String())
	}
	return all
}

// towards is our address on the way to another; nothing is sent.
func towards(host string) (net.IP, error) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	c, err := net.Dial("udp", net.JoinHostPort(host, "5060"))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).IP, nil
}

// seenAs is a socket of all addresses that names the one by which it is known, so that what we send leaves from it too.
type seenAs struct {
	net.PacketConn
	as net.Addr
}

func (c seenAs) LocalAddr() net.Addr { return c.as }

// known accepts who stands on a trunk's list.
type known struct {
	net.Listener
	s *Server
}

func (k known) Accept() (net.Conn, error) {
	for {
		c, err := k.Listener.Accept()
		if err != nil || k.s.trunkAt(c.RemoteAddr().String()) != nil {
			return c, err
		}
		k.s.log.Debug("connection from an unknown address closed")
		_ = c.Close()
	}
}

// filter drops what comes from elsewhere before it is parsed.
func (s *Server) filter(info gosip.TransportReadProps, data []byte) ([]byte, error) {
	if s.trunkAt(info.RemoteAddr.String()) == nil {
		return nil, nil
	}
	return data, nil
}

func (s *Server) transport(d *door) diago.Transport {
	t := diago.Transport{ID: d.Network, Transport: d.Network, BindHost: d.ip.String(), BindPort: d.port, TLSURINoSIPS: true}
	if s.o.ExternalIP != nil {
		t.ExternalHost, t.ExternalPort = s.o.ExternalIP.String(), d.port
	}
	if d.Network == "tls" {
		t.TLSConf = s.o.TLS
	}
	return t
}

// resolve keeps the addresses of the trunks' servers: their calls come from there.
func (s *Server) resolve(ctx context.Context) {
	for _, t := range s.trunks {
		if t.Server == "" {
			continue
		}
		host := t.Server
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			s.log.Warn("trunk's server not resolved", "trunk", t.Name, "err", err)
			continue // what was resolved before stays
		}
		for i := range ips {
			ips[i] = ips[i].Unmap()
		}
		t.mu.Lock()
		t.resolved = ips
		t.mu.Unlock()
	}
}
