package smpp

import (
	"fmt"
	"strconv"
	"time"
)

// TimeText is t as schedule_delivery_time and validity_period want it (SMPP §7.1.1), in UTC.
func TimeText(t time.Time) string { return t.UTC().Format("060102150405") + "000+" }

// ParseTime reads YYMMDDhhmmsstnnp, absolute or relative to now (SMPP §7.1.1). Empty is the zero time.
func ParseTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if len(s) != 16 {
		return time.Time{}, fmt.Errorf("smpp: time of %d characters, not 16", len(s))
	}
	var f [8]int // YY MM DD hh mm ss t nn
	for i, at := range [...][2]int{{0, 2}, {2, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 12}, {12, 13}, {13, 15}} {
		n, err := strconv.ParseUint(s[at[0]:at[1]], 10, 8)
		if err != nil {
			return time.Time{}, fmt.Errorf("smpp: time %q is not digits", s)
		}
		f[i] = int(n)
	}
	tenths := time.Duration(f[6]) * 100 * time.Millisecond
	offset := time.Duration(f[7]) * 15 * time.Minute
	absolute := time.Date(2000+f[0], time.Month(f[1]), f[2], f[3], f[4], f[5], 0, time.UTC).Add(tenths)
	switch s[15] {
	case 'R':
		return now.AddDate(f[0], f[1], f[2]).Add(time.Duration(f[3])*time.Hour + time.Duration(f[4])*time.Minute +
			time.Duration(f[5])*time.Second), nil
	case '+':
		return absolute.Add(-offset), nil
	case '-':
		return absolute.Add(offset), nil
	}
	return time.Time{}, fmt.Errorf("smpp: time %q ends in none of + - R", s)
}
