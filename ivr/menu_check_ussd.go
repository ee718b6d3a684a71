package ivr

import (
	"maps"
	"slices"
	"strconv"

	"canhgiac/ivr/prompts"
)

// ussd judges the menu as it is printed.
func (c *checker) ussd() {
	m, before := &c.m.USSD, len(c.list)
	for _, name := range m.WrongKey {
		c.at("ussd.wrong_key")
		c.screen(name)
	}
	c.at("ussd.wrong_number")
	c.screen(m.WrongNumber)
	c.at("ussd.failure")
	if s := c.screen(m.Failure); !s.Ends() {
		c.add("goes_on", m.Failure)
	}
	c.at("ussd.start")
	c.screenTarget(m.Start)
	for _, name := range slices.Sorted(maps.Keys(m.Nodes)) {
		c.at("ussd." + name)
		c.screenNode(m.Nodes[name])
	}
	if len(c.list) > before { // the walks below follow names
		return
	}
	t := tree{
		part:  "ussd",
		nodes: slices.Sorted(maps.Keys(m.Nodes)),
		leads: func(n string) []string { return m.Nodes[n].destinations() },
		alone: func(n string) []string {
			var to []string
			for _, d := range m.Nodes[n].Divert { // one that sets a field answers the condition that would lead back
				if len(d.Set) == 0 {
					to = append(to, d.Goto)
				}
			}
			return to
		},
		ends: func(n string) bool { return c.m.page(n).Ends() },
		keys: func(n string) choices { return m.Nodes[n].Keys },
		goes: func(string) string { return "" },
	}
	c.reach(t, m.Start)
	c.loops(t)
	c.depth(t, m.Start)
}

func (c *checker) screenTarget(name string) {
	if _, ok := c.m.USSD.Nodes[name]; !ok {
		c.add("no_node", strconv.Quote(name))
	}
}

// screen: its words exist, fit, and arrive.
func (c *checker) screen(name string) prompts.Screen {
	s, err := c.m.words.USSD(name)
	if err != nil {
		c.add("no_words", strconv.Quote(name))
		return s
	}
	if n := len(s.Widest()); n > prompts.ScreenLimit {
		c.add("long_screen", strconv.Itoa(n), strconv.Itoa(prompts.ScreenLimit))
	}
	if bad := s.Refused(); bad != "" {
		c.add("bad_character", bad)
	}
	own, _ := c.m.words.Original().USSD(name)
	c.sameValues(own.Text, s.Text)
	for _, p := range s.Unfilled() {
		c.add("no_filling", "{"+p+"}", "hotline, so, so_hoi, dem_chu_so, nguoi_bao, ten, ma, gio, ngay")
	}
	return s
}

func (c *checker) screenNode(n *screenNode) {
	page := c.screen(n.Screen)
	if asks := n.Keys != nil || n.Number != nil; asks == page.Ends() {
		c.add("screen_kind")
	}
	if n.Keys != nil && n.Number != nil {
		c.add("two_questions")
	}
	for _, to := range n.destinations() {
		c.screenTarget(to)
	}
	c.diverts(n.Divert)
	for _, key := range slices.Sorted(maps.Keys(n.Keys)) {
		c.move("ussd", key, n.Keys[key])
	}
	var said []prompts.Choice
	for _, key := range page.Offered() {
		said = append(said, prompts.Choice{Key: key})
	}
	c.offered(said, n.Keys, func(string) bool { return false })
	if d := n.Number; d != nil && (!numberFields[d.Set] || !knownAct(d.Do) || d.Goto == "" || d.Odd == "") {
		c.add("number")
	}
	// Told of a wrong key, one must have the choices in view.
	words := c.m.wordsBefore(n)
	if again, ok := repeated(words, page.Widest()); !page.Ends() && !ok && len(words) > 0 {
		c.add("no_room", strconv.Itoa(len(words[len(words)-1])+1+len(again)-prompts.ScreenLimit))
	}
}
