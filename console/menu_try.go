package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/webhook"
	"canhgiac/schedules"
)

// longestTry is how many steps a rehearsal takes: the page's address carries them all.
const longestTry = 60

type menuTryData struct {
	ivr.Version
	USSD   bool
	At     string // as the field has it; "" is now
	Scenes []menuScene
	Keys   []menuKey
	Did    []string
	Asks   string
	Again  string // the address of the beginning
	Back   string // the address without the last step, "" at the beginning
	Full   bool
}

type menuScene struct {
	ivr.Scene
	Sound string // the address of all its lines in one; "" where one has no sound yet
	Does  string // a key of the catalogs for what led here, "" where Did is the key itself
}

type menuKey struct{ Label, Text, Href string }

// menuTry is the virtual handset for one version: the engine itself, in a transaction that is undone. The steps stand in
// the address, so it needs no script.
func (c *Console) menuTry(w http.ResponseWriter, r *http.Request) error {
	v, m, _, err := c.menuVersion(r)
	if err != nil {
		return err
	}
	if m == nil {
		return errNoPage
	}
	q := r.URL.Query()
	d := menuTryData{Version: v, USSD: q.Get("on") == "ussd", At: q.Get("at"), Did: q["did"]}
	at := c.Now()
	if d.At != "" {
		if at, err = time.ParseInLocation("2006-01-02T15:04", d.At, schedules.Zone()); err != nil {
			return errBadForm
		}
	}
	if typed := q.Get("number"); typed != "" {
		d.Did = append(d.Did, typedNumber(typed, d.USSD))
	}
	if len(d.Did) > longestTry || slices.ContainsFunc(d.Did, func(s string) bool { return len(s) > 60 }) {
		return errBadForm
	}
	scenes, err := c.Calls.Rehearse(r.Context(), m, ivr.Rehearsal{USSD: d.USSD, At: at, Did: d.Did})
	if err != nil {
		return err
	}
	for _, s := range scenes {
		d.Scenes = append(d.Scenes, menuScene{s, c.soundOf(s), tryWords[s.Did]})
	}
	d.Asks, d.Full = scenes[len(scenes)-1].Asks, len(d.Did) == longestTry
	d.Did = d.Did[:min(len(d.Did), len(scenes)-1)] // what came after the end
	d.Again = tryAddress(v.ID, d.USSD, d.At, nil)
	if n := len(d.Did); n > 0 {
		d.Back = tryAddress(v.ID, d.USSD, d.At, d.Did[:n-1])
	}
	for _, key := range tryKeys(d) {
		d.Keys = append(d.Keys, menuKey{key, tryWords[key], tryAddress(v.ID, d.USSD, d.At, append(slices.Clone(d.Did), key))})
	}
	return c.render(w, r, "menu_try", d)
}

// tryWords are what is done besides keys.
var tryWords = map[string]string{
	ivr.DidWait: "menu.try.wait", ivr.DidAnswer: "menu.try.answer", ivr.DidNobody: "menu.try.nobody", ivr.DidSpeak: "menu.try.speak",
}

// tryKeys are what can be done next.
func tryKeys(d menuTryData) []string {
	switch {
	case d.Full || d.Asks == "end":
		return nil
	case d.Asks == "officer":
		return []string{ivr.DidAnswer, ivr.DidNobody}
	case d.Asks == "record":
		return []string{ivr.DidSpeak, ivr.DidWait}
	case d.Asks == "number" && d.USSD:
		return nil
	case d.Asks == "number":
		return []string{"#", "0", ivr.DidWait}
	case d.USSD:
		return strings.Split("1234567890", "")
	}
	return append(strings.Split("123456789*0#", ""), ivr.DidWait)
}

func typedNumber(s string, ussd bool) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, s)
	if ussd {
		return digits
	}
	return strings.TrimSuffix(digits, "#") + "#"
}

func tryAddress(id int64, ussd bool, at string, did []string) string {
	q := url.Values{}
	if ussd {
		q.Set("on", "ussd")
	}
	if at != "" {
		q.Set("at", at)
	}
	for _, d := range did {
		q.Add("did", d)
	}
	if len(q) == 0 {
		return fmt.Sprintf("/menu/%d/try", id)
	}
	return fmt.Sprintf("/menu/%d/try?%s", id, q.Encode())
}

// soundOf is the address under which a scene's lines are heard one after the other, as a caller hears them.
func (c *Console) soundOf(s ivr.Scene) string {
	if len(s.Play) == 0 || slices.ContainsFunc(s.Lines, func(l ivr.SceneLine) bool { return !l.Sounds }) {
		return ""
	}
	return webhook.JoinedPath(c.Sounds.Playing(), prompts.Central, s.Play...)
}
