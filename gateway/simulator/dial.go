package simulator

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// Officer is how the duty officer's phone answers when the hotline connects a caller to it.
type Officer struct {
	Outcome string        `json:"outcome"` // "answer", "no-answer" or "busy"
	After   time.Duration `json:"-"`       // rings this long before the answer
	Talk    time.Duration `json:"-"`       // then talks this long; 0: until the caller hangs up
}

// busyTone is how long a busy officer's line takes to say so.
const busyTone = 2 * time.Second

// dial connects the caller with the numbers of v: the first of <Number>s stands for all, since one officer answers.
// A caller who hangs up still has the action told, as the provider does, before the call is reported over.
func (c *call) dial(ctx context.Context, v verb) (*request, error) {
	number := v.text
	for _, in := range v.inner {
		if in.name == "Number" {
			number = in.text
			break
		}
	}
	patience := v.seconds("timeout", 30*time.Second)
	o := c.officer()
	c.tell(Event{Name: "dial", State: "ringing", To: number})

	status, talked := "no-answer", time.Duration(0)
	var err error
	switch {
	case o.Outcome == "busy":
		status, err = "busy", c.pass(busyTone)
	case o.Outcome == "answer" && o.After < patience:
		if err = c.pass(o.After); err != nil {
			status = "canceled"
			break
		}
		status, c.met = "completed", true
		c.tell(Event{Name: "dial", State: "answered", To: number})
		began := c.now()
		talk := o.Talk
		if talk <= 0 {
			talk = v.seconds("timeLimit", 4*time.Hour) // the provider's limit
		}
		err = c.pass(talk)
		talked = c.now().Sub(began)
	default:
		if err = c.pass(patience); err != nil {
			status = "canceled"
		}
	}
	c.tell(Event{Name: "dial", State: status, To: number})
	if _, ok := v.attrs["onFail"]; ok && (err != nil || status == "completed") {
		return nil, err
	}
	return c.told(ctx, v, err, url.Values{
		"DialCallStatus": {status}, "DialCallSid": {newSID("CA")}, "DialCallDuration": {wholeSeconds(talked)},
	})
}

// told goes on with v's action, or where v has none with the next verb. When the caller has hung up (err), the action
// is told all the same and its document is not run.
func (c *call) told(ctx context.Context, v verb, err error, extra url.Values) (*request, error) {
	if _, ok := v.attrs["action"]; !ok && v.name == "Dial" {
		return nil, err
	}
	next, bad := c.next(v, v.attr("action", ""), extra)
	if bad != nil || err == nil {
		return next, bad
	}
	c.state = "completed"
	if bad := c.line.ask(ctx, next.method, next.address, c.form(next.form), nil); bad != nil {
		c.log.Warn("action not taken after the call's end", "call", c.id, "err", bad)
	}
	return nil, err
}

// pass lets d go by; keys meanwhile are part of the talk.
func (c *call) pass(d time.Duration) error {
	end := time.NewTimer(d)
	defer end.Stop()
	for {
		select {
		case <-c.gone:
			return errHungUp
		case <-c.keys:
		case <-end.C:
			return nil
		}
	}
}

// talkTime is how long a simulated caller speaks after the tone before falling silent.
const talkTime = 8 * time.Second

// recordVoice lets the caller speak until a finishing key, the silence of timeout, maxLength or the red button. What is
// kept is silence of that length: handsets have no microphone here.
func (c *call) recordVoice(ctx context.Context, v verb) (*request, error) {
	finish := v.attr("finishOnKey", "1234567890*#")
	most := v.seconds("maxLength", time.Hour)
	c.forgetKeys()
	c.tell(Event{Name: "record", Finish: finish, Seconds: most.Seconds()})
	began := c.now()
	end := began.Add(min(most, talkTime+v.seconds("timeout", 5*time.Second)))
	digits := ""
	var err error
	for digits == "" && c.now().Before(end) {
		var key byte
		if key, err = c.listen(end.Sub(c.now())); err != nil {
			digits = "hangup"
			break
		}
		if key != noKey && strings.IndexByte(finish, key) >= 0 {
			digits = string(key)
		}
	}
	length := c.now().Sub(began)
	id := newSID("RE")
	c.tell(Event{Name: "recorded", Seconds: length.Seconds()})
	return c.told(ctx, v, err, url.Values{
		"RecordingUrl": {c.record(id, length)}, "RecordingSid": {id}, "RecordingDuration": {wholeSeconds(length)}, "Digits": {digits},
	})
}
