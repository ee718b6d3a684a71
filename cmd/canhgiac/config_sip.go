package main

import (
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"canhgiac/ivr/sip"
)

// SIPConfig is calls answered by this program itself.
type SIPConfig struct {
	Listen     []string      `mapstructure:"listen"`
	Trunks     []TrunkConfig `mapstructure:"trunks"`
	RTPPorts   string        `mapstructure:"rtp_ports"`
	ExternalIP string        `mapstructure:"external_ip"`
	TLS        TLSConfig     `mapstructure:"tls"`
	Spool      string        `mapstructure:"spool"`
	RTPTimeout time.Duration `mapstructure:"rtp_timeout"`
}

// TrunkConfig is one line to the telephone network.
type TrunkConfig struct {
	Name           string         `mapstructure:"name"`
	Addresses      []string       `mapstructure:"addresses"`
	Server         string         `mapstructure:"server"`
	Transport      string         `mapstructure:"transport"`
	Register       RegisterConfig `mapstructure:"register"`
	CallerID       string         `mapstructure:"caller_id"`
	Numbers        string         `mapstructure:"numbers"`
	MaxCalls       int            `mapstructure:"max_calls"`
	CallsPerSecond float64        `mapstructure:"calls_per_second"`
	SRTP           bool           `mapstructure:"srtp"`
}

type RegisterConfig struct {
	User     string        `mapstructure:"user"`
	Password string        `mapstructure:"password"`
	Expires  time.Duration `mapstructure:"expires"`
}

func defaultSIP() SIPConfig {
	return SIPConfig{Listen: []string{}, Trunks: []TrunkConfig{}, RTPPorts: "20000-29999", Spool: "var/voice", RTPTimeout: time.Minute}
}

// defaultTrunk is what a trunk's missing keys mean.
func defaultTrunk() TrunkConfig {
	return TrunkConfig{Addresses: []string{}, Transport: "udp", Numbers: string(sip.National), Register: RegisterConfig{Expires: 10 * time.Minute}, MaxCalls: 30, CallsPerSecond: 1}
}

// trunkDefaults lays a trunk's keys over the defaults, since a list's elements have none of their own.
func trunkDefaults(_, to reflect.Type, data any) (any, error) {
	given, ok := data.(map[string]any)
	if !ok {
		return data, nil
	}
	var from any
	switch to {
	case reflect.TypeFor[TrunkConfig]():
		from = defaultTrunk()
	case reflect.TypeFor[RegisterConfig]():
		from = defaultTrunk().Register
	default:
		return data, nil
	}
	full := map[string]any{}
	if err := mapstructure.Decode(from, &full); err != nil {
		return nil, err
	}
	if _, inner := full["register"]; inner && given["register"] == nil {
		full["register"] = map[string]any{} // filled in its own turn
	}
	for k, v := range given {
		full[k] = v
	}
	return full, nil
}

// sip judges voice.sip. names are those of the webhooks' providers: a call belongs to one name.
func (k *check) sip(c SIPConfig, names map[string]bool) {
	heard := map[string]bool{}
	for i, l := range c.Listen {
		network, _, err := splitListen(l)
		k.that(err == nil, fmt.Sprintf("voice.sip.listen[%d]", i), "udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT, HOST an address", l)
		heard[network] = true
	}
	k.that(len(c.Listen) == 0 || len(c.Trunks) > 0, "voice.sip.trunks", "a trunk at least, since voice.sip.listen is set", c.Trunks)
	for i, t := range c.Trunks {
		at := fmt.Sprintf("voice.sip.trunks[%d]", i)
		k.trunk(at, t, names)
		k.that(t.Server == "" || len(c.Listen) == 0 || heard[t.Transport], at+".transport", "one of those in voice.sip.listen, since answers come there", t.Transport)
	}
	if _, _, err := c.ports(); err != nil {
		k.that(false, "voice.sip.rtp_ports", `"FIRST-LAST" from 1024 to 65535, two ports for each call of all trunks, or nothing`, c.RTPPorts)
	}
	k.that(c.ExternalIP == "" || net.ParseIP(c.ExternalIP) != nil, "voice.sip.external_ip", "an IP address, or nothing", c.ExternalIP)
	k.that(!heard["tls"] || c.TLS.Cert != "", "voice.sip.tls.cert", "a file, since voice.sip.listen has tls://", c.TLS.Cert)
	k.that(!heard["tls"] || c.TLS.Key != "", "voice.sip.tls.key", "a file, since voice.sip.listen has tls://", c.TLS.Key)
	k.that(c.RTPTimeout == 0 || c.RTPTimeout >= 20*time.Second && c.RTPTimeout <= time.Hour, "voice.sip.rtp_timeout", "20s to 1h, or 0 for none", c.RTPTimeout)
	k.that(len(c.Listen) == 0 || c.Spool != "", "voice.sip.spool", "a folder, since voice.sip.listen is set", c.Spool)
}

