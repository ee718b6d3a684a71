package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/gateway/sms"
	"canhgiac/residents"
)

// handsetPages is a keypad phone for trying the system: it drives a handset of the simulator, whose texts and calls
// reach the ward only over SMPP and the signed voice webhook. Without HandsetURL there is no such page.
func (c *Console) handsetPages(r *mux.Router) error {
	if c.HandsetURL == "" {
		return nil
	}
	base, err := url.Parse(c.HandsetURL)
	if err != nil || base.Host == "" {
		return fmt.Errorf("console.handset_url %q: want http://host:port", c.HandsetURL)
	}
	c.page(r, "GET", "/handset", everyone, c.handset)
	c.page(r, "GET", "/handset/{number}/events", everyone, c.handsetAct(base, "events"))
	for _, act := range []string{"sms", "call", "keys", "hangup", "ussd"} {
		c.page(r, "POST", "/handset/{number}/"+act, everyone, c.handsetAct(base, act))
	}
	c.page(r, "PUT", "/handset/officer", everyone, c.handsetOfficer(base))
	c.addNav("/handset", "nav.handset", everyone...)
	c.addWay("/handset", "nav.handset", "home.handset", nil, everyone...)
	return nil
}

type handsetKey struct{ Key, Letters, Label string }

var handsetKeys = []handsetKey{
	{"1", "", ""}, {"2", "abc", ""}, {"3", "def", ""}, {"4", "ghi", ""}, {"5", "jkl", ""}, {"6", "mno", ""},
	{"7", "pqrs", ""}, {"8", "tuv", ""}, {"9", "wxyz", ""}, {"*", "+", "handset.key.star"}, {"0", "␣", ""}, {"#", "⇧", "handset.key.hash"},
}

type handsetSample struct{ Text, Label string }

var handsetSamples = []handsetSample{
	{"DK", "handset.sample.register"}, {"TC", "handset.sample.stop"}, {"BAO 0912345678", "handset.sample.report"}, {"TG", "handset.sample.help"},
}

// handsetWords are the texts that the page's script shows, by their last part.
var handsetWords = []string{
	"handset.js.inbox", "handset.js.hotline", "handset.js.read", "handset.js.back", "handset.js.reply", "handset.js.clear",
	"handset.js.call", "handset.js.mute", "handset.js.unmute", "handset.js.none", "handset.js.no_sim", "handset.js.sent",
	"handset.js.failed", "handset.js.new", "handset.js.ringing", "handset.js.listening", "handset.js.speak",
	"handset.js.officer_ringing", "handset.js.officer_answered", "handset.js.officer_busy", "handset.js.officer_no_answer",
	"handset.js.ended", "handset.js.you_ended", "handset.js.error", "handset.js.busy",
	"handset.js.send", "handset.js.cancel", "handset.js.close", "handset.js.ussd_wait", "handset.js.ussd_cancelled", "handset.js.ussd_timeout",
	"handset.js.ussd_failed",
}

type handsetPerson struct{ Number, Name, Group, Masked, Standing string }

type handsetData struct {
	Query, Number, Owner string
	Hotline, Shortcode   string
	Code                 string // of USSD; "" where the ward has none
	Words                string // JSON of handsetWords
	People               []handsetPerson
	Keys                 []handsetKey
	Samples              []handsetSample
}

func (c *Console) handset(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d := handsetData{Query: q.Get("q"), Hotline: c.Hotline, Shortcode: c.Shortcode, Keys: handsetKeys, Samples: handsetSamples}
	if c.Shortcode != "" {
		d.Code = "*" + c.Shortcode + "#"
	}
	var err error
	if d.People, err = c.handsetPeople(r, d.Query); err != nil {
		return err
	}
	switch parsed, err := residents.ParsePhone(q.Get("number")); {
	case err == nil:
		d.Number = parsed.Phone.National()
	case len(d.People) > 0:
		d.Number = d.People[0].Number
	}
	if d.Number != "" {
		if d.Owner, err = c.handsetOwner(r, d.Number); err != nil {
			return err
		}
	}
	words := make(map[string]string, len(handsetWords))
	for _, key := range handsetWords {
		if words[key[strings.LastIndexByte(key, '.')+1:]], err = c.catalogs[c.langOf(r)].text(key); err != nil {
			return err
		}
	}
	packed, err := json.Marshal(words)
	if err != nil {
		return fmt.Errorf("handset's words: %w", err)
	}
	d.Words = string(packed)
	return c.render(w, r, "handset", d)
}

// groupAsked reads "tổ 12", as it is typed with or without marks.
var groupAsked = regexp.MustCompile(`(?i)^to\s*0*(\d{1,3})$`)

