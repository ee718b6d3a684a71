package callers

import "fmt"

const standsSQL = `select coalesce(report_id, 0), coalesce(fields->>'so_hoi', '') from calls where provider = $1 and sid = $2`

// relearn asks where keys typed ahead went, since the person cannot know: their words were not said. None of them may have
// decided anything, and the key before them must have been taken.
func (c *call) relearn(was heard) error {
	var id int64
	if err := c.town.DB.QueryRowContext(c.ctx, standsSQL, provider, c.sid).Scan(&id, &c.asked); err != nil {
		return fmt.Errorf("where call %s stands: %w", c.sid, err)
	}
	all, err := c.kept(c.ctx)
	if err != nil {
		return err
	}
	for i, k := range all {
		if i == len(c.reports) {
			c.reports = append(c.reports, &report{origin: "call"})
		}
		mine := c.reports[i]
		if k.sent != mine.sent || k.cancelled != mine.cancelled {
			c.complain("after %s, keys typed ahead sent or cancelled a report", was.question)
		}
		if k.id != id || mine.sent {
			continue
		}
		if mine.answered() && k.kind == 0 && mine.kind != 0 {
			c.complain("the key before those typed ahead was lost")
		}
		if c.report != mine {
			c.takeUp(mine)
		}
		k.officer, k.messages, k.record = mine.officer, mine.messages, mine.record
		*mine = k.report
	}
	return nil
}

// takeUp goes on with a report that keys typed ahead opened or went on with.
func (c *call) takeUp(r *report) {
	for _, t := range c.talks {
		if t.report == r {
			c.goOn(t)
			return
		}
	}
	r.record = append(r.record, c.said...)
	c.report = r
}
