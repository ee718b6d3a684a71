package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"canhgiac/ivr/prompts"
)

// Addresses are where a provider finds us during one call.
type Addresses struct {
	public   string // without a slash at the end
	provider string
	sid      string
	seal     []byte
	sound    *prompts.Sound
	voice    prompts.Voice // of the call
}

// At are the addresses that one provider is given, before any call.
func At(public, provider string, sound *prompts.Sound) Addresses {
	return Addresses{public: strings.TrimRight(public, "/"), provider: provider, sound: sound}
}

// In gives the addresses of a call's voice.
func (a Addresses) In(v prompts.Voice) Addresses {
	a.voice = v
	return a
}

// Sound is the address of a line's sound as it is kept.
func (a Addresses) Sound(line string) string {
	return a.public + pathOf(a.sound, a.voice, line, []string{line})
}

// Joined is the address of several lines as one sound of 16 bits, for providers that take no other or play one at a time.
func (a Addresses) Joined(lines ...string) string {
	return a.public + JoinedPath(a.sound, a.voice, lines...)
}

// JoinedPath is the path of several lines as one sound.
func JoinedPath(s *prompts.Sound, v prompts.Voice, lines ...string) string {
	return pathOf(s, v, "pcm/"+strings.Join(lines, joint), lines)
}

// pathOf names the edition of the ward's own sounds, so that nobody plays from a store of their own what is no longer said.
func pathOf(s *prompts.Sound, v prompts.Voice, name string, lines []string) string {
	path := "/voice/sounds/" + v.Address(name) + ".wav"
	if s == nil { // addresses before any call
		return path
	}
	if edition := s.Edition(v, lines...); edition != "" {
		path += "?v=" + edition
	}
	return path
}

// Words are what lines say, for providers whose own voice speaks.
func (a Addresses) Words(lines ...string) string {
	var all []string
	for _, line := range lines {
		text, err := a.sound.Text(a.voice, line)
		if err != nil {
			continue // the menu's check has seen that every line exists
		}
		if text == "" {
			text = "," // a gap between groups of digits
		}
		all = append(all, text)
	}
	return strings.ReplaceAll(strings.Join(all, " "), " ,", ",")
}

// Length is how long lines play.
func (a Addresses) Length(lines ...string) time.Duration {
	var sum time.Duration
	for _, line := range lines {
		sum += a.sound.Length(a.voice, line)
	}
	return sum
}

// Silence gives the line that says nothing so many times that at least d goes by.
func (a Addresses) Silence(d time.Duration) []string {
	one := a.sound.Length(a.voice, prompts.Gap)
	if one <= 0 || d <= 0 {
		return nil
	}
	lines := make([]string, (d+one-1)/one)
	for i := range lines {
		lines[i] = prompts.Gap
	}
	return lines
}

// Hook is the address of a webhook about a step.
func (a Addresses) Hook(h Hook, step int) string {
	return a.address(h, url.Values{"n": {strconv.Itoa(step)}})
}

// Ref is the address of a webhook about a call of ours.
func (a Addresses) Ref(h Hook, ref string) string {
	return a.address(h, url.Values{"ref": {ref}})
}

// Taped is where the recording of a whole call is told of.
func (a Addresses) Taped() string { return a.address(Taped, url.Values{}) }

// Again is the address of the same webhook a time later.
func (a Addresses) Again(h Hook, step, try int) string {
	return a.address(h, url.Values{"n": {strconv.Itoa(step)}, "try": {strconv.Itoa(try)}})
}

func (a Addresses) address(h Hook, q url.Values) string {
	path := "/voice/" + url.PathEscape(a.provider) + "/" + string(h)
	if a.seal != nil {
		if a.sid != "" {
			q.Set("call", a.sid)
		}
		q.Del("k")
		q.Set("k", Seal(a.seal, path, q))
	}
	if len(q) == 0 {
		return a.public + path
	}
	return a.public + path + "?" + q.Encode()
}

// Seal proves that we have written an address.
func Seal(secret []byte, path string, q url.Values) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("canhgiac voice address\n" + path + "\n" + q.Encode()))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// sealed says whether we have written the address that a webhook came to.
func sealed(secret []byte, path string, q url.Values) bool {
	bare := url.Values{}
	for k, v := range q {
		bare[k] = v
	}
	given := bare.Get("k")
	bare.Del("k")
	return hmac.Equal([]byte(given), []byte(Seal(secret, path, bare)))
}
