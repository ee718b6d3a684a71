package webhook

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// JSON Web Tokens (RFC 7519) as providers use them: three parts, the last over the first two. Both ways are a few lines of
// the standard library; what a token may claim is each dialect's own.

var b64 = base64.RawURLEncoding

// SignHS256 writes a token under a shared secret. header holds what goes beside alg and typ.
func SignHS256(secret string, header, claims map[string]any) (string, error) {
	unsigned, err := unsignedToken("HS256", header, claims)
	if err != nil {
		return "", err
	}
	return unsigned + "." + b64.EncodeToString(hs256(secret, unsigned)), nil
}

// SignRS256 writes a token under a private key.
func SignRS256(key *rsa.PrivateKey, claims map[string]any) (string, error) {
	unsigned, err := unsignedToken("RS256", nil, claims)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(unsigned))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return unsigned + "." + b64.EncodeToString(signature), nil
}

func unsignedToken(alg string, header, claims map[string]any) (string, error) {
	h := map[string]any{"typ": "JWT", "alg": alg}
	for k, v := range header {
		h[k] = v
	}
	first, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("write a token: %w", err)
	}
	second, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write a token: %w", err)
	}
	return b64.EncodeToString(first) + "." + b64.EncodeToString(second), nil
}

func hs256(secret, unsigned string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(unsigned))
	return mac.Sum(nil)
}

var errToken = errors.New("not a token of ours")

// ReadHS256 reads the claims of a token under a shared secret. Only HS256 is taken, whatever the token says of itself: one
// that names no way of signing, or another, is nobody's.
func ReadHS256(secret, token string, claims any) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return errToken
	}
	given, err := b64.DecodeString(parts[2])
	if err != nil || !hmac.Equal(given, hs256(secret, parts[0]+"."+parts[1])) {
		return errToken
	}
	var header struct{ Alg string }
	first, err := b64.DecodeString(parts[0])
	if err != nil || json.Unmarshal(first, &header) != nil || header.Alg != "HS256" {
		return errToken
	}
	second, err := b64.DecodeString(parts[1])
	if err != nil {
		return errToken
	}
	if err := json.Unmarshal(second, claims); err != nil {
		return fmt.Errorf("%w: %w", errToken, err)
	}
	return nil
}