// handsetPeople are the phones to choose from: a number typed in full comes first, in the register or not.
func (c *Console) handsetPeople(r *http.Request, query string) ([]handsetPerson, error) {
	filter := residents.Filter{Text: query, Size: 9}
	if query == "" {
		filter.Standing = residents.Consented // the first shown is the phone held: one that reminders reach
	}
	var people []handsetPerson
	if m := groupAsked.FindStringSubmatch(sms.Unaccent(query)); m != nil {
		unit, err := c.groupNumbered(r, m[1])
		if err != nil {
			return nil, err
		}
		if unit != 0 {
			filter.Text, filter.Unit = "", unit
		}
	}
	parsed, notNumber := residents.ParsePhone(query)
	if notNumber == nil {
		filter.Text = parsed.Phone.National()
	}
	page, err := c.Residents.Search(r.Context(), filter)
	if err != nil {
		return nil, err
	}
	for _, x := range page.Residents {
		if x.Phone == "" { // kept on the register, rings nowhere
			continue
		}
		p := handsetPerson{Number: x.Phone.National(), Name: x.Name, Group: x.UnitName, Masked: x.Phone.Masked()}
		switch {
		case !x.OptedOutAt.IsZero():
			p.Standing = "opted_out"
		case x.ConsentAt.IsZero():
			p.Standing = "no_consent"
		}
		people = append(people, p)
	}
	if notNumber == nil && len(people) == 0 {
		other, err := c.catalogs[c.langOf(r)].text("handset.other")
		if err != nil {
			return nil, err
		}
		people = append(people, handsetPerson{Number: parsed.Phone.National(), Name: other, Masked: parsed.Phone.Masked()})
	}
	return people, nil
}

// groupNumbered is the unit of the ward's tổ with that number, 0 when it has none.
func (c *Console) groupNumbered(r *http.Request, n string) (int64, error) {
	ward, err := c.Residents.Ward(r.Context())
	if err != nil {
		return 0, err
	}
	groups, err := c.Residents.Groups(r.Context(), ward.ID)
	if err != nil {
		return 0, err
	}
	for _, g := range groups {
		if m := groupAsked.FindStringSubmatch(sms.Unaccent(g.Name)); m != nil && m[1] == n {
			return g.ID, nil
		}
	}
	return 0, nil
}

// handsetOwner is the name on the phone's screen.
func (c *Console) handsetOwner(r *http.Request, number string) (string, error) {
	x, err := c.handsetResident(r, number)
	return x.Name, err
}

// handsetResident is the first resident of number, the zero one when the register has none.
func (c *Console) handsetResident(r *http.Request, number string) (residents.Resident, error) {
	parsed, err := residents.ParsePhone(number)
	if err != nil {
		return residents.Resident{}, problem{http.StatusBadRequest, "handset.error.number"}
	}
	found, err := c.Residents.ByPhone(r.Context(), parsed.Phone)
	if err != nil && !errors.Is(err, residents.ErrNotFound) || len(found) == 0 {
		return residents.Resident{}, err
	}
	return found[0], nil
}

// handsetAct hands one act of the page to the simulator. Who held whose phone is kept; keys and hanging up belong to
// their call.
func (c *Console) handsetAct(base *url.URL, act string) handler {
	proxy := c.handsetProxy(base)
	return func(w http.ResponseWriter, r *http.Request) error {
		number := mux.Vars(r)["number"]
		x, err := c.handsetResident(r, number)
		if err != nil {
			return err
		}
		if act != "keys" && act != "hangup" {
			object := "handset:unregistered"
			if x.ID != 0 {
				object = fmt.Sprint("resident:", x.ID)
			}
			if err := c.audit(r.Context(), c.DB, r, "handset."+act, object, ""); err != nil {
				return err
			}
		}
		if act == "events" { // it stays open as long as the page; the server's time-out is for pages
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
			ctx, end := context.WithCancel(r.Context())
			defer end()
			go func() {
				select {
				case <-c.live.ended: // the program stops: the stream must not hold it up
					end()
				case <-ctx.Done():
				}
			}()
			r = r.WithContext(ctx)
		}
		takesLong(r)
		r.URL.Path = "/handsets/" + number + "/" + act
		proxy.ServeHTTP(w, r)
		return nil
	}
}

// handsetOfficer sets how the duty officer's simulated phone answers.
func (c *Console) handsetOfficer(base *url.URL) handler {
	proxy := c.handsetProxy(base)
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := c.audit(r.Context(), c.DB, r, "handset.officer", "handset:officer", ""); err != nil {
			return err
		}
		r.URL.Path = "/officer"
		proxy.ServeHTTP(w, r)
		return nil
	}
}

func (c *Console) handsetProxy(base *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.RawPath, p.Out.URL.RawQuery = "", ""
			p.SetURL(base)
			// The console has judged who asks; the session is none of the simulator's business.
			for _, h := range []string{"Cookie", "Origin", "Referer", "Sec-Fetch-Site"} {
				p.Out.Header.Del(h)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() != nil { // the page was closed
				return
			}
			c.Log.Warn("handset simulator", "error", err)
			words, lookup := c.catalogs[c.langOf(r)].text("handset.error.off")
			if lookup != nil {
				c.Log.Error("handset words", "error", lookup)
			}
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(http.StatusBadGateway)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": words}) // the page left
		},
	}
}
