package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// errOffer means that an offer has nothing that we could speak (488).
var errOffer = errors.New("no G.711 audio in this offer")

// eventTypes are the payload types that we take for telephone-event, the usual first.
var eventTypes = []int{101, 96, 97, 98, 100, 127}

// offer is what counts of an SDP from outside. The library reads SDP with trust: a repeated rtpmap, a short c= line or an
// empty line ends the process, a second m= line ends the call. So it sees only what narrow writes, and what it answers is
// fitted to the true offer by fit.
type offer struct {
	addr   netip.Addr
	port   int
	proto  string // of the audio, as offered
	laws   []law
	events int // the payload type of telephone-event; 0: none
	crypto string
	mode   string   // sendrecv, sendonly, recvonly, inactive
	media  []string // of every m= line: kind, port, protocol, formats, for the answer must have as many (RFC 3264 §6)
	audio  int      // which of them we take
}

const suite = "AES_CM_128_HMAC_SHA1_80"

// readOffer reads an offer or an answer, distrusting everything.
func readOffer(body []byte) (offer, error) {
	o := offer{audio: -1, mode: "sendrecv"}
	var session, own netip.Addr
	rtpmaps := map[int]string{}
	var formats []string
	for line := range strings.Lines(string(body)) {
		line = strings.TrimRight(line, "\r\n")
		kind, value, ok := strings.Cut(line, "=")
		if !ok || len(kind) != 1 {
			continue
		}
		ours := o.audio >= 0 && o.audio == len(o.media)-1
		switch kind {
		case "m":
			f := strings.Fields(value)
			if len(f) < 4 {
				return o, fmt.Errorf("m=%s: too short", value)
			}
			o.media = append(o.media, strings.Join(f, " "))
			port, _, _ := strings.Cut(f[1], "/")
			n, err := strconv.Atoi(port)
			if o.audio < 0 && f[0] == "audio" && err == nil && n > 0 && n < 65536 && knownProtocol(f[2]) {
				o.audio, o.port, o.proto, formats = len(o.media)-1, n, f[2], f[3:]
			}
		case "c":
			addr, ok := connection(value)
			switch {
			case ok && ours:
				own = addr
			case ok && len(o.media) == 0:
				session = addr
			}
		case "a":
			if !ours && len(o.media) > 0 {
				continue
			}
			o.attribute(value, ours, rtpmaps)
		}
	}
	if o.audio < 0 {
		return o, errOffer
	}
	o.addr = own
	if !own.IsValid() {
		o.addr = session
	}
	if !o.addr.IsValid() {
		return o, errors.New("no address in this offer")
	}
	o.choose(formats, rtpmaps)
	if len(o.laws) == 0 {
		return o, errOffer
	}
	if strings.Contains(o.proto, "SAVP") && o.crypto == "" {
		return o, fmt.Errorf("SRTP without a key of %s: %w", suite, errOffer)
	}
	return o, nil
}

func knownProtocol(p string) bool {
	return slices.Contains([]string{"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"}, p)
}

// connection reads "IN IP4 192.0.2.1" and "IN IP6 2001:db8::1/127".
func connection(value string) (netip.Addr, bool) {
	f := strings.Fields(value)
	if len(f) < 3 || f[0] != "IN" {
		return netip.Addr{}, false
	}
	host, _, _ := strings.Cut(f[2], "/")
	addr, err := netip.ParseAddr(host)
	return addr.WithZone(""), err == nil && addr.Is4() == (f[1] == "IP4")
}

func (o *offer) attribute(value string, ours bool, rtpmaps map[int]string) {
	name, rest, _ := strings.Cut(value, ":")
	switch name {
	case "sendrecv", "sendonly", "recvonly", "inactive":
		o.mode = name
	case "rtpmap":
		number, encoding, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if _, again := rtpmaps[n]; ours && err == nil && !again {
			rtpmaps[n] = strings.ToLower(strings.TrimSpace(encoding))
		}
	case "crypto":
		if f := strings.Fields(rest); o.crypto == "" && len(f) >= 3 && f[1] == suite {
			// A lifetime behind the key is only a promise to change it; a key index (MKI) would stand in every packet.
			key, params, _ := strings.Cut(strings.TrimPrefix(f[2], "inline:"), "|")
			if tag, err := strconv.Atoi(f[0]); err == nil && tag > 0 && !strings.Contains(params, ":") && len(key) == 40 {
				o.crypto = fmt.Sprintf("%d %s inline:%s", tag, suite, key)
			}
		}
	}
}

// holds says that nothing will come from who offered it: on hold, by the attribute or by the address (RFC 3264 §8.4).
func (o offer) holds() bool { return o.mode != "sendrecv" || o.addr.IsUnspecified() }

func (o *offer) choose(formats []string, rtpmaps map[int]string) {
	events := map[int]bool{}
	for _, f := range formats {
		n, err := strconv.Atoi(f)
		switch encoding := rtpmaps[n]; {
		case err != nil:
		case n == 0 && !slices.Contains(o.laws, uLaw):
			o.laws = append(o.laws, uLaw)
		case n == 8 && !slices.Contains(o.laws, aLaw):
			o.laws = append(o.laws, aLaw)
		case strings.HasPrefix(encoding, "telephone-event/8000"):
			events[n] = true
		}
	}
	for _, n := range eventTypes {
		if events[n] {
			o.events = n
			return
		}
	}
}

// narrow writes what the library may read. A telephone-event of any type becomes 101, since its own answer would call 96
// opus; fit gives the true number back.
func (o offer) narrow() []byte {
	family := "IP4"
	if o.addr.Is6() {
		family = "IP6"
	}
	proto := strings.TrimSuffix(o.proto, "F")
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- 1 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\nm=audio %d %s", family, o.addr, family, o.addr, o.port, proto)
	for _, l := range o.laws {
		fmt.Fprintf(&b, " %d", l)
	}
	if o.events != 0 {
		b.WriteString(" 101\r\na=rtpmap:101 telephone-event/8000")
	}
	fmt.Fprintf(&b, "\r\na=%s\r\n", o.mode)
	if o.crypto != "" {
		fmt.Fprintf(&b, "a=crypto:%s\r\n", o.crypto)
	}
	return []byte(b.String())
}

// fit turns the library's answer to the narrowed offer into the answer to this one: the offered protocol, the offered number
// of telephone-event, one law, and every other medium refused with port 0.
func (o offer) fit(answer []byte) []byte {
	var head, audio []string
	for line := range strings.Lines(string(answer)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "m=audio "):
			audio = append(audio, o.mediaLine(strings.Fields(line)[1]))
		case audio == nil:
			head = append(head, line)
		case strings.HasPrefix(line, "a=rtpmap:101 "), strings.HasPrefix(line, "a=fmtp:101 "):
			audio = append(audio, strings.Replace(line, ":101 ", ":"+strconv.Itoa(o.events)+" ", 1))
		default:
			audio = append(audio, line)
		}
	}
	lines := head
	for i, m := range o.media {
		f := strings.Fields(m)
		if i == o.audio {
			lines = append(lines, audio...)
		} else {
			lines = append(lines, fmt.Sprintf("m=%s 0 %s %s", f[0], f[2], strings.Join(f[3:], " ")))
		}
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

func (o offer) mediaLine(port string) string {
	line := fmt.Sprintf("m=audio %s %s", port, o.proto)
	for _, l := range o.laws {
		line += " " + strconv.Itoa(int(l))
	}
	if o.events != 0 {
		line += " " + strconv.Itoa(o.events)
	}
	return line
}
