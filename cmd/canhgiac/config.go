package main

import (
	"time"

	"canhgiac/ivr"
	"canhgiac/reports"
)

// Config is everything an installation can set. config.yaml shows each key with its default and what it means; a test
// holds the two together.
type Config struct {
	Database  DatabaseConfig  `mapstructure:"database"`
	HTTP      HTTPConfig      `mapstructure:"http"`
	Admin     AdminConfig     `mapstructure:"admin"`
	Log       LogConfig       `mapstructure:"log"`
	Words     WordsConfig     `mapstructure:"words"`
	Gateway   GatewayConfig   `mapstructure:"gateway"`
	Voice     VoiceConfig     `mapstructure:"voice"`
	USSD      USSDConfig      `mapstructure:"ussd"`
	Sending   SendingConfig   `mapstructure:"sending"`
	Reports   ReportsConfig   `mapstructure:"reports"`
	Console   ConsoleConfig   `mapstructure:"console"`
	Operator  OperatorConfig  `mapstructure:"operator"`
	Simulator SimulatorConfig `mapstructure:"simulator"`
}

type DatabaseConfig struct {
	URL string `mapstructure:"url"`
}

type HTTPConfig struct {
	Addr           string     `mapstructure:"addr"`
	PublicURL      string     `mapstructure:"public_url"`
	TLS            TLSConfig  `mapstructure:"tls"`
	ACME           ACMEConfig `mapstructure:"acme"`
	PlainAddr      string     `mapstructure:"plain_addr"`
	TrustedProxies []string   `mapstructure:"trusted_proxies"`
}

// TLSConfig is the public address's certificate as files.
type TLSConfig struct {
	Cert string `mapstructure:"cert"`
	Key  string `mapstructure:"key"`
}

// ACMEConfig is an authority that makes the public address's certificate (RFC 8555).
type ACMEConfig struct {
	Domains     []string `mapstructure:"domains"`
	Email       string   `mapstructure:"email"`
	Directory   string   `mapstructure:"directory"`
	DirectoryCA string   `mapstructure:"directory_ca"`
}

type AdminConfig struct {
	Addr string `mapstructure:"addr"`
}

type LogConfig struct {
	Level string `mapstructure:"level"`
}

// WordsConfig fills the placeholders of every text that residents read or hear.
type WordsConfig struct {
	Brand     string `mapstructure:"brand"`
	Hotline   string `mapstructure:"hotline"`
	Shortcode string `mapstructure:"shortcode"`
}

type GatewayConfig struct {
	FailoverAfter time.Duration   `mapstructure:"failover_after"`
	Carriers      []CarrierConfig `mapstructure:"carriers"`
}

// CarrierConfig is one SMPP account with one operator.
type CarrierConfig struct {
	Name              string        `mapstructure:"name"`
	Addr              string        `mapstructure:"addr"`
	TLS               bool          `mapstructure:"tls"`
	TLSCA             string        `mapstructure:"tls_ca"`
	SystemID          string        `mapstructure:"system_id"`
	Password          string        `mapstructure:"password"`
	SystemType        string        `mapstructure:"system_type"`
	Bind              string        `mapstructure:"bind"`
	Binds             int           `mapstructure:"binds"`
	Window            int           `mapstructure:"window"`
	Rate              float64       `mapstructure:"rate"`
	Source            SourceConfig  `mapstructure:"source"`
	Prefixes          []string      `mapstructure:"prefixes"`
	Fallback          []string      `mapstructure:"fallback"`
	UnknownSubscriber []string      `mapstructure:"unknown_subscriber"`
	ReceiptID         string        `mapstructure:"receipt_id"`
	ReceiptDeadline   time.Duration `mapstructure:"receipt_deadline"`
	QuerySM           bool          `mapstructure:"query_sm"`
	Split             string        `mapstructure:"split"`
	Unicode           bool          `mapstructure:"unicode"`
	Forbidden         string        `mapstructure:"forbidden"`
	Cost              int           `mapstructure:"cost"`
	USSD              string        `mapstructure:"ussd"`
	EnquireLink       time.Duration `mapstructure:"enquire_link"`
	ResponseTimeout   time.Duration `mapstructure:"response_timeout"`
}

// SourceConfig is the sender that a phone shows (SMPP 3.4 §5.2.5–5.2.7).
type SourceConfig struct {
	Addr string `mapstructure:"addr"`
	TON  int    `mapstructure:"ton"`
	NPI  int    `mapstructure:"npi"`
}

