package smpp

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// Receipt is what an SMSC says became of a message. State is one of DELIVRD, UNDELIV, EXPIRED, REJECTD, DELETED, UNKNOWN
// (final) and ACCEPTD, ENROUTE (on its way). Times are UTC, to what the receipt says (minutes, often), and zero when it
// does not say.
type Receipt struct {
	ID        string    // as the SMSC wrote it: hex or decimal, zeros and case are the caller's to fold; may be empty
	State     string    // never empty
	Err       string    // the carrier's own error code
	At        time.Time // when the message was done
	Submitted time.Time // when the SMSC took it
}

// stateNames has message_state (SMPP §5.2.28) in the words of appendix B.
var stateNames = [...]string{1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD"}

// StateCode is the message_state of a receipt's state; UNKNOWN for a word that is none.
func StateCode(state string) uint8 {
	for code, name := range stateNames {
		if name == state {
			return uint8(code)
		}
	}
	return 7
}

// StateName has a message_state (SMPP §5.2.28) in the words of appendix B; UNKNOWN for a code that is none.
func StateName(code uint8) string {
	if int(code) >= len(stateNames) || stateNames[code] == "" {
		return "UNKNOWN"
	}
	return stateNames[code]
}

// stateStems begin the words that SMSCs write for a state: whole, cut to seven letters, or in their own spelling.
var stateStems = [...]struct{ stem, state string }{
	{"DELIV", "DELIVRD"}, {"SUCCESS", "DELIVRD"}, {"UNDEL", "UNDELIV"}, {"FAIL", "UNDELIV"}, {"EXPIR", "EXPIRED"}, {"DELET", "DELETED"},
	{"REJ", "REJECTD"}, {"ACC", "ACCEPTD"}, {"ACK", "ACCEPTD"}, {"ENROUTE", "ENROUTE"}, {"EN_ROUTE", "ENROUTE"}, {"BUFF", "ENROUTE"}, {"SCHED", "ENROUTE"},
}

// stateOf folds the words that SMSCs write, or the code that some put there.
func stateOf(word string) string {
	word = strings.ToUpper(word)
	for _, s := range stateStems {
		if strings.HasPrefix(word, s.stem) {
			return s.state
		}
	}
	if code, err := strconv.ParseUint(word, 10, 8); err == nil {
		return StateName(uint8(code))
	}
	return "UNKNOWN"
}

// vietnam is the zone of a receipt's dates, which say none: the carriers' own.
var vietnam = time.FixedZone("ICT", 7*3600)

// The message types of esm_class that tell of a message of ours (SMPP §5.2.12).
const esmClassIntermediate = 0x20

// ParseReceipt reads a receipt from d's TLVs first and then from its text; false says that d is a message from a phone.
// Only esm_class or receipted_message_id make a receipt: anyone can type its text on a phone.
func ParseReceipt(d *DeliverSM) (Receipt, bool) {
	kind := d.ESMClass & ESMClassType
	id, hasID := d.TLVs.Text(TagReceiptedMessageID)
	if kind&(ESMClassReceipt|esmClassIntermediate) == 0 && !hasID {
		return Receipt{}, false
	}
	text := receiptFields(plainText(d))
	r := Receipt{ID: unquoted(id), State: stateOf(text[keyStat]), Err: text[keyErr], At: receiptTime(text[keyDone]), Submitted: receiptTime(text[keySubmit])}
	if r.ID == "" {
		r.ID = text[keyID]
	}
	if v, ok := d.TLVs.Get(TagMessageState); ok && len(v) == 1 && int(v[0]) < len(stateNames) && v[0] > 0 {
		r.State = stateNames[v[0]]
	}
	if v, ok := d.TLVs.Get(TagNetworkErrorCode); ok && len(v) == 3 && r.Err == "" {
		r.Err = strconv.Itoa(int(binary.BigEndian.Uint16(v[1:])))
	}
	// An intermediate notification tells of one try among several, whatever its stat; only what has arrived stays so.
	if kind&esmClassIntermediate != 0 && r.State != "DELIVRD" {
		r.State = "ENROUTE"
	}
	return r, true
}

// plainText is the receipt's text without a user data header; in UCS-2 its letters are every second octet.
func plainText(d *DeliverSM) string {
	b := d.Text()
	if d.UDHI() && len(b) > 0 && int(b[0]) < len(b) {
		b = b[1+int(b[0]):]
	}
	if d.DataCoding != 8 {
		return string(b)
	}
	plain := make([]byte, 0, len(b)/2)
	for i := 1; i < len(b); i += 2 {
		plain = append(plain, b[i])
	}
	return string(plain)
}

// The keys of a receipt's text, by their places in receiptKeys.
const (
	keyID = iota
	keySubmit
	keyDone
	keyDelivered
	keyStat
	keyErr
	keySub
	keyText
	noKey
)

var receiptKeys = [noKey]string{"id", "submit date", "done date", "dlvrd", "stat", "err", "sub", "text"}

const (
	receiptGaps   = " \t\r\n,;|" // between fields
	receiptQuotes = "\"'`<>[]{}" // about a value
)

// receiptFields reads "id:... sub:... dlvrd:... submit date:... done date:... stat:... err:... text:..." (SMPP appendix
// B), in any case and order, with fields missing or empty. What follows text: is the message, and not looked at.
func receiptFields(s string) (found [noKey]string) {
	key, from := noKey, 0
	end := func(at int) {
		if key != noKey && found[key] == "" {
			found[key] = fieldValue(s[from:at])
		}
	}
	for i := 0; i < len(s); i++ {
		if i > 0 && !isGap(s[i-1]) {
			continue
		}
		k, n := receiptKey(s[i:])
		if k == noKey {
			continue
		}
		end(i)
		if key, from = k, i+n; k == keyText {
			return found
		}
		i = from - 1
	}
	end(len(s))
	return found
}

// isGap says that c is one of receiptGaps; it is asked of every letter.
func isGap(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ';', '|':
		return true
	}
	return false
}

