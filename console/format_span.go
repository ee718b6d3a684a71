package console

import (
	"strings"
	"time"
)

var spanUnits = []struct {
	key string
	of  time.Duration
}{
	{"form.days", 24 * time.Hour}, {"form.hours", time.Hour}, {"form.minutes", time.Minute}, {"form.seconds", time.Second},
}

// span writes a duration by its two largest units, rounded to the smaller: 2 giờ 15 phút, 3 ngày, 45 giây. From ten minutes
// on nobody needs the seconds, and from ten days on not the hours.
func (f *forms) span(d time.Duration) (string, error) {
	if d < 0 {
		d = -d
	}
	first := len(spanUnits) - 1
	for i, u := range spanUnits {
		if d >= u.of {
			first = i
			break
		}
	}
	last := min(first+1, len(spanUnits)-1)
	if u := spanUnits[first].of; (u == time.Minute || u == 24*time.Hour) && d >= 10*u {
		last = first
	}
	d = d.Round(spanUnits[last].of)
	if first > 0 && d >= spanUnits[first-1].of { // 59 minutes 59.9 seconds became an hour
		first--
	}
	var parts []string
	for _, u := range spanUnits[first : last+1] {
		n := int(d / u.of)
		d -= time.Duration(n) * u.of
		if n == 0 && (len(parts) > 0 || u.of != time.Second) {
			continue
		}
		part, err := f.words.count(u.key, n)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " "), nil
}

// ago says how long t is past: 2 giờ 15 phút trước; vừa xong within the first minute and for what another machine's clock
// puts a little ahead. Of what is past the seconds tell nothing.
func (f *forms) ago(t time.Time) (string, error) {
	if t.IsZero() {
		return "", nil
	}
	past := f.now().Sub(t)
	if past < time.Minute {
		return f.words.text("form.just_now")
	}
	span, err := f.span(past.Truncate(time.Minute))
	if err != nil {
		return "", err
	}
	return f.words.text("form.ago", "Span", span)
}

// left says how long there is until t, or by how long it was missed: còn 3 ngày, quá hạn 2 giờ.
func (f *forms) left(t time.Time) (string, error) {
	if t.IsZero() {
		return "", nil
	}
	span, err := f.span(t.Sub(f.now()))
	if err != nil {
		return "", err
	}
	if t.Before(f.now()) {
		return f.words.text("form.overdue", "Span", span)
	}
	return f.words.text("form.left", "Span", span)
}
