package sip

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"
)

const (
	firstBackOff = 2 * time.Second
	lastBackOff  = 2 * time.Minute
)

// registration keeps a trunk knowing where we are (RFC 3261 §10.2). The library's own panics where nobody answers.
type registration struct {
	s       *Server
	trunk   *trunk
	client  *sipgo.Client
	request *gosip.Request
	contact gosip.Uri
}

func (s *Server) newRegistration(t *trunk) (*registration, error) {
	var d *door
	for _, o := range s.doors {
		if o.Network == t.Transport {
			d = o
			break
		}
	}
	if d == nil {
		return nil, fmt.Errorf("register with trunk %s: nothing listens on %s", t.Name, t.Transport)
	}
	host, port := d.ip.String(), d.port
	options := []sipgo.ClientOption{sipgo.WithClientNAT()}
	if t.Transport == "udp" { // from the port at which calls shall come in: a NAT keeps it open for them
		options = append(options, sipgo.WithClientConnectionAddr(net.JoinHostPort(host, strconv.Itoa(port))))
	}
	if s.o.ExternalIP != nil {
		host = s.o.ExternalIP.String()
		options = append(options, sipgo.WithClientHostname(host), sipgo.WithClientPort(port))
	}
	client, err := sipgo.NewClient(s.ua, options...)
	if err != nil {
		return nil, fmt.Errorf("register with trunk %s: %w", t.Name, err)
	}
	contact := gosip.Uri{Scheme: "sip", User: t.User, Host: host, Port: port, UriParams: gosip.NewParams(), Headers: gosip.NewParams()}
	contact.UriParams.Add("transport", t.Transport)
	r := &registration{s: s, trunk: t, client: client, contact: contact}
	r.begin()
	return r, nil
}

// begin makes the request that all renewals go on with: one Call-ID, a rising CSeq (§10.2.4).
func (r *registration) begin() {
	host, port := r.trunk.hostPort()
	r.request = gosip.NewRequest(gosip.REGISTER, gosip.Uri{Scheme: "sip", Host: host, Port: port, UriParams: gosip.NewParams(), Headers: gosip.NewParams()})
	r.request.SetTransport(gosip.NetworkToUpper(r.trunk.Transport))
	own := gosip.Uri{Scheme: "sip", User: r.trunk.User, Host: host, UriParams: gosip.NewParams(), Headers: gosip.NewParams()}
	from := &gosip.FromHeader{Address: own, Params: gosip.NewParams()}
	from.Params.Add("tag", gosip.GenerateTagN(16))
	r.request.AppendHeader(from)
	r.request.AppendHeader(&gosip.ToHeader{Address: *own.Clone(), Params: gosip.NewParams()})
}

// run registers again and again until ctx ends, then takes the registration back.
func (r *registration) run(ctx context.Context) {
	log := r.s.log.With("trunk", r.trunk.Name)
	r.s.awaitServed(ctx, r.trunk.Transport)
	wait, backOff, known := time.Duration(0), firstBackOff, false
	for {
		if sleep(ctx, wait) != nil {
			break
		}
		granted, err := r.send(ctx, r.trunk.Expires)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			log.Warn("trunk not registered", "err", err, "again_in", backOff)
			known = false
			wait = backOff/2 + rand.N(backOff)
			backOff = min(2*backOff, lastBackOff)
			continue
		}
		if !known {
			log.Info("trunk registered", "for", granted)
		}
		known, backOff, wait = true, firstBackOff, granted*3/4
	}
	if known {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if _, err := r.send(own, 0); err != nil {
			log.Debug("registration not taken back", "err", err)
		}
	}
}

// awaitServed waits at a start until the library serves the socket that we send from: before that it would open another one.
func (s *Server) awaitServed(ctx context.Context, network string) {
	for range 100 {
		if network != "udp" || s.serves(network) || sleep(ctx, 10*time.Millisecond) != nil {
			return
		}
	}
}

func (s *Server) serves(network string) bool {
	c, err := s.ua.TransportLayer().GetConnection(network, s.Addr(network))
	if err != nil {
		return false
	}
	_, _ = c.TryClose() // gives back the reference that asking took
	return true
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// send registers once, with the password where it is asked for, and gives how long it is good.
func (r *registration) send(ctx context.Context, expires time.Duration) (granted time.Duration, err error) {
	defer func() {
		if what := recover(); what != nil {
			err = fmt.Errorf("SIP answer: %v", what)
		}
	}()
	for range 3 { // as asked, with a longer time, from another address
		res, err := r.ask(ctx, expires)
		if err != nil {
			return 0, err
		}
		switch {
		case res.StatusCode == 423: // §10.2.8: too brief
			h := res.GetHeader("Min-Expires")
			n := 0
			if h != nil {
				n, _ = strconv.Atoi(strings.TrimSpace(h.Value()))
			}
			if n <= int(expires/time.Second) {
				return 0, errors.New("423: too brief, and no Min-Expires")
			}
			expires = time.Duration(n) * time.Second
		case res.StatusCode != gosip.StatusOK:
			return 0, fmt.Errorf("%d %s", res.StatusCode, res.Reason)
		case expires > 0 && r.moved(res):
		default:
			return grantedBy(res, r.contact, expires), nil
		}
	}
	return granted, errors.New("the trunk asks for something else each time")
}

func (r *registration) ask(ctx context.Context, expires time.Duration) (*gosip.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, 32*time.Second) // Timer F
	defer cancel()
	for _, name := range []string{"Via", "Contact", "Expires", "Authorization", "Proxy-Authorization"} {
		for r.request.RemoveHeader(name) {
		}
	}
	r.request.AppendHeader(&gosip.ContactHeader{Address: *r.contact.Clone(), Params: gosip.NewParams()})
	r.request.AppendHeader(gosip.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))))
	res, err := r.client.Do(ctx, r.request, sipgo.ClientRequestRegisterBuild)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == gosip.StatusUnauthorized || res.StatusCode == gosip.StatusProxyAuthRequired {
		return r.client.DoDigestAuth(ctx, r.request, res, sipgo.DigestAuth{Username: r.trunk.User, Password: r.trunk.Password})
	}
	return res, nil
}

// moved says that a NAT shows us under another address, which calls must come to (RFC 3581 §4).
func (r *registration) moved(res *gosip.Response) bool {
	via := res.Via()
	if via == nil || r.s.o.ExternalIP != nil || r.trunk.Transport != "udp" {
		return false
	}
	host, _ := via.Params.Get("received")
	port, _ := via.Params.Get("rport")
	n, err := strconv.Atoi(port)
	if net.ParseIP(host) == nil || err != nil || host == r.contact.Host && n == r.contact.Port {
		return false
	}
	r.contact.Host, r.contact.Port = host, n
	return true
}

// grantedBy is the time that the trunk gives our contact: its own parameter, the header, or what we asked for (§10.2.4).
func grantedBy(res *gosip.Response, own gosip.Uri, asked time.Duration) time.Duration {
	given := ""
	if h := res.GetHeader("Expires"); h != nil {
		given = h.Value()
	}
	for _, h := range res.GetHeaders("Contact") {
		if c, ok := h.(*gosip.ContactHeader); ok && c.Address.Host == own.Host && c.Address.Port == own.Port {
			if v, ok := c.Params.Get("expires"); ok {
				given = v
			}
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(given))
	if err != nil || n <= 0 {
		return asked
	}
	return time.Duration(n) * time.Second
}
