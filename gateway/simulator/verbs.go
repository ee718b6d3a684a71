package simulator

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// perform runs a document's verbs in order. It gives the request that the call goes on with, or nil where the document
// simply ends.
func (c *call) perform(ctx context.Context, doc []verb) (*request, error) {
	for _, v := range doc {
		var next *request
		var err error
		switch v.name {
		case "Play", "Say", "Pause":
			err = c.hearOut(ctx, v)
		case "Gather":
			next, err = c.gather(ctx, v)
		case "Record":
			next, err = c.recordVoice(ctx, v)
		case "Dial":
			next, err = c.dial(ctx, v)
		case "Redirect":
			next, err = c.next(v, v.text, nil)
		case "Hangup":
			err = errGoodbye
		case "Reject":
			err = errGoodbye // too late to refuse: the provider ends the call
		default:
			err = fmt.Errorf("%w: <%s> is no verb", errDocument, v.name)
		}
		if err != nil || next != nil {
			return next, err
		}
	}
	return nil, nil
}

// syllables a second, for text that a synthetic voice would speak
const saySpeed = 2.7

// begin starts a Play, Say or Pause on the handset and tells how long it lasts.
func (c *call) begin(ctx context.Context, v verb) (time.Duration, error) {
	loops := v.count("loop", 1)
	if loops == 0 { // "0" is "until the caller hangs up"; an hour is longer than anybody listens
		loops = 1 << 12
	}
	switch v.name {
	case "Pause":
		return v.seconds("length", time.Second), nil
	case "Say":
		c.tell(Event{Name: "prompt", Kind: "say", Text: v.text})
		syllables := float64(len(strings.Fields(v.text)))
		return time.Duration(loops) * time.Duration(syllables/saySpeed*float64(time.Second)), nil
	}
	at, err := c.next(v, v.text, nil)
	if err != nil {
		return 0, err
	}
	s, err := c.line.sound(ctx, at.address)
	if err != nil { // the provider notes a warning and goes on with the next verb
		c.log.Warn("sound not played", "call", c.id, "err", err)
		return 0, nil
	}
	c.tell(Event{Name: "prompt", Kind: "play", Text: s.text, URL: at.address, Seconds: s.length.Seconds()})
	return time.Duration(loops) * s.length, nil
}

// hearOut plays v to its end. Keys pressed meanwhile are lost: nobody gathers them.
func (c *call) hearOut(ctx context.Context, v verb) error {
	d, err := c.begin(ctx, v)
	if err != nil {
		return err
	}
	return c.pass(d)
}

// noKey is listen's answer when its time ran out.
const noKey byte = 0

// listen waits up to d for one key.
func (c *call) listen(d time.Duration) (byte, error) {
	if err := c.stillThere(); err != nil {
		return noKey, err
	}
	end := time.NewTimer(d)
	defer end.Stop()
	select {
	case <-c.gone:
		return noKey, errHungUp
	case k := <-c.keys:
		return k, nil
	case <-end.C:
		return noKey, nil
	}
}

// gather plays the nested prompts until the first key, then takes keys until the finishing key, enough digits, or a
// silence of timeout, which begins when the prompts end and again at each key. With no digits the document goes on with
// its next verb, unless it asked for actionOnEmptyResult; the finishing key alone is no digit.
func (c *call) gather(ctx context.Context, v verb) (*request, error) {
	finish := v.attr("finishOnKey", "#")
	limit := v.count("numDigits", 0)
	silence := v.seconds("timeout", 5*time.Second)
	c.forgetKeys()
	c.tell(Event{Name: "gather", Digits: limit, Finish: finish, Seconds: silence.Seconds()})

	key := noKey
	for _, p := range v.inner {
		d, err := c.begin(ctx, p)
		if err != nil {
			return nil, err
		}
		if key, err = c.listen(d); err != nil {
			return nil, err
		}
		if v.attr("from", "") == "words" {
			silence = max(0, silence-d)
		}
		if key != noKey {
			c.tell(Event{Name: "quiet"})
			break
		}
	}
	var digits []byte
	ended := "" // by the finishing key
	for {
		if key == noKey {
			var err error
			if key, err = c.listen(silence); err != nil {
				return nil, err
			}
		}
		if key == noKey {
			break
		}
		if strings.IndexByte(finish, key) >= 0 {
			ended = string(key)
			break
		}
		if digits = append(digits, key); limit > 0 && len(digits) >= limit {
			break
		}
		key = noKey
	}
	c.tell(Event{Name: "gathered", Text: string(digits)})
	if len(digits) == 0 && v.attr("actionOnEmptyResult", "false") != "true" {
		return nil, nil
	}
	told := url.Values{"Digits": {string(digits)}, "FinishedOnKey": {ended}}
	if field, ok := v.attrs["customField"]; ok {
		told.Set("customField", field)
		told.Set("timedOut", strconv.FormatBool(ended == "" && (limit == 0 || len(digits) < limit)))
	}
	return c.next(v, v.attr("action", ""), told)
}

// forgetKeys drops what was pressed while nobody gathered.
func (c *call) forgetKeys() {
	for {
		select {
		case <-c.keys:
		default:
			return
		}
	}
}
