package console

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"image/png"
	"net/url"
	"strings"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// Codes that a phone makes from a shared secret and the time (RFC 6238), with what every app can: HMAC-SHA-1, six digits,
// thirty seconds.
const (
	codeStep   = 30 // seconds
	codeDigits = 6
	secretSize = 20 // bytes: the length of the hash (RFC 4226 §4 R6)
)

func newCodeSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	return secret
}

// secretText is the secret as an app takes it by hand.
func secretText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// codeAt gives the code of a time step.
func codeAt(secret []byte, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(secretText(secret), uint64(step), hotp.ValidateOpts{Digits: codeDigits, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("code of step %d: %w", step, err)
	}
	return code, nil
}

// stepOf gives the time step that code belongs to, now or one step beside it, since a phone's clock is a little off and
// typing takes its time (RFC 6238 §5.2). A step up to after, whose code was used, is none.
func stepOf(secret []byte, code string, now time.Time, after int64) (int64, bool, error) {
	found, ok := int64(0), false
	current := now.Unix() / codeStep
	for step := current - 1; step <= current+1; step++ {
		want, err := codeAt(secret, step)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > after {
			found, ok = step, true
		}
	}
	return found, ok, nil
}

// codeForm takes a code as people type it: "123 456".
func codeForm(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(s)
	return s, len(s) == codeDigits && strings.Trim(s, "0123456789") == ""
}

// codeAddress is what the picture says to the app (the form that Google Authenticator brought, which all read).
func codeAddress(secret []byte, issuer, name string) string {
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(name) + "?secret=" + secretText(secret) + "&issuer=" + url.QueryEscape(issuer)
}

// codePicture draws text as a QR code of about 300 pixels, with the quiet margin that readers need.
func codePicture(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	modules := code.Bounds().Dx()
	big, err := barcode.Scale(code, modules*6, modules*6)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, big); err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return out.Bytes(), nil
}
