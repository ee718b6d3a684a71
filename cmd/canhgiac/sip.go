package main

import (
	"context"
	"crypto/tls"
	"net"

	"canhgiac/internal/certs"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/sip"
)

// sipOptions are the trunks of voice.sip, at work.
func (n *node) sipOptions(sound *prompts.Sound) (sip.Options, error) {
	c := n.config.Voice.SIP
	o := sip.Options{Node: n.teller.Node.ID, Hotline: n.hotline, Outgoing: n.hotline, Spoken: n.hotline, Sounds: sound, Spool: c.Spool, Silent: c.RTPTimeout, ExternalIP: net.ParseIP(c.ExternalIP), Log: n.log.With("part", "sip")}
	var err error
	if o.RTPFirst, o.RTPLast, err = c.ports(); err != nil {
		return o, err // validated; never
	}
	for _, l := range c.Listen {
		network, addr, err := splitListen(l)
		if err != nil {
			return o, err
		}
		o.Listen = append(o.Listen, sip.Listen{Network: network, Addr: addr})
	}
	for _, t := range c.Trunks {
		trunk := sip.Trunk{Name: t.Name, Server: t.Server, Transport: t.Transport, User: t.Register.User, Password: t.Register.Password,
			Expires: t.Register.Expires, CallerID: t.CallerID, Numbers: sip.Form(t.Numbers), MaxCalls: t.MaxCalls, SRTP: t.SRTP}
		for _, a := range t.Addresses {
			network, err := proxyNetwork(a)
			if err != nil {
				return o, err
			}
			trunk.Addresses = append(trunk.Addresses, network)
		}
		o.Trunks = append(o.Trunks, trunk)
	}
	if c.TLS.Cert != "" {
		files, err := certs.FromFiles(c.TLS.Cert, c.TLS.Key, o.Log)
		if err != nil {
			return o, err
		}
		o.TLS = files.TLS()
		o.TLS.NextProtos = nil
		o.TLS.MinVersion = tls.VersionTLS12
	}
	return o, nil
}

// listenSIP opens the trunks' sockets, where there are any.
func (n *node) listenSIP(ctx context.Context) (err error) {
	if len(n.sipAt.Listen) == 0 {
		return nil
	}
	n.sip, err = sip.Open(ctx, n.sipAt)
	return taken(err, "voice.sip.listen")
}

// runCalls answers what comes over the trunks until ctx ends.
func (n *node) runCalls(ctx context.Context) error {
	if n.sip == nil {
		<-ctx.Done()
		return nil
	}
	return n.sip.Run(ctx)
}

// takeCalls turns new calls away once ctx ends.
func (n *node) takeCalls(ctx context.Context) error {
	if n.sip == nil {
		<-ctx.Done()
		return nil
	}
	return n.sip.Door(ctx)
}

// demoSIP is where softphones ring the demo: the port that they try by themselves, or another where that is taken, since
// whoever has a softphone running may have it listen there.
func demoSIP() []string {
	for _, addr := range []string{"127.0.0.1:5060", "127.0.0.1:0"} {
		packets, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		free := packets.LocalAddr().String()
		_ = packets.Close() // taken again in a moment
		return []string{"udp://" + free}
	}
	return []string{"udp://127.0.0.1:5060"} // its start says why not
}