func (k *check) trunk(at string, t TrunkConfig, names map[string]bool) {
	k.that(nameForm.MatchString(t.Name) && !names[t.Name], at+".name", "a name of its own, of small letters, digits, - and _, that no provider bears", t.Name)
	names[t.Name] = true
	for i, a := range t.Addresses {
		_, err := proxyNetwork(a)
		k.that(err == nil, fmt.Sprintf("%s.addresses[%d]", at, i), "an address or a network like 203.0.113.0/28", a)
	}
	k.that(len(t.Addresses) > 0 || t.Server != "", at+".addresses", "a network at least, since server is empty", t.Addresses)
	if t.Server != "" {
		host, port, err := net.SplitHostPort(t.Server)
		if err != nil {
			host, port = t.Server, "5060"
		}
		n, err := strconv.Atoi(port)
		k.that(host != "" && !strings.ContainsAny(host, ":/@ ") && err == nil && n > 0 && n < 65536, at+".server", "a host, or host:port", t.Server)
	}
	k.oneOf(at+".transport", t.Transport, "udp", "tcp", "tls")
	k.that(t.Register.User == "" || t.Server != "", at+".server", "a host, since register.user is set", t.Server)
	k.that(!strings.ContainsAny(t.Register.User, "@:; <>\""), at+".register.user", "a user name without its host", t.Register.User)
	k.that(t.Register.Expires >= time.Minute && t.Register.Expires <= 24*time.Hour, at+".register.expires", "1m to 24h", t.Register.Expires)
	k.that(t.CallerID == "" || phoneForm.MatchString(t.CallerID), at+".caller_id", "a phone number of 3 to 15 digits, or nothing", t.CallerID)
	k.oneOf(at+".numbers", t.Numbers, string(sip.National), string(sip.E164), string(sip.Plain))
	k.that(t.MaxCalls >= 1 && t.MaxCalls <= 2000, at+".max_calls", "1 to 2000 calls at a time", t.MaxCalls)
	k.that(t.CallsPerSecond > 0 && t.CallsPerSecond <= 100, at+".calls_per_second", "more than 0, at most 100", t.CallsPerSecond)
}

// splitListen takes udp://HOST:PORT apart.
func splitListen(s string) (network, addr string, err error) {
	network, addr, _ = strings.Cut(s, "://")
	if network != "udp" && network != "tcp" && network != "tls" {
		return "", "", fmt.Errorf("no network %q", network)
	}
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return "", "", err
	}
	return network, at.String(), nil
}

// ports of the sound; 0, 0: whatever the system gives.
func (c SIPConfig) ports() (first, last int, err error) {
	if c.RTPPorts == "" {
		return 0, 0, nil
	}
	from, to, _ := strings.Cut(c.RTPPorts, "-")
	first, err = strconv.Atoi(from)
	if err == nil {
		last, err = strconv.Atoi(to)
	}
	calls := 0
	for _, t := range c.Trunks {
		calls += t.MaxCalls
	}
	if err == nil && (first < 1024 || last > 65535 || (last-first)/2 < max(calls, 1)) {
		err = fmt.Errorf("rtp_ports %s: too few", c.RTPPorts)
	}
	return first, last, err
}
