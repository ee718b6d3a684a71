package callers

import (
	"regexp"
	"strings"

	"canhgiac/ivr"
)

// heard is a reply as a person takes it in: by its words.
type heard struct {
	lines    []string
	question string // the last words: what the keys are for
	one      bool   // one key is asked for
	number   bool   // a number is asked for
	repeats  bool   // said once more, after a wrong key or a silence
	dial     string // an officer's telephone rings
	record   bool   // a message is taken
	hangup   bool
	words    bool // anything is said at all
	none     bool // nothing follows: the line would hang
}

var piece = regexp.MustCompile(`-[0-9]+$`)

func hear(r ivr.Reply) heard {
	h := heard{none: true}
	for _, a := range r.Actions {
		switch {
		case a.Gather != nil:
			h.lines = append(h.lines, a.Gather.Play...)
			h.one, h.number, h.none = a.Gather.One, !a.Gather.One, false
			h.none = a.Gather.First <= 0 // a silence would have no end
		case a.Dial != nil:
			h.dial, h.none = a.Dial.Number, a.Dial.Ring <= 0
		case a.Record != nil:
			h.record, h.none = true, a.Record.Max <= 0
		case a.Hangup:
			h.hangup, h.none = true, false
		case a.Play != "":
			h.lines = append(h.lines, a.Play)
		}
	}
	h.words = len(h.lines) > 0
	if h.words {
		h.question = piece.ReplaceAllString(h.lines[len(h.lines)-1], "")
		h.repeats = h.lines[0] == "sai_phim" || h.lines[0] == "het_gio"
	}
	return h
}

// between are the words between two of the menu's own, without the pauses.
func (h heard) between(from, to string) string {
	var all []string
	in := false
	for _, l := range h.lines {
		switch {
		case l == from:
			in, all = true, nil
		case l == to:
			in = false
		case in && l != "im_lang":
			all = append(all, l)
		}
	}
	return strings.Join(all, " ")
}

// spell is a number as it is read.
func spell(number string) string {
	if number == "" {
		return "khong_co_so"
	}
	var all []string
	for _, d := range number {
		all = append(all, "so-"+string(d))
	}
	return strings.Join(all, " ")
}

// listenTo writes a reply as one line.
func listenTo(r ivr.Reply) string {
	h := hear(r)
	text := strings.Join(h.lines, " ")
	switch {
	case h.one:
		text += " ?"
	case h.number:
		text += " #"
	case h.dial != "":
		text += " dial " + h.dial
	case h.record:
		text += " record"
	case h.hangup:
		text += " hangup"
	}
	return text
}
