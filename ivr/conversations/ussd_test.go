package conversations

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"canhgiac/ivr/africastalking"
)

const ussdKey = "0123456789abcdef"

// handset is a phone in USSD over a network that repeats all that was typed.
type handset struct {
	*house
	http.Handler
	sessions int
	from     string
	typed    []string
	screens  map[string]*regexp.Regexp
}

func openUSSD(t *testing.T, h *house) line {
	return &handset{house: h, Handler: africastalking.Handler(h.Hotline, []africastalking.Provider{{Name: "at", Secret: ussdKey}}, h.log), screens: h.screens(t)}
}

var placeholder = regexp.MustCompile(`\\{[a-z_]+\\}`)

// screens are the patterns of all screens, by name.
func (h *house) screens(t *testing.T) map[string]*regexp.Regexp {
	t.Helper()
	all := map[string]*regexp.Regexp{}
	for _, name := range h.words.ScreenNames() {
		s, err := h.words.USSD(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = regexp.MustCompile(`^` + placeholder.ReplaceAllString(regexp.QuoteMeta(s.Text), `.+`) + `$`)
	}
	return all
}

// again are the words before a screen that is shown again, or in place of its first line.
var again = regexp.MustCompile(`^(So nay khong co trong bang\. Xin chon lai\.|Xin chon lai\.|So dien thoai chua ro\. Xin nhap lai\.)\n`)

func (l *handset) shows(t *testing.T) (now heard) {
	t.Helper()
	f := url.Values{"sessionId": {fmt.Sprint("ATUid_", l.sessions)}, "serviceCode": {"*8088#"}, "phoneNumber": {l.from}, "text": {strings.Join(l.typed, "*")}}
	r := httptest.NewRequest("POST", "/ussd/at?key="+ussdKey, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	kind, text, _ := strings.Cut(w.Body.String(), " ")
	if w.Code != http.StatusOK || kind != "CON" && kind != "END" {
		t.Fatalf("%q: %d %q", l.typed, w.Code, w.Body)
	}
	now.over = kind == "END"
	if said := again.FindString(text); said != "" {
		now.lines, text = append(now.lines, "sai"), strings.TrimPrefix(text, said)
	}
	for name, pattern := range l.screens {
		first, rest, _ := strings.Cut(pattern.String(), "\n")
		if pattern.MatchString(text) || len(now.lines) > 0 && len(first) > 0 && rest != "" && regexp.MustCompile("^"+rest).MatchString(text) {
			now.lines = append(now.lines, name)
			return now
		}
	}
	t.Fatalf("%q: a screen without a name: %q", l.typed, text)
	return now
}

func (l *handset) rings(t *testing.T, from string) heard {
	t.Helper()
	l.sessions++
	l.from, l.typed = from, nil
	return l.shows(t)
}

func (l *handset) presses(t *testing.T, keys string) heard {
	t.Helper()
	l.typed = append(l.typed, keys)
	return l.shows(t)
}

// hangsUp: the network tells nobody.
func (l *handset) hangsUp(*testing.T) {}

func (l *handset) isSilent(t *testing.T) heard          { return l.no(t, "silence") }
func (l *handset) officer(t *testing.T, _ string) heard { return l.no(t, "an officer") }
func (l *handset) speaks(t *testing.T) heard            { return l.no(t, "a spoken message") }
func (l *handset) saysNothing(t *testing.T) heard       { return l.no(t, "a spoken message") }
func (l *handset) officerThenHangsUp(t *testing.T)      { l.no(t, "an officer") }
func (l *handset) no(t *testing.T, what string) heard {
	t.Helper()
	t.Fatalf("USSD knows nothing of %s", what)
	return heard{}
}
