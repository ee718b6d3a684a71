package prompts

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind is what a value is, and so how it is read from recorded pieces. Each rule is the same for both voices; where north and
// centre differ, the piece has words of its own in each (labels.yaml): nghìn and ngàn, linh and lẻ, tư and bốn, mùng and mồng.
type Kind string

const (
	KindPhone Kind = "so"   // digits, one by one, in groups
	KindCode  Kind = "ma"   // a report's, as 2608-0417
	KindMoney Kind = "tien" // dong, as 2500000
	KindDate  Kind = "ngay" // 2006-01-02, or 02/01
	KindClock Kind = "gio"  // 15:04
	KindCount Kind = "dem"  // a number
)

// KindOf tells what a placeholder holds by its name, or by the beginning of it: {tien}, {tien_da_mat}.
func KindOf(placeholder string) (Kind, bool) {
	k, _, _ := strings.Cut(placeholder, "_")
	switch Kind(k) {
	case KindPhone, KindCode, KindMoney, KindDate, KindClock, KindCount:
		return Kind(k), true
	}
	return "", false
}

// ErrUnspeakable means that a value is not of its kind.
var ErrUnspeakable = errors.New("cannot be read out")

// Say gives the lines that read a value out. Error: ErrUnspeakable.
func Say(k Kind, value string) ([]string, error) {
	no := fmt.Errorf("a value of %s: %w", k, ErrUnspeakable) // it may be somebody's number: it stays out of logs
	switch k {
	case KindPhone:
		if !onlyDigits(value) {
			return nil, no
		}
		return Phone(value), nil
	case KindCode:
		groups := strings.Split(value, "-")
		if !onlyDigits(strings.Join(groups, "")) {
			return nil, no
		}
		return Spell(groups), nil
	case KindMoney, KindCount:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return nil, no
		}
		if k == KindMoney {
			return Money(n), nil
		}
		return Number(n), nil
	case KindDate:
		for _, form := range []string{"2006-01-02", "02/01"} {
			if at, err := time.Parse(form, value); err == nil {
				return Date(at.Year(), at.Month(), at.Day()), nil // without a year it is 0
			}
		}
	case KindClock:
		if at, err := time.Parse("15:04", value); err == nil {
			return Clock(at.Hour(), at.Minute()), nil
		}
	}
	return nil, no
}

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Spell says each digit by itself, with a gap between groups.
func Spell(groups []string) []string {
	var lines []string
	for i, g := range groups {
		if i > 0 {
			lines = append(lines, Gap)
		}
		for _, d := range g {
			lines = append(lines, DigitLine(d))
		}
	}
	return lines
}

// Phone reads a number digit by digit in threes, with time to write each down (content.yaml, doc_lai_so).
func Phone(digits string) []string {
	var groups []string
	for len(digits) > 3 {
		groups, digits = append(groups, digits[:3]), digits[3:]
	}
	return Spell(append(groups, digits))
}

// Pieces of numbers, dates and times.
const (
	ten       = "doc-muoi"     // mười
	tens      = "doc-muoi-2"   // mươi
	hundred   = "doc-tram"     // trăm
	thousand  = "doc-nghin"    // nghìn, ngàn
	million   = "doc-trieu"    // triệu
	billion   = "doc-ty"       // tỷ
	odd       = "doc-le"       // linh, lẻ: before a single unit where the tens are missing
	oneMore   = "doc-mot"      // mốt: one after twenty, thirty ...
	fourMore  = "doc-bon"      // tư, bốn: four after twenty, thirty ...
	fiveMore  = "doc-lam"      // lăm: five after ten, twenty ...
	dong      = "doc-dong"     // đồng
	day       = "doc-ngay"     // ngày
	early     = "doc-mung"     // mùng, mồng: before the first ten days
	month     = "doc-thang"    // tháng
	april     = "doc-thang-tu" // tư: the fourth month is so called everywhere
	year      = "doc-nam"      // năm
	hour      = "doc-gio"      // giờ
	minute    = "doc-phut"     // phút
	half      = "doc-ruoi"     // rưỡi
	morning   = "doc-sang"
	noon      = "doc-trua"
	afternoon = "doc-chieu"
	evening   = "doc-toi"
	night     = "doc-dem"
)

