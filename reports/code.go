package reports

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// ErrCode is a code that was misheard or mistyped.
var ErrCode = errors.New("this is not a report's code")

// damm is the totally anti-symmetric quasigroup of H. M. Damm's thesis (2004): its check digit catches every single
// wrong digit and every swap of two neighbours, which are the mistakes of people who read a code aloud.
const damm = "" +
	"0317598642" +
	"7092154863" +
	"4206871359" +
	"1750983426" +
	"6123045978" +
	"3674209581" +
	"5869720134" +
	"8945362017" +
	"9438617205" +
	"2581436790"

// check folds digits through the table; over a whole code it gives 0.
func check(digits string) byte {
	var interim byte
	for i := range len(digits) {
		interim = damm[interim*10+digits[i]-'0'] - '0'
	}
	return interim
}

// NewCode draws a code from random: seven digits that nobody can guess and a check digit, "2608-0417".
// Callers trust the officer who can read their code, so it must not follow from another one.
func NewCode(random io.Reader) (string, error) {
	n, err := rand.Int(random, big.NewInt(10_000_000))
	if err != nil {
		return "", fmt.Errorf("draw a report's code: %w", err)
	}
	digits := fmt.Sprintf("%07d", n.Int64())
	return group(digits + string('0'+check(digits))), nil
}

func group(digits string) string { return digits[:4] + "-" + digits[4:] }

// ParseCode takes a code as people write it (spaces, dots, hyphen or none) and gives it as NewCode does, or ErrCode.
func ParseCode(s string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '.', '\u00a0', '\u2011', '\u2013':
			return -1
		}
		return r
	}, s)
	if len(digits) != 8 || strings.Trim(digits, "0123456789") != "" || check(digits) != 0 {
		return "", ErrCode
	}
	return group(digits), nil
}
