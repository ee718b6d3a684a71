package main

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"

	"github.com/go-viper/mapstructure/v2"
)

// ProviderConfig is one voice provider that calls our webhooks, and that we place calls with where the keys for it are given.
type ProviderConfig struct {
	Name           string   `mapstructure:"name"`
	Dialect        string   `mapstructure:"dialect"`
	Account        string   `mapstructure:"account"`
	Secret         string   `mapstructure:"secret"`
	Speak          string   `mapstructure:"speak"`
	Voice          string   `mapstructure:"voice"`
	CallerID       string   `mapstructure:"caller_id"`
	APIURL         string   `mapstructure:"api_url"`
	RecordingHosts []string `mapstructure:"recording_hosts"`
	APIKey         string   `mapstructure:"api_key"`
	APISecret      string   `mapstructure:"api_secret"`
	PrivateKey     string   `mapstructure:"private_key"`
	DetectMachines bool     `mapstructure:"detect_machines"`
	MaxCalls       int      `mapstructure:"max_calls"`
	CallsPerSecond float64  `mapstructure:"calls_per_second"`
}

const (
	dialectTwiML    = "twiml"
	dialectStringee = "stringee"
	dialectNCCO     = "ncco"

	speakSound = "sound"
	speakText  = "text"
)

func defaultProvider() ProviderConfig {
	return ProviderConfig{Dialect: dialectTwiML, Speak: speakSound, RecordingHosts: []string{}, MaxCalls: 30, CallsPerSecond: 1}
}

// providerDefaults lays a provider's keys over the defaults, as carrierDefaults does a carrier's.
func providerDefaults(_, to reflect.Type, data any) (any, error) {
	given, ok := data.(map[string]any)
	if to != reflect.TypeFor[ProviderConfig]() || !ok {
		return data, nil
	}
	full := map[string]any{}
	if err := mapstructure.Decode(defaultProvider(), &full); err != nil {
		return nil, err
	}
	for k, v := range given {
		full[k] = v
	}
	return full, nil
}

// places says whether calls can be placed with p: each dialect asks for something that it needs for nothing else.
func (p ProviderConfig) places() bool {
	switch p.Dialect {
	case dialectStringee:
		return p.APIKey != ""
	case dialectNCCO:
		return p.PrivateKey != ""
	}
	return p.CallerID != ""
}

// api is where calls are asked for.
func (p ProviderConfig) api() string {
	if p.APIURL != "" {
		return p.APIURL
	}
	return map[string]string{dialectTwiML: "https://api.twilio.com", dialectStringee: "https://api.stringee.com", dialectNCCO: "https://api.nexmo.com"}[p.Dialect]
}

// recordingHosts are where recordings are fetched from beside api: Vonage's own regions, and what the operator adds.
func (p ProviderConfig) recordingHosts() []string {
	if p.Dialect == dialectNCCO && p.APIURL == "" {
		return append([]string{"api-us.nexmo.com", "api-eu.nexmo.com", "api-ap.nexmo.com"}, p.RecordingHosts...)
	}
	return p.RecordingHosts
}

// hostForm is a host with or without a port.
var hostForm = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]{1,5})?$`)

func (k *check) provider(at string, p ProviderConfig, names map[string]bool) {
	k.that(nameForm.MatchString(p.Name) && p.Name != "sounds" && !names[p.Name], at+".name", "a name of its own, of small letters, digits, - and _", p.Name)
	names[p.Name] = true
	k.oneOf(at+".dialect", p.Dialect, dialectTwiML, dialectStringee, dialectNCCO)
	k.that(p.Account != "" || p.Dialect == dialectStringee, at+".account", "the provider's account id (AccountSid; at Vonage the application's id)", p.Account)
	if len(p.Secret) < 16 {
		k.problems = append(k.problems, fmt.Errorf("%s.secret: expected the provider's signing token of at least 16 characters, got %d", at, len(p.Secret)))
	}
	k.oneOf(at+".speak", p.Speak, speakSound, speakText)
	k.that(p.Speak == speakSound || p.Dialect != dialectTwiML, at+".speak", "sound, which TwiML is always given", p.Speak)
	optional := p.Dialect == dialectTwiML
	k.that(phoneForm.MatchString(p.CallerID) || optional && p.CallerID == "", at+".caller_id", "our number at the provider, of 3 to 15 digits", p.CallerID)
	k.that(p.APIURL == "" || isHTTPURL(p.APIURL) && p.APIURL[len(p.APIURL)-1] != '/', at+".api_url", "an http or https address without a slash at its end, or nothing", p.APIURL)
	for i, h := range p.RecordingHosts {
		k.that(hostForm.MatchString(h), fmt.Sprintf("%s.recording_hosts[%d]", at, i), "a host like recordings.example.vn, without https://", h)
	}
	if (p.APIKey == "") != (p.APISecret == "") {
		k.problems = append(k.problems, fmt.Errorf("%s.api_secret: expected the secret of api_key, and none without", at))
	}
	if p.PrivateKey != "" {
		_, err := readPrivateKey(p.PrivateKey)
		k.that(err == nil && p.Dialect == dialectNCCO, at+".private_key", "a file with an RSA key in PEM, for dialect ncco alone", p.PrivateKey)
	}
	k.that(p.MaxCalls >= 1 && p.MaxCalls <= 2000, at+".max_calls", "1 to 2000", p.MaxCalls)
	k.that(p.CallsPerSecond > 0 && p.CallsPerSecond <= 100, at+".calls_per_second", "more than 0, at most 100", p.CallsPerSecond)
}

// readPrivateKey reads an RSA key in PEM, of either form that consoles hand out.
func readPrivateKey(file string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read a private key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("private key %s: not PEM", file)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("private key %s: %w", file, err)
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("private key " + file + ": not an RSA key")
	}
	return key, nil
}