func digit(n int64) string { return DigitLine(rune('0' + n)) }

// Number reads a whole number, from "không" on. Negative ones are read as zero; nothing that we count is one.
func Number(n int64) []string {
	switch {
	case n <= 0:
		return []string{digit(0)}
	case n >= 1_000_000_000:
		// what stands before tỷ is a number of its own: một nghìn hai trăm tỷ
		return append(append(Number(n/1_000_000_000), billion), rest(n%1_000_000_000, 1_000_000)...)
	}
	return leading(n, 1_000_000)
}

var named = map[int64]string{1_000_000: million, 1000: thousand}

// leading reads n from its first digit on; unit is the largest name that may stand in it.
func leading(n, unit int64) []string {
	if unit == 1 {
		return three(n, false)
	}
	if n < unit {
		return leading(n, unit/1000)
	}
	return append(append(three(n/unit, false), named[unit]), rest(n%unit, unit/1000)...)
}

// rest reads what follows a larger name: each group of three that is not empty is read whole, "không trăm linh năm", so that
// nobody takes five for five hundred thousand.
func rest(n, unit int64) []string {
	if n == 0 {
		return nil
	}
	if unit == 1 {
		return three(n, true)
	}
	if n < unit {
		return rest(n, unit/1000)
	}
	return append(append(three(n/unit, true), named[unit]), rest(n%unit, unit/1000)...)
}

// three reads 1 to 999; whole says even a missing hundred.
func three(n int64, whole bool) []string {
	var lines []string
	h, t, u := n/100, n/10%10, n%10
	if h > 0 || whole {
		lines = append(lines, digit(h), hundred)
	}
	switch {
	case t == 0 && u > 0 && len(lines) > 0:
		return append(lines, odd, digit(u))
	case t == 0 && u > 0:
		return append(lines, digit(u))
	case t == 1:
		lines = append(lines, ten)
	case t > 1:
		lines = append(lines, digit(t), tens)
	}
	switch {
	case u == 0:
	case u == 1 && t > 1:
		lines = append(lines, oneMore)
	case u == 4 && t > 1:
		lines = append(lines, fourMore)
	case u == 5:
		lines = append(lines, fiveMore)
	default:
		lines = append(lines, digit(u))
	}
	return lines
}

// Money reads an amount of dong.
func Money(amount int64) []string { return append(Number(amount), dong) }

// Date reads a day as people say it: "ngày mùng ba tháng tư"; the year 0 is left out.
func Date(y int, m time.Month, d int) []string {
	lines := []string{day}
	if d <= 10 {
		lines = append(lines, early)
	}
	lines = append(append(lines, Number(int64(d))...), month)
	if m == time.April {
		lines = append(lines, april)
	} else {
		lines = append(lines, Number(int64(m))...)
	}
	if y > 0 {
		lines = append(append(lines, year), Number(int64(y))...)
	}
	return lines
}

// Clock reads a time as people say it, by the twelve hours and the part of the day: "hai giờ rưỡi chiều".
func Clock(h, m int) []string {
	part := night
	switch {
	case h >= 1 && h <= 10:
		part = morning
	case h >= 11 && h <= 12:
		part = noon
	case h >= 13 && h <= 17:
		part = afternoon
	case h >= 18 && h <= 21:
		part = evening
	}
	if h %= 12; h == 0 {
		h = 12
	}
	lines := append(Number(int64(h)), hour)
	switch {
	case m == 30:
		lines = append(lines, half)
	case m > 0:
		lines = append(append(lines, Number(int64(m))...), minute)
	}
	return append(lines, part)
}