// fieldValue is the first word of what follows a key, or what stands in quotes there.
func fieldValue(s string) string {
	s = strings.Trim(s, receiptGaps)
	if s != "" && strings.ContainsRune(`"'`, rune(s[0])) {
		if n := strings.IndexByte(s[1:], s[0]); n >= 0 {
			return strings.TrimSpace(s[1 : 1+n])
		}
	}
	if n := strings.IndexAny(s, receiptGaps); n >= 0 {
		s = s[:n]
	}
	return unquoted(s)
}

// unquoted is a value without the quotes and blanks that some SMSCs put about it.
func unquoted(s string) string { return strings.Trim(s, receiptGaps+receiptQuotes) }

// receiptKey gives the key that s begins with and its length with the colon; noKey where it begins with none.
func receiptKey(s string) (key, n int) {
	for key, k := range receiptKeys {
		if len(s) <= len(k) || s[0]|0x20 != k[0] {
			continue
		}
		if head := s[:len(k)]; !strings.EqualFold(head, k) && !strings.EqualFold(strings.ReplaceAll(head, "_", " "), k) {
			continue
		}
		if rest := strings.TrimLeft(s[len(k):], " "); strings.HasPrefix(rest, ":") {
			return key, len(s) - len(rest) + 1
		}
	}
	return noKey, 0
}

// receiptTime reads a date of 10, 12 or 14 digits.
func receiptTime(s string) time.Time {
	layout := receiptDate
	switch len(s) {
	case 10:
	case 12:
		layout = "060102150405"
	case 14:
		layout = "20060102150405"
	default:
		return time.Time{}
	}
	t, err := time.ParseInLocation(layout, s, vietnam)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// Text is the receipt in the form of SMPP appendix B, for an SMSC to send. Without Submitted the message was done at once.
func (r Receipt) Text() string { return string(r.AppendText(nil)) }

// AppendText is Text behind b.
func (r Receipt) AppendText(b []byte) []byte {
	delivered, errCode := "000", r.Err
	if r.Submitted.IsZero() {
		r.Submitted = r.At
	}
	if r.State == "DELIVRD" {
		delivered = "001"
	}
	if errCode == "" {
		errCode = "000"
	}
	b = append(append(b, "id:"...), r.ID...)
	b = append(append(b, " sub:001 dlvrd:"...), delivered...)
	b = r.Submitted.In(vietnam).AppendFormat(append(b, " submit date:"...), receiptDate)
	b = r.At.In(vietnam).AppendFormat(append(b, " done date:"...), receiptDate)
	b = append(append(b, " stat:"...), r.State...)
	b = append(append(b, " err:"...), errCode...)
	return append(b, " text:"...)
}

// receiptDate is the layout of appendix B.
const receiptDate = "0601021504"
