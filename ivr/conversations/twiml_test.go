package conversations

import (
	"crypto/hmac"
	"crypto/sha1" // the providers' scheme
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
)

const twilioToken = "12345"

// twilio carries calls as TwiML's providers do: it knows of us only what our documents say.
type twilio struct {
	*house
	http.Handler
	calls int
	from  string
	doc   twimlDoc
}

// twimlDoc is the last document, its verbs in order.
type twimlDoc struct {
	Verbs []twimlVerb `xml:",any"`
}

type twimlVerb struct {
	XMLName   xml.Name
	Action    string      `xml:"action,attr"`
	NumDigits string      `xml:"numDigits,attr"`
	Text      string      `xml:",chardata"`
	Verbs     []twimlVerb `xml:",any"`
}

func openTwiML(_ *testing.T, h *house) line {
	return &twilio{house: h, Handler: h.webhooks("twilio", twiml.New(twiml.Account{SID: "AC1", Token: twilioToken}))}
}

// webhooks are those of one provider.
func (h *house) webhooks(name string, d webhook.Dialect) http.Handler {
	return webhook.Handler(webhook.Options{Hotline: h.Hotline, Sound: h.sound, PublicURL: public, Now: h.now, Log: h.log,
		Providers: []webhook.Provider{{Name: name, Dialect: d}}})
}

// twilioSignature is written from the provider's description: the address, then each field with its value, sorted.
func twilioSignature(address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(twilioToken))
	fmt.Fprint(mac, address)
	var names []string
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprint(mac, name, form.Get(name))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (l *twilio) post(t *testing.T, address string, more ...string) string {
	t.Helper()
	form := url.Values{"CallSid": {fmt.Sprint("CA", l.calls)}, "AccountSid": {"AC1"}, "From": {l.from}, "To": {ours}, "CallStatus": {"in-progress"}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	r := httptest.NewRequest("POST", strings.TrimPrefix(address, public), strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", twilioSignature(address, form))
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	if w.Code != http.StatusOK && w.Code != http.StatusNoContent {
		t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
	return w.Body.String()
}

// ask sends a webhook on whose answer the call goes on.
func (l *twilio) ask(t *testing.T, address string, more ...string) (now heard) {
	t.Helper()
	l.doc = twimlDoc{}
	if err := xml.NewDecoder(strings.NewReader(l.post(t, address, more...))).Decode(&l.doc); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	for _, v := range l.doc.Verbs {
		if comesBack(v.Text) {
			return l.ask(t, strings.TrimSpace(v.Text))
		}
		for _, v := range append([]twimlVerb{v}, v.Verbs...) {
			switch v.XMLName.Local {
			case "Play":
				now.lines = append(now.lines, lineAt(v.Text)...)
			case "Hangup":
				now.over = true
			}
		}
	}
	return now
}

// comesBack: a machine at its limits asks for a moment of patience, and the provider comes back to this address with the same.
func comesBack(address string) bool { return strings.Contains(address, "try=") }

// lineAt are the names of the lines at a sound's address.
func lineAt(address string) []string {
	name := strings.TrimSuffix(address[strings.LastIndexByte(address, '/')+1:], ".wav")
	return strings.Split(name, "~")
}

func (l *twilio) verb(t *testing.T, name string) twimlVerb {
	t.Helper()
	for _, v := range l.doc.Verbs {
		if v.XMLName.Local == name {
			return v
		}
	}
	t.Fatalf("no %s in %+v", name, l.doc)
	return twimlVerb{}
}

func (l *twilio) rings(t *testing.T, from string) heard {
	t.Helper()
	l.calls++
	l.from = from
	return l.ask(t, public+"/voice/twilio/call")
}

// presses: # that ends a number is named beside its digits; alone it goes on as a silence does.
func (l *twilio) presses(t *testing.T, keys string) heard {
	t.Helper()
	asked := l.verb(t, "Gather")
	if asked.NumDigits != "" {
		return l.ask(t, asked.Action, "Digits", keys)
	}
	digits, ended := strings.CutSuffix(keys, "#")
	switch {
	case digits == "":
		return l.goesOn(t)
	case ended:
		return l.ask(t, asked.Action, "Digits", digits, "FinishedOnKey", "#")
	}
	return l.ask(t, asked.Action, "Digits", digits)
}

// goesOn is the verb behind the one that nothing came of.
func (l *twilio) goesOn(t *testing.T) heard {
	t.Helper()
	return l.ask(t, strings.TrimSpace(l.verb(t, "Redirect").Text))
}

func (l *twilio) isSilent(t *testing.T) heard {
	t.Helper()
	l.pass(longSilence)
	return l.goesOn(t)
}

func (l *twilio) saysNothing(t *testing.T) heard {
	t.Helper()
	l.verb(t, "Record")
	return l.isSilent(t)
}

func (l *twilio) speaks(t *testing.T) heard {
	t.Helper()
	sid := fmt.Sprint("RE", l.calls)
	return l.ask(t, l.verb(t, "Record").Action, "RecordingSid", sid, "RecordingUrl", "https://api.twilio.example/"+sid, "RecordingDuration", "12")
}

func (l *twilio) officer(t *testing.T, does string) heard {
	t.Helper()
	status := map[string]string{"busy": "busy", "no_answer": "no-answer", "talks": "completed"}[does]
	return l.ask(t, l.verb(t, "Dial").Action, "DialCallStatus", status)
}

func (l *twilio) officerThenHangsUp(t *testing.T) {
	t.Helper()
	l.ask(t, l.verb(t, "Dial").Action, "DialCallStatus", "completed", "CallStatus", "completed")
	l.hangsUp(t)
}

func (l *twilio) hangsUp(t *testing.T) {
	t.Helper()
	l.post(t, public+"/voice/twilio/status", "CallStatus", "completed")
}
