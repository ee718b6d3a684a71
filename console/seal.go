package console

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// sealer keeps second factors' secrets from being read in a copy of the database, as a backup is. The key is made of
// console.secret, which all nodes share and which is not in the database. Without one the secrets are kept as they are: a
// ward that has no place for another secret shall still have second factors, and its start says what that means.
//
// To change the secret, the old one moves to console.secret_before: it still opens, and what is opened by it is sealed
// anew when it is next used.
type sealer struct {
	seals []cipher.AEAD // the first seals, each opens
	names [][]byte      // of the keys, as sealed text carries them
}

const (
	sealNone = 0 // what follows is the secret itself
	sealGCM  = 1 // the key's name, the nonce, AES-256-GCM
	nameSize = 4
)

var errSealed = errors.New("sealed by a secret that is neither console.secret nor console.secret_before")

// newSealer takes the secrets in use, the current one first; empty ones are none.
func newSealer(secrets ...string) (*sealer, error) {
	s := &sealer{}
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		key, err := hkdf.Key(sha256.New, []byte(secret), nil, "canhgiac second factors", 32)
		if err != nil {
			return nil, fmt.Errorf("key of console.secret: %w", err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("key of console.secret: %w", err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("key of console.secret: %w", err)
		}
		name := sha256.Sum256(append([]byte("name "), key...))
		s.seals, s.names = append(s.seals, aead), append(s.names, name[:nameSize])
	}
	return s, nil
}

// seal closes plain for one owner: another's row cannot be put in its place.
func (s *sealer) seal(plain []byte, owner int64) []byte {
	if len(s.seals) == 0 {
		return append([]byte{sealNone}, plain...)
	}
	nonce := make([]byte, s.seals[0].NonceSize())
	_, _ = rand.Read(nonce) // never fails
	out := append([]byte{sealGCM}, s.names[0]...)
	out = append(out, nonce...)
	return s.seals[0].Seal(out, nonce, plain, fmt.Append(nil, owner))
}

// open gives what seal closed, and whether it is closed as it would be now.
func (s *sealer) open(sealed []byte, owner int64) (plain []byte, current bool, err error) {
	if len(sealed) > 0 && sealed[0] == sealNone {
		return sealed[1:], len(s.seals) == 0, nil
	}
	if len(sealed) < 1+nameSize || sealed[0] != sealGCM {
		return nil, false, errors.New("a sealed secret of no known form")
	}
	name, rest := sealed[1:1+nameSize], sealed[1+nameSize:]
	for i, aead := range s.seals {
		if !bytes.Equal(name, s.names[i]) || len(rest) < aead.NonceSize() {
			continue
		}
		plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], fmt.Append(nil, owner))
		if err != nil {
			return nil, false, fmt.Errorf("open a sealed secret: %w", err)
		}
		return plain, i == 0, nil
	}
	return nil, false, errSealed
}
