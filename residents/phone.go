package residents

import (
	"errors"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

// Phone is a number as E.164 with its plus: "+84901234567". ParsePhone makes it.
type Phone string

// Kind tells what a number can take.
type Kind string

const (
	Mobile   Kind = "mobile"
	Landline Kind = "landline" // calls only
	Foreign  Kind = "foreign"  // may ring and report; never messaged by us, since paid routes abroad invite traffic pumping
)

var (
	ErrPhoneMissing = errors.New("no phone number")
	ErrPhoneInvalid = errors.New("not a phone number of a subscriber")
)

// Parsed is a number that ParsePhone understood.
type Parsed struct {
	Phone     Phone
	Kind      Kind
	Converted bool // it was written with the 11 digits of before 2018-11
}

const countryCode = "84"

// ParsePhone reads a number as people write it: with spaces, dots, dashes or brackets, with +84, 84, 0084 or the zero that
// spreadsheets drop, or as one of the 11-digit mobiles that were shortened in 2018.
// It returns ErrPhoneMissing for nothing but space, ErrPhoneInvalid for the rest, short numbers like 113 among them.
func ParsePhone(s string) (Parsed, error) {
	digits, plus, err := phoneDigits(s)
	if err != nil {
		return Parsed{}, err
	}
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !plus {
		digits, plus = rest, true // 00 is the international prefix: no subscriber number starts so
	}
	if plus && !strings.HasPrefix(digits, countryCode) {
		return parseForeign(digits)
	}
	nsn, ok := nationalNumber(digits, plus)
	if !ok {
		return Parsed{}, ErrPhoneInvalid
	}
	converted := false
	if short, ok := mobiles2018[head(nsn, 3)]; ok && len(nsn) == 10 {
		nsn, converted = short+nsn[3:], true
	}
	kind, ok := vietnamKind(nsn)
	if !ok {
		return Parsed{}, ErrPhoneInvalid
	}
	return Parsed{Phone: Phone("+" + countryCode + nsn), Kind: kind, Converted: converted}, nil
}

// phoneDigits drops what people put between digits; any letter makes the cell something else than a number.
func phoneDigits(s string) (digits string, plus bool, err error) {
	s = strings.TrimLeft(strings.TrimSpace(norm.NFKC.String(s)), "'`") // NFKC: full-width digits; the quote is a spreadsheet's text mark
	if s == "" {
		return "", false, ErrPhoneMissing
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0:
			plus = true
		case r == '.' || r == '(' || r == ')' || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u200b' || r == '\ufeff':
		default:
			return "", false, ErrPhoneInvalid
		}
	}
	if b.Len() == 0 {
		return "", false, ErrPhoneInvalid
	}
	return b.String(), plus, nil
}

// nationalNumber takes off the country code or the trunk zero, and puts up with both: +84 (0)90...
// A national number has 9 digits (mobile) or 10 (landline, or a mobile of before 2018), which tells 84 the country from 84,
// a VinaPhone prefix whose zero was dropped.
func nationalNumber(digits string, plus bool) (string, bool) {
	if rest, ok := strings.CutPrefix(digits, countryCode); ok && (plus || len(digits) > 10) {
		return strings.TrimPrefix(rest, "0"), true
	}
	return strings.TrimPrefix(digits, "0"), !plus
}

// vietnamKind is our own table over the library, whose mobile ranges miss live ones (055x but for 0559, 0890-0895). All it
// lets through is "possible" to the library, which a test asks: asking at each of 200,000 rows costs seconds.
// Prefixes say who issued a number, no longer who carries it: numbers have been portable since 2018-11.
func vietnamKind(nsn string) (Kind, bool) {
	switch len(nsn) {
	case 9:
		return Mobile, strings.Contains(mobilePrefixes, " "+nsn[:2]+" ")
	case 10:
		return Landline, nsn[0] == '2' && (nsn[1] == '4' || nsn[1] == '8' || strings.Contains(areaCodes, " "+nsn[:3]+" "))
	}
	return "", false
}

const (
	// Viettel, VinaPhone, MobiFone, Vietnamobile, Gmobile, iTel, Wintel.
	mobilePrefixes = " 32 33 34 35 36 37 38 39 86 96 97 98 81 82 83 84 85 88 91 94 70 76 77 78 79 89 90 93 52 56 58 92 59 99 87 55 "

	// Provinces' area codes since 2017, as issued before the mergers of 2025; Hà Nội 24 and TP.HCM 28 stand in vietnamKind.
	areaCodes = " 203 204 205 206 207 208 209 210 211 212 213 214 215 216 218 219 220 221 222 225 226 227 228 229 232 233 234 235" +
		" 236 237 238 239 251 252 254 255 256 257 258 259 260 261 262 263 269 270 271 272 273 274 275 276 277 290 291 292 293 294" +
		" 296 297 299 "
)

// mobiles2018: the conversion of 2018-09-15 to 11-14; the last seven digits stayed.
var mobiles2018 = map[string]string{
	"120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
	"123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
	"162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
	"186": "56", "188": "58", "199": "59",
}

func parseForeign(digits string) (Parsed, error) {
	n, err := phonenumbers.Parse("+"+digits, "")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return Parsed{}, ErrPhoneInvalid
	}
	return Parsed{Phone: Phone(phonenumbers.Format(n, phonenumbers.E164)), Kind: Foreign}, nil
}

func head(s string, n int) string { return s[:min(n, len(s))] }

// National gives the number as people here write it: 0901234567. A foreign number stays E.164.
func (p Phone) National() string {
	if rest, ok := strings.CutPrefix(string(p), "+"+countryCode); ok {
		return "0" + rest
	}
	return string(p)
}

// Masked is for screens that need to tell numbers apart and no more: 090•••4567.
func (p Phone) Masked() string {
	n := p.National()
	if len(n) < 9 {
		return "•••"
	}
	return n[:3] + "•••" + n[len(n)-4:]
}
