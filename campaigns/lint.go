package campaigns

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"canhgiac/gateway/sms"
)

// A resident must be able to trust one rule: a message of the ward never holds a link and never asks for a code, a
// password, papers or money. The linter keeps that rule. It has to tell "không đọc mã OTP",
// which is the whole point of the reminders, from "hãy đọc mã OTP". It is a guard against slips, not against a clever
// author: the second person is there for that.

// links finds addresses: a scheme, www., or a name that ends like a site's. A full stop without a space after it is no
// link, so only endings that are in use by scams and offices here are known.
var links = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.-]*://|\bwww\.|\b[a-z0-9-]+\.(?:vn|com|net|org|info|xyz|top|club|online|site|shop|store|app|me|ly|cc|co|io|link|live|vip|win|asia|gov|edu|biz|icu|tk|ml)(?:\b|/))`)

// phrase is something a message must not ask for, as accented words. what is empty where the verb alone asks for enough.
type phrase struct {
	verb string
	what []string
}

func asked() []phrase {
	secrets := []string{"otp", "mật khẩu", "mã pin", "pin", "mã xác nhận", "mã xác thực", "mã xác minh", "mã số", "căn cước", "cccd", "cmnd",
		"chứng minh", "hộ chiếu", "số tài khoản", "tài khoản", "số thẻ", "thẻ ngân hàng", "giấy tờ", "thông tin cá nhân", "khuôn mặt"}
	var all []phrase
	for _, verb := range []string{"gửi", "đọc", "nhập", "cung cấp", "cho biết", "báo", "khai", "điền", "nhắn", "trả lời", "xác nhận", "xác thực",
		"cập nhật", "chụp", "đưa", "nói"} {
		all = append(all, phrase{verb, secrets})
	}
	for _, verb := range []string{"chuyển tiền", "chuyển khoản", "nộp tiền", "nộp phí", "nộp phạt", "đóng tiền", "đóng phí", "nạp tiền", "gửi tiền", "đặt cọc", "thanh toán"} {
		all = append(all, phrase{verb: verb})
	}
	return append(all,
		phrase{"chuyển", []string{"triệu", "đồng", "tài khoản"}},
		phrase{"bấm", []string{"link", "liên kết", "đường dẫn"}}, phrase{"nhấn", []string{"link", "liên kết", "đường dẫn"}},
		phrase{"mở", []string{"link", "liên kết", "đường dẫn"}}, phrase{"truy cập", nil},
		phrase{"cài", []string{"ứng dụng", "app", "phần mềm"}}, phrase{"tải", []string{"ứng dụng", "app", "phần mềm"}})
}

const (
	reach = 5 // words between a verb and what it asks for
	near  = 4 // words between a "không" and the verb it forbids
)

var (
	// forbids turn the request after them into a warning; resets end their power ("đừng lo, hãy gửi" asks after all).
	forbids = words("không", "đừng", "chớ", "chưa", "chẳng", "ngừng", "tránh")
	resets  = words("và", "rồi", "hãy", "xin", "mời", "thì", "nhưng", "để", "phải", "nên")
	// Who is told of ("ai", "kẻ gian", "người lạ") and what such people do: "người lạ bảo chuyển tiền" asks nothing.
	strangers = words("ai", "kẻ", "lạ", "chúng")
	demands   = words("gọi", "bảo", "báo", "bắt", "đòi", "dọa", "hỏi", "nhắn", "rủ", "ép", "dụ", "nhờ", "xúi", "cầu")
	forces    = words("bắt", "đòi", "dọa", "ép", "dụ", "xúi") // what nobody says of an honest bill
	past      = words("đã", "lỡ", "vừa", "trót", "bị")        // right before the verb: what happened, not what to do
	// What follows one of these is a case ("báo ngay nếu ai hỏi mật khẩu"), not what the verb asks for.
	cases = words("nếu", "khi", "ai", "kẻ", "hỏi", "đòi", "không", "đừng")
	// The reader is spoken to again: what follows is no longer the stranger's doing.
	readers = words("hãy", "xin", "mời", "thì", "phải", "nên")
)

// wordSet holds words with their marks and, for texts that have none, without.
type wordSet struct{ accented, folded map[string]bool }

func words(accented ...string) wordSet {
	set := wordSet{map[string]bool{}, map[string]bool{}}
	for _, w := range accented {
		set.accented[w], set.folded[fold(w)] = true, true
	}
	return set
}

