package simulator

import (
	"crypto/hmac"
	"crypto/sha1" // the provider's scheme, not our choice
	"encoding/base64"
	"net/url"
	"slices"
)

// Sign gives the X-Twilio-Signature of a form posted to address: the address as the provider was told it, then every
// key with its value, keys sorted, under the account's token. A GET signs its address with the query alone.
func Sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		for _, v := range form[k] {
			mac.Write([]byte(k + v))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