type VoiceConfig struct {
	Providers []ProviderConfig `mapstructure:"providers"`
	Officers  []string         `mapstructure:"officers"`
	Official  []ivr.Official   `mapstructure:"official"`
	Sounds    string           `mapstructure:"sounds"`
	Default   string           `mapstructure:"default"`
	TTS       SpeechConfig     `mapstructure:"tts"`
	SIP       SIPConfig        `mapstructure:"sip"`

	Outbound   OutboundConfig   `mapstructure:"outbound"`
	MissedCall MissedCallConfig `mapstructure:"missed_call"`
	Recording  TapeConfig       `mapstructure:"recording"`
}

// USSDConfig is USSD over HTTP; over SMPP it is a carrier's own (gateway.carriers[].ussd).
type USSDConfig struct {
	Providers []USSDProviderConfig `mapstructure:"providers"`
}

// USSDProviderConfig is one provider that calls us in Africa's Talking's shape.
type USSDProviderConfig struct {
	Name   string `mapstructure:"name"`
	Secret string `mapstructure:"secret"`
}

type SendingConfig struct {
	Hours string     `mapstructure:"hours"`
	Caps  CapsConfig `mapstructure:"caps"`
}

type CapsConfig struct {
	PerDay  int `mapstructure:"per_day"`
	PerWeek int `mapstructure:"per_week"`
}

type ReportsConfig struct {
	Deadlines DeadlinesConfig `mapstructure:"deadlines"`
}

// DeadlinesConfig are the lengths of reports.Deadlines.
type DeadlinesConfig struct {
	Receive  time.Duration `mapstructure:"receive"`
	Classify time.Duration `mapstructure:"classify"`
	Resolve  time.Duration `mapstructure:"resolve"`
	Complex  time.Duration `mapstructure:"complex"`
	Extended time.Duration `mapstructure:"extended"`
	Soon     float64       `mapstructure:"soon"`
}

// OperatorConfig is what the page of the system looks at beside the program itself.
type OperatorConfig struct {
	BackupMark string `mapstructure:"backup_mark"`
}

type ConsoleConfig struct {
	HandsetURL   string        `mapstructure:"handset_url"`
	Session      time.Duration `mapstructure:"session"`
	IdleLock     time.Duration `mapstructure:"idle_lock"`
	TOTP         []string      `mapstructure:"totp"`
	Secret       string        `mapstructure:"secret"`
	SecretBefore string        `mapstructure:"secret_before"`
}

type SimulatorConfig struct {
	SMPPAddr string `mapstructure:"smpp_addr"`
	HTTPAddr string `mapstructure:"http_addr"`
}

// deadlines are the configured lengths as the room takes them.
func (c DeadlinesConfig) deadlines() reports.Deadlines { return reports.Deadlines(c) }

// defaultConfig is what an empty config.yaml means.
func defaultConfig() Config {
	return Config{
		HTTP: HTTPConfig{Addr: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080", TrustedProxies: []string{},
			ACME: ACMEConfig{Domains: []string{}, Directory: "https://acme-v02.api.letsencrypt.org/directory"}},
		Admin:   AdminConfig{Addr: "127.0.0.1:8081"},
		Log:     LogConfig{Level: "info"},
		Words:   WordsConfig{Brand: "CATHANHKHEX", Hotline: "02363111222", Shortcode: "8088"},
		Gateway: GatewayConfig{FailoverAfter: time.Minute, Carriers: []CarrierConfig{}},
		Voice: VoiceConfig{Providers: []ProviderConfig{}, Officers: []string{}, Official: []ivr.Official{}, Default: "trung", TTS: defaultSpeech(), SIP: defaultSIP(),
			Outbound: defaultOutbound(), MissedCall: defaultMissedCall(), Recording: defaultTape()},
		USSD:      USSDConfig{Providers: []USSDProviderConfig{}},
		Sending:   SendingConfig{Hours: "07:00-22:00", Caps: CapsConfig{PerDay: 3, PerWeek: 2}},
		Reports:   ReportsConfig{Deadlines: DeadlinesConfig(reports.DefaultDeadlines())},
		Console:   ConsoleConfig{Session: 12 * time.Hour, IdleLock: 15 * time.Minute, TOTP: []string{"police", "operator"}},
		Simulator: SimulatorConfig{SMPPAddr: "127.0.0.1:2775", HTTPAddr: "127.0.0.1:2780"},
	}
}

// defaultCarrier is what a carrier's missing keys mean.
func defaultCarrier() CarrierConfig {
	return CarrierConfig{
		Bind:              "transceiver",
		Binds:             1,
		Window:            10,
		Rate:              30,
		Source:            SourceConfig{TON: 5, NPI: 0},
		Split:             "udh",
		Unicode:           true,
		ReceiptID:         "auto",
		ReceiptDeadline:   72 * time.Hour,
		UnknownSubscriber: []string{"ESME_RINVDSTADR"},
		Fallback:          []string{},
		USSD:              ussdOff,
		EnquireLink:       30 * time.Second,
		ResponseTimeout:   30 * time.Second,
	}
}