func fold(s string) string { return strings.ToLower(sms.Unaccent(s)) }

// token is a word of a sentence, or a "," that parts its clauses.
type token struct{ word, folded string }

// is compares with a word that has its marks. A text không dấu has none to compare: there any reading counts.
func (t token) is(folded, accented string) bool {
	return t.folded == folded && (t.word == accented || t.word == t.folded)
}

func (t token) in(set wordSet) bool {
	return set.accented[t.word] || (t.word == t.folded && set.folded[t.folded])
}

var sentenceEnd = regexp.MustCompile(`[.!?;\n]+(?:\s|$)|\n`)

func sentences(text string) [][]token {
	text = strings.ToLower(norm.NFC.String(text))
	var all [][]token
	for _, s := range sentenceEnd.Split(text, -1) {
		var line []token
		word := ""
		end := func() {
			if word != "" {
				line = append(line, token{word, fold(word)})
				word = ""
			}
		}
		for _, r := range s {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r):
				word += string(r)
			case unicode.IsSpace(r):
				end()
			default:
				end()
				line = append(line, token{",", ","})
			}
		}
		end()
		all = append(all, line)
	}
	return all
}

// match gives how many tokens from i spell the accented words of p, or 0.
func match(line []token, i int, p string) int {
	parts := strings.Fields(p)
	if i+len(parts) > len(line) {
		return 0
	}
	for k, w := range parts {
		if !line[i+k].is(fold(w), w) {
			return 0
		}
	}
	return len(parts)
}

// Asks gives what a text asks for that a message of the ward never may, or "".
func Asks(text string) string {
	phrases := asked()
	for _, line := range sentences(text) {
		for i := range line {
			for _, p := range phrases {
				n := match(line, i, p.verb)
				if n == 0 || guarded(line, i, i+n) {
					continue
				}
				if len(p.what) == 0 {
					return p.verb
				}
				if what := object(line, i+n, p.what); what != "" {
					return p.verb + " … " + what
				}
			}
		}
	}
	return ""
}

// object looks for one of what within reach after a verb, in the same clause.
func object(line []token, from int, what []string) string {
	for i := from; i < len(line) && i <= from+reach && line[i].word != "," && !line[i].in(cases); i++ {
		for _, w := range what {
			if match(line, i, w) > 0 {
				return w
			}
		}
	}
	return ""
}

// guarded tells whether the verb at i..end is forbidden, past, or a stranger's doing, and so a warning.
func guarded(line []token, i, end int) bool {
	if i > 0 && line[i-1].in(past) || i > 1 && line[i-1].is("khi", "khi") && line[i-2].is("truoc", "trước") {
		return true
	}
	if match(line, end, "lúc nào") > 0 || match(line, end, "khi nào") > 0 { // asks about what is past
		return true
	}
	for k := i - 1; k >= 0 && k >= i-1-near && line[k].word != "," && !line[k].in(resets); k-- {
		if line[k].in(forbids) {
			return !threat(line, k, end)
		}
	}
	return told(line, i)
}

// threat tells whether "không" at k makes a demand instead: "nếu không nộp tiền", "không chuyển khoản sẽ bị khóa".
func threat(line []token, k, end int) bool {
	if k > 0 && line[k-1].is("neu", "nếu") {
		return true
	}
	for _, t := range line[end:] {
		if t.is("bi", "bị") {
			return true
		}
	}
	return false
}

// told tells whether the sentence reports what a stranger demands.
func told(line []token, i int) bool {
	if i > 0 && line[i-1].in(demands) { // "tin yêu cầu chuyển tiền là lừa đảo"
		for k := i; k+1 < len(line); k++ {
			if match(line, k, "lừa đảo") > 0 || match(line, k, "là giả") > 0 {
				return true
			}
		}
	}
	if i > 1 && line[i-1].in(forces) && line[i-2].is("bi", "bị") { // "bị bắt nộp tiền thì tắt máy"
		for k := i; k+1 < len(line); k++ {
			if match(line, k, "tắt máy") > 0 {
				return true
			}
		}
	}
	demand := false
	for k := i - 1; k >= 0; k-- {
		switch {
		case line[k].in(readers):
			return false
		case line[k].in(demands):
			demand = true
		case line[k].in(strangers) && demand:
			return true
		}
	}
	return false
}
