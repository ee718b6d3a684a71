package webhook

import (
	"net/url"
	"strconv"

	"canhgiac/ivr"
)

// carry puts into an address what a webhook told, so that a provider that comes back need not tell it again: its key is
// not lost.
func carry(t Told) url.Values {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	in := t.Input
	set("in", string(in.Kind))
	set("keys", in.Keys)
	set("dial", in.Status)
	if in.Answered {
		set("met", "yes")
	}
	set("rec", in.Recording.SID)
	set("url", in.Recording.URL)
	if in.Recording.Seconds > 0 {
		set("sec", strconv.Itoa(in.Recording.Seconds))
	}
	return q
}

// carried is the input that an earlier try has put into the address.
func carried(q url.Values) ivr.Input {
	in := ivr.Input{Kind: ivr.InputKind(q.Get("in")), Keys: q.Get("keys"), Status: q.Get("dial"), Answered: q.Get("met") == "yes"}
	in.Recording = ivr.Recording{SID: q.Get("rec"), URL: q.Get("url")}
	in.Recording.Seconds, _ = strconv.Atoi(q.Get("sec")) // our own writing; none is 0
	return in
}
