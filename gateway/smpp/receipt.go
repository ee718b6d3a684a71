package smpp

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Receipt is what an SMSC says became of a message. State is one of DELIVRD, UNDELIV, EXPIRED, REJECTD, DELETED, UNKNOWN
// (final) and ACCEPTD, ENROUTE (on its way).
type Receipt struct {
	ID    string    // as the SMSC wrote it: hex or decimal, zeros and case are the caller's to fold; may be empty
	State string    // never empty
	Err   string    // the carrier's own error code
	At    time.Time // when the message was done, UTC, to what the receipt says (minutes, often); zero when it does not say
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

// stateOf folds the words that SMSCs write.
func stateOf(word string) string {
	word = strings.ToUpper(word)
	for _, name := range stateNames[1:] {
		if word == name {
			return name
		}
	}
	switch word {
	case "DELIVERED":
		return "DELIVRD"
	case "UNDELIVERABLE", "UNDELIVERED", "UNDELIVRD", "FAILED":
		return "UNDELIV"
	case "REJECTED":
		return "REJECTD"
	case "ACCEPTED":
		return "ACCEPTD"
	}
	return "UNKNOWN"
}

// vietnam is the zone of a receipt's dates, which say none: the carriers' own.
var vietnam = time.FixedZone("ICT", 7*3600)

// ParseReceipt reads a receipt from d's TLVs first and then from its text; false says that d is a message from a phone.
// Only esm_class or receipted_message_id make a receipt: anyone can type its text on a phone.
func ParseReceipt(d *DeliverSM) (Receipt, bool) {
	kind := d.ESMClass & ESMClassType
	id, hasID := d.TLVs.Text(TagReceiptedMessageID)
	if kind != ESMClassReceipt && kind != 0x20 && !hasID { // 0x20: an intermediate notification
		return Receipt{}, false
	}
	text := receiptFields(plainText(d))
	r := Receipt{ID: id, State: stateOf(text["stat"]), Err: text["err"], At: receiptTime(text["done date"])}
	if r.ID == "" {
		r.ID = text["id"]
	}
	if v, ok := d.TLVs.Get(TagMessageState); ok && len(v) == 1 && int(v[0]) < len(stateNames) && v[0] > 0 {
		r.State = stateNames[v[0]]
	}
	if v, ok := d.TLVs.Get(TagNetworkErrorCode); ok && len(v) == 3 && r.Err == "" {
		r.Err = strconv.Itoa(int(binary.BigEndian.Uint16(v[1:])))
	}
	return r, true
}

// plainText is the receipt's text; in UCS-2 its letters are every second octet.
func plainText(d *DeliverSM) string {
	b := d.Text()
	if d.DataCoding != 8 {
		return string(b)
	}
	plain := make([]byte, 0, len(b)/2)
	for i := 1; i < len(b); i += 2 {
		plain = append(plain, b[i])
	}
	return string(plain)
}

var receiptKeys = [...]string{"id", "submit date", "done date", "dlvrd", "stat", "err", "sub", "text"}

// receiptFields reads "id:... sub:... dlvrd:... submit date:... done date:... stat:... err:... text:..." (SMPP appendix
// B), in any case and order, with fields missing or empty. What follows text: is the message, and not looked at.
func receiptFields(s string) map[string]string {
	found := map[string]string{}
	key, from := "", 0
	end := func(at int) {
		if v := strings.Fields(s[from:at]); key != "" && len(v) > 0 {
			if _, twice := found[key]; !twice {
				found[key] = v[0]
			}
		}
	}
	for i := 0; i < len(s); i++ {
		if i > 0 && s[i-1] != ' ' && s[i-1] != '\n' && s[i-1] != ',' {
			continue
		}
		k, n := receiptKey(s[i:])
		if k == "" {
			continue
		}
		end(i)
		if key, from = k, i+n; k == "text" {
			return found
		}
		i = from - 1
	}
	end(len(s))
	return found
}

// receiptKey gives the key that s begins with and its length with the colon.
func receiptKey(s string) (key string, n int) {
	for _, k := range receiptKeys {
		if len(s) <= len(k) {
			continue
		}
		head := strings.ReplaceAll(s[:len(k)], "_", " ")
		if !strings.EqualFold(head, k) {
			continue
		}
		if rest := strings.TrimLeft(s[len(k):], " "); strings.HasPrefix(rest, ":") {
			return k, len(s) - len(rest) + 1
		}
	}
	return "", 0
}

// receiptTime reads a date of 10, 12 or 14 digits.
func receiptTime(s string) time.Time {
	layout := map[int]string{10: "0601021504", 12: "060102150405", 14: "20060102150405"}[len(s)]
	if layout == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(layout, s, vietnam)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// Text is the receipt in the form of SMPP appendix B, for an SMSC to send.
func (r Receipt) Text() string {
	delivered, errCode, at := 0, r.Err, r.At.In(vietnam).Format("0601021504")
	if r.State == "DELIVRD" {
		delivered = 1
	}
	if errCode == "" {
		errCode = "000"
	}
	return fmt.Sprintf("id:%s sub:001 dlvrd:%03d submit date:%s done date:%s stat:%s err:%s text:", r.ID, delivered, at, at, r.State, errCode)
}
