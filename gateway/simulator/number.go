package simulator

import (
	"fmt"
	"strconv"
	"strings"
)

// number is a telephone number as the network keeps it: international digits without a plus ("84901234567"), or a short
// code as it is.
type number string

// parseNumber takes the ways in which numbers are written: 0901234567, +84901234567, 84901234567, 8088.
func parseNumber(s string) (number, error) {
	if len(s) > 0 && len(s) <= 15 && s[0] != '0' && strings.Trim(s, "0123456789") == "" {
		return number(s), nil // as SMPP has them
	}
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("+ .-()", r) {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	if digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", fmt.Errorf("%w: want 0901234567, +84901234567 or a short code", errNumber)
	}
	if strings.HasPrefix(digits, "00") {
		return number(digits[2:]), nil
	}
	if digits[0] == '0' && len(digits) > 1 {
		return number("84" + digits[1:]), nil
	}
	return number(digits), nil
}

// international is the number as the voice provider writes it.
func (n number) international() string {
	if len(n) < 8 {
		return string(n)
	}
	return "+" + string(n)
}

// plus is the number that many further on.
func (n number) plus(i int) number {
	v, err := strconv.ParseUint(string(n), 10, 64)
	if err != nil || i == 0 {
		return n
	}
	return number(strconv.FormatUint(v+uint64(i), 10))
}

// national is the number as its owner writes it.
func (n number) national() string {
	if rest, ok := strings.CutPrefix(string(n), "84"); ok && len(n) > 8 {
		return "0" + rest
	}
	return n.international()
}
