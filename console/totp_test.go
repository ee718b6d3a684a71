package console

import (
	"bytes"
	"errors"
	"image/png"
	"strings"
	"testing"
	"time"
)

func TestCodesAreThoseOfRFC6238(t *testing.T) {
	// Appendix B, SHA-1, the last six of its eight digits.
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got, err := codeAt(secret, at/codeStep); err != nil || got != want {
			t.Errorf("at %d: %q, %v, want %q", at, got, err, want)
		}
	}
}

func TestACodeIsGoodOneStepEarlyOrLateAndNotAgain(t *testing.T) {
	secret := newCodeSecret()
	now := time.Unix(1_800_000_000, 0)
	step := now.Unix() / codeStep
	for is, c := range map[string]struct {
		of, after int64
		want      bool
	}{
		"now":                         {step, 0, true},
		"a step ago":                  {step - 1, 0, true},
		"of a phone that is ahead":    {step + 1, 0, true},
		"two steps ago":               {step - 2, 0, false},
		"two steps ahead":             {step + 2, 0, false},
		"used":                        {step, step, false},
		"older than the one used":     {step - 1, step, false},
		"the next after the one used": {step + 1, step, true},
	} {
		code, err := codeAt(secret, c.of)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok, err := stepOf(secret, code, now, c.after); err != nil || ok != c.want || ok && got != c.of {
			t.Errorf("%s: %d %v %v", is, got, ok, err)
		}
	}
	for _, typed := range []string{"", "12345", "1234567", "12345a", "１２３４５６", "-12345"} {
		if code, ok := codeForm(typed); ok {
			t.Errorf("%q is taken for the code %q", typed, code)
		}
	}
	if code, ok := codeForm(" 123 456 "); !ok || code != "123456" {
		t.Errorf("with spaces: %q %v", code, ok)
	}
}

func TestThePictureHoldsTheAddressOfTheSecret(t *testing.T) {
	address := codeAddress([]byte("12345678901234567890"), "Cảnh Giác", "lan")
	if want := "otpauth://totp/C%E1%BA%A3nh%20Gi%C3%A1c:lan?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=C%E1%BA%A3nh+Gi%C3%A1c"; address != want {
		t.Errorf("%s", address)
	}
	picture, err := codePicture(address)
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(picture)); err != nil || img.Bounds().Dx() < 200 || img.Bounds().Dx() > 500 {
		t.Errorf("%v, %v", img.Bounds(), err)
	}
}

func TestSealedSecrets(t *testing.T) {
	open := func(s *sealer, sealed []byte, owner int64) (string, bool, error) {
		plain, current, err := s.open(sealed, owner)
		return string(plain), current, err
	}
	of := func(secrets ...string) *sealer {
		s, err := newSealer(secrets...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one, two := strings.Repeat("một", 20), strings.Repeat("hai", 20)
	sealed := of(one).seal([]byte("bí mật"), 7)
	if bytes.Contains(sealed, []byte("bí mật")) {
		t.Error("it can be read")
	}
	if got, current, err := open(of(one, ""), sealed, 7); got != "bí mật" || !current || err != nil {
		t.Errorf("its own key: %q %v %v", got, current, err)
	}
	if got, current, err := open(of(two, one), sealed, 7); got != "bí mật" || current || err != nil {
		t.Errorf("as the key before: %q %v %v", got, current, err)
	}
	if _, _, err := open(of(one), sealed, 8); err == nil {
		t.Error("another's row opens")
	}
	for is, s := range map[string]*sealer{"another key": of(two), "no key": of("")} {
		if _, _, err := open(s, sealed, 7); !errors.Is(err, errSealed) {
			t.Errorf("%s: %v", is, err)
		}
	}
	plain := of().seal([]byte("bí mật"), 7)
	if got, current, err := open(of(one), plain, 7); got != "bí mật" || current || err != nil {
		t.Errorf("kept before there was a key: %q %v %v", got, current, err)
	}
	for _, broken := range [][]byte{nil, {}, {1}, {9, 9, 9}, sealed[:10], append(bytes.Clone(sealed[:len(sealed)-1]), 'x')} {
		if _, _, err := open(of(one), broken, 7); err == nil {
			t.Errorf("%x opens", broken)
		}
	}
}

func TestRecoveryCodesAsPeopleCopyThem(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range newRecoveryCodes() {
		plain, ok := recoveryForm(code)
		if !ok || seen[plain] || len(code) != 14 {
			t.Errorf("%q", code)
		}
		seen[plain] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d codes", len(seen))
	}
	for typed, want := range map[string]string{"4K7D-9XWM-2HQE": "4k7d9xwm2hqe", " 4k7d 9xwm 2hqe ": "4k7d9xwm2hqe", "4k7d–9xwm–2hqO": "4k7d9xwm2hq0", "lIio-0000-0000": "111000000000"} {
		if got, ok := recoveryForm(typed); !ok || got != want {
			t.Errorf("%q: %q %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "4k7d-9xwm", "4k7d-9xwm-2hqe-1", "uuuu-uuuu-uuuu", "123456", "4k7d-9xwm-2hqđ"} {
		if _, ok := recoveryForm(typed); ok {
			t.Errorf("%q is taken", typed)
		}
	}
}

func TestBrowsersInWords(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36":                            "Chrome Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0":                  "Edge Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) coc_coc_browser/130.0.0 Chrome/124.0 Safari/537.36":        "Cốc Cốc Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0":                                                                     "Firefox Linux",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":    "Safari iPhone",
		"Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36": "Samsung Internet Android",
		"curl/8.5.0": " ",
		"":           " ",
	} {
		if browser, system := browserOf(agent); browser+" "+system != want {
			t.Errorf("%s: %s %s", agent, browser, system)
		}
	}
}
