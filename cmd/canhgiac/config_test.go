package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheShippedConfigFileStatesTheDefaults(t *testing.T) {
	got, err := loadConfig("../../config.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaultConfig(), got); diff != "" {
		t.Errorf("config.yaml and defaultConfig differ (-default +file):\n%s", diff)
	}
}

func TestTheShippedCarrierExampleIsValidAndStatesTheDefaults(t *testing.T) {
	text, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// Uncomment the example as a reader would.
	_, rest, _ := strings.Cut(string(text), "  carriers: []\n")
	var example strings.Builder
	example.WriteString("gateway:\n  carriers:\n")
	for line := range strings.Lines(rest) {
		body, ok := strings.CutPrefix(line, "  # ")
		if !ok {
			break
		}
		example.WriteString("    " + body)
	}
	filled := strings.Replace(example.String(), `system_id: ""`, `system_id: "ward"`, 1)
	got, err := loadConfig(write(t, filled), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, filled)
	}
	want := defaultCarrier()
	want.Name, want.Addr, want.SystemID, want.Source.Addr, want.Prefixes = "viettel", "smpp.example.vn:2775", "ward", "CATHANHKHEX", []string{"+84"}
	if diff := cmp.Diff([]CarrierConfig{want}, got.Gateway.Carriers); diff != "" {
		t.Error(diff)
	}
}

func TestTheShippedTrunkExampleIsValidAndStatesTheDefaults(t *testing.T) {
	text, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "    trunks: []\n")
	var example strings.Builder
	example.WriteString("voice:\n  sip:\n    trunks:\n")
	for line := range strings.Lines(rest) {
		body, ok := strings.CutPrefix(line, "    # ")
		if !ok || !strings.HasPrefix(body, "- ") && !strings.HasPrefix(body, "  ") {
			break
		}
		example.WriteString("      " + body)
	}
	got, err := loadConfig(write(t, example.String()), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, example.String())
	}
	want := defaultTrunk()
	want.Name, want.Addresses = "vnpt", []string{"203.0.113.0/28"}
	if diff := cmp.Diff([]TrunkConfig{want}, got.Voice.SIP.Trunks); diff != "" {
		t.Error(diff)
	}
}

func TestTheShippedProviderExampleIsValidAndStatesTheDefaults(t *testing.T) {
	text, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "  # One entry for each provider whose calls come to POST /voice/NAME/call.\n  providers: []\n")
	var example strings.Builder
	example.WriteString("voice:\n  providers:\n")
	for line := range strings.Lines(rest) {
		body, ok := strings.CutPrefix(line, "  # ")
		if !ok || !strings.HasPrefix(body, "- ") && !strings.HasPrefix(body, "  ") {
			break
		}
		example.WriteString("    " + body)
	}
	filled := strings.NewReplacer(`account: ""`, `account: "AC1"`, ` secret: ""`, ` secret: "0123456789abcdef"`).Replace(example.String())
	got, err := loadConfig(write(t, filled), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, filled)
	}
	want := defaultProvider()
	want.Name, want.Account, want.Secret = "twilio", "AC1", "0123456789abcdef"
	if diff := cmp.Diff([]ProviderConfig{want}, got.Voice.Providers); diff != "" {
		t.Error(diff)
	}
}

const oneTrunk = `voice: {sip: {listen: ["udp://127.0.0.1:5060"], trunks: [{name: vnpt, addresses: ["203.0.113.0/28"]}]}}`

func oneProvider(keys string) string {
	return `voice: {providers: [{secret: "0123456789abcdef", ` + keys + `}]}`
}

const oneCarrier = `
gateway:
  carriers:
    - {name: viettel, addr: "127.0.0.1:2775", system_id: ward, source: {addr: CATHANHKHEX}}
`

// twoCarriers is viettel and vina, each with more keys.
func twoCarriers(viettel, vina string) string {
	return strings.Replace(oneCarrier, "source:", viettel+", source:", 1) +
		`    - {name: vina, addr: "127.0.0.1:2776", system_id: ward, ` + vina + `, source: {addr: CATHANHKHEX}}`
}

func TestEqualsMayTakeTheSamePrefixesInAnyOrder(t *testing.T) {
	if _, err := loadConfig(write(t, twoCarriers(`prefixes: ["+8490", "+8491"], fallback: [vina]`, `prefixes: ["+8491", "+8490"]`)), nil); err != nil {
		t.Error(err)
	}
}

func oneOfficial(number string) string {
	return `voice: {official: [{number: "` + number + `", kind: ngan_hang, name: Ngân hàng A, plain: Ngan hang A, source: "thẻ"}]}`
}

func TestAWrongConfigIsToldByPathAndExpectation(t *testing.T) {
	tests := []struct{ name, yaml, env, want string }{
		{"a USSD secret that can be guessed", "ussd: {providers: [{name: at, secret: short}]}", "", "ussd.providers[0].secret: expected 32 or more"},
		{"a USSD secret that breaks an address", "ussd: {providers: [{name: at, secret: 0123456789abcdef0123456789abcde&}]}", "", "ussd.providers[0].secret: expected 32 or more"},
		{"a certificate without its key", `http: {public_url: "https://a.vn", tls: {cert: a.pem}}`, "", "http.tls.key: expected a file, since http.tls.cert is set"},
		{"a certificate for an address that says http", "http: {tls: {cert: a.pem, key: a.key}}", "", "http.public_url: expected an https address"},
		{"two sources of certificates", `http: {public_url: "https://a.vn", tls: {cert: a.pem, key: a.key}, acme: {domains: [a.vn]}}`, "", "http.acme.domains: expected nothing, since http.tls is set"},
		{"a certificate for other names than the address", `http: {public_url: "https://a.vn", acme: {domains: [b.vn]}}`, "", "http.acme.domains: expected the name in http.public_url among them"},
		{"a domain that is an address", `http: {public_url: "https://a.vn", acme: {domains: [a.vn, "https://b.vn"]}}`, "", "http.acme.domains[1]: expected a name like"},
		{"an authority's certificate that is not there", `http: {public_url: "https://a.vn", acme: {domains: [a.vn], directory_ca: /none}}`, "", "http.acme.directory_ca: expected a file"},
		{"a plain address beside a plain address", `http: {plain_addr: ":80"}`, "", "http.plain_addr: expected nothing"},
		{"a proxy that is a word", "http: {trusted_proxies: [nginx]}", "", "http.trusted_proxies[0]: expected an address or a network"},
		{"an unknown section", "htpp: {addr: x}", "", "htpp: unknown key; expected one of database, http,"},
		{"an unknown key in a section", "http: {adr: x}", "", "http.adr: unknown key; expected one of addr, public_url"},
		{"an unknown key in a list", strings.Replace(oneCarrier, "addr: \"127", "windw: 3, addr: \"127", 1), "", "gateway.carriers[0].windw: unknown key; expected one of name, addr,"},
		{"an unknown key two levels down in a list", strings.Replace(oneCarrier, "CATHANHKHEX", "x, tonn: 5", 1), "", "gateway.carriers[0].source.tonn: unknown key; expected one of addr, ton, npi"},
		{"a list where a section belongs", "http: [1]", "", "http: expected a section with keys, got a list"},
		{"a word where a section belongs", "http: yes please", "", "http: expected a section with keys"},
		{"a section where a word belongs", "database: {url: {host: x}}", "", "database.url: expected a text, got a section"},
		{"a word where a carrier belongs", "gateway: {carriers: [viettel]}", "", "gateway.carriers[0]: expected a section with keys"},
		{"a phone number without quotes", "words: {hotline: 2363111222}", "", "words.hotline: expected a text in quotes, got 2363111222"},
		{"a response waited for longer than a lease lasts", strings.Replace(oneCarrier, "source:", "response_timeout: 3m, source:", 1), "", "gateway.carriers[0].response_timeout: expected 1s to 1m, got \"3m0s\""},
		{"a receipt waited for forever", strings.Replace(oneCarrier, "source:", "receipt_deadline: 1000h, source:", 1), "", "gateway.carriers[0].receipt_deadline: expected 1h to 720h, got \"1000h0m0s\""},
		{"a way of writing ids that is none", strings.Replace(oneCarrier, "source:", "receipt_id: octal, source:", 1), "", "gateway.carriers[0].receipt_id: expected one of auto, same, hex, dec"},
		{"a duration without a unit", strings.Replace(oneCarrier, "source:", "enquire_link: 30, source:", 1), "", "gateway.carriers[0].enquire_link: expected a duration with its unit, like 30s or 72h, got 30"},
		{"a number where a switch belongs", strings.Replace(oneCarrier, "source:", "tls: 3, source:", 1), "", "gateway.carriers[0].tls: expected true or false, got 3"},
		{"a word where a number belongs", strings.Replace(oneCarrier, "source:", "window: many, source:", 1), "", "gateway.carriers[0].window: expected a number, got \"many\""},
		{"an address without a port", `http: {addr: "127.0.0.1"}`, "", `http.addr: expected host:port, got "127.0.0.1"`},
		{"a public address without a scheme", `http: {public_url: "canhgiac.vn"}`, "", "http.public_url: expected an http or https address"},
		{"hours the wrong way to write", `sending: {hours: "7-22"}`, "", `sending.hours: expected "HH:MM-HH:MM"`},
		{"a negative cap", `sending: {caps: {per_day: -1}}`, "", "sending.caps.per_day: expected 0 (no cap) or more"},
		{"a log level that does not exist", `log: {level: loud}`, "", "log.level: expected one of debug, info, warn, error"},
		{"a sender name of digits only", `words: {brand: "12345"}`, "", "words.brand: expected a sender name"},
		{"two carriers of one name", oneCarrier + `    - {name: viettel, addr: "127.0.0.1:2776", system_id: ward, source: {addr: X}}`, "", "gateway.carriers[1].name: expected a name of its own"},
		{"a way to bind that does not exist", strings.Replace(oneCarrier, "source:", "bind: both, source:", 1), "", "gateway.carriers[0].bind: expected one of transceiver, separate"},
		{"no bind at all", strings.Replace(oneCarrier, "source:", "binds: 0, source:", 1), "", "gateway.carriers[0].binds: expected 1 to 20 binds"},
		{"an authority that is not there", strings.Replace(oneCarrier, "source:", "tls: true, tls_ca: /nowhere.pem, source:", 1), "", "gateway.carriers[0].tls_ca: expected a file of certificates in PEM"},
		{"an authority without TLS", strings.Replace(oneCarrier, "source:", "tls_ca: /nowhere.pem, source:", 1), "", "gateway.carriers[0].tls_ca: expected nothing, since tls is false"},
		{"a prefix that no number is looked up by", strings.Replace(oneCarrier, "source:", `prefixes: ["+849012345"], source:`, 1), "", "gateway.carriers[0].prefixes[0]: expected the start of a number with its country, of 2 to 7 digits"},
		{"a prefix in the form of home", strings.Replace(oneCarrier, "source:", `prefixes: ["+84", "090"], source:`, 1), "", "gateway.carriers[0].prefixes[1]: expected the start of a number with its country"},
		{"a prefix of two carriers that are no equals", twoCarriers(`prefixes: ["+8490"]`, `prefixes: ["+8491", "+8490"]`), "", "gateway.carriers[1].prefixes[1]: expected a prefix that viettel does not take; give both the same prefixes"},
		{"a fallback that nobody knows", strings.Replace(oneCarrier, "source:", "fallback: [mobi], source:", 1), "", "gateway.carriers[0].fallback[0]: expected the name of a carrier: one of viettel, got \"mobi\""},
		{"a carrier that falls back on itself", strings.Replace(oneCarrier, "source:", "fallback: [viettel], source:", 1), "", "gateway.carriers[0].fallback[0]: expected another carrier, since viettel cannot stand in for itself"},
		{"a refusal that SMPP does not know", strings.Replace(oneCarrier, "source:", "unknown_subscriber: [ESME_RINVDSTADDR], source:", 1), "", "gateway.carriers[0].unknown_subscriber[0]: expected the name of a status, like ESME_RINVDSTADR"},
		{"a failover in no time", "gateway: {failover_after: 1s}", "", "gateway.failover_after: expected at least 10s"},
		{"a switch that is neither", strings.Replace(oneCarrier, "source:", "query_sm: maybe, source:", 1), "", `gateway.carriers[0].query_sm: expected true or false, got "maybe"`},
		{"a deadline in words", strings.Replace(oneCarrier, "source:", "receipt_deadline: 3 days, source:", 1), "", `gateway.carriers[0].receipt_deadline: expected a duration with its unit, like 30s or 72h, got "3 days"`},
		{"a window of zero", strings.Replace(oneCarrier, "source:", "window: 0, source:", 1), "", "gateway.carriers[0].window: expected 1 to 1000"},
		{"a dialect nobody speaks", `voice: {providers: [{name: a, dialect: morse, account: b, secret: "0123456789abcdef"}]}`, "", "voice.providers[0].dialect: expected one of twiml"},
		{"a short secret, which is not repeated", `voice: {providers: [{name: a, dialect: twiml, account: b, secret: hunter2}]}`, "", "voice.providers[0].secret: expected the provider's signing token of at least 16 characters, got 7"},
		{"a provider named like the sounds", oneProvider("name: sounds, dialect: twiml, account: b"), "", "voice.providers[0].name: expected a name of its own"},
		{"words for TwiML", oneProvider("name: a, account: b, speak: text"), "", "voice.providers[0].speak: expected sound"},
		{"a way to speak that is none", oneProvider("name: a, account: b, speak: sing"), "", "voice.providers[0].speak: expected one of sound, text"},
		{"stringee without a number of ours", oneProvider("name: a, dialect: stringee"), "", "voice.providers[0].caller_id: expected our number"},
		{"Vonage without an application", oneProvider(`name: a, dialect: ncco, caller_id: "842473000001"`), "", "voice.providers[0].account: expected"},
		{"a key that is not there", oneProvider(`name: a, dialect: ncco, account: b, caller_id: "842473000001", private_key: /nowhere.pem`), "", "voice.providers[0].private_key: expected a file"},
		{"an API without a scheme", oneProvider("name: a, account: b, api_url: api.twilio.com"), "", "voice.providers[0].api_url: expected an http or https address"},
		{"a key without its secret", oneProvider("name: a, account: b, api_key: SK1"), "", "voice.providers[0].api_secret: expected the secret of api_key"},
		{"a provider of no calls", oneProvider("name: a, account: b, max_calls: 0"), "", "voice.providers[0].max_calls: expected 1 to 2000"},
		{"a provider of no calls a second", oneProvider("name: a, account: b, calls_per_second: 0"), "", "voice.providers[0].calls_per_second: expected more than 0"},
		{"an official number that is half one", oneOfficial("036311"), "", "voice.official[0].number: expected digits as they are dialled"},
		{"an official number with letters", oneOfficial("1900-ABC"), "", "voice.official[0].number: expected digits as they are dialled"},
		{"an official number's owner of no kind", strings.Replace(oneOfficial("19001234"), "ngan_hang", "bank", 1), "", "voice.official[0].kind: expected one of"},
		{"an official number without its owner's plain name", strings.Replace(oneOfficial("19001234"), "Ngan hang", "Ngân hàng", 1), "", "voice.official[0].plain: expected no diacritics"},
		{"an official number from nowhere", strings.Replace(oneOfficial("19001234"), "thẻ", "", 1), "", "voice.official[0].source: expected where"},
		{"a sounds folder that is not there", `voice: {sounds: "/nowhere"}`, "", "voice.sounds: expected a folder that exists"},
		{"a place to listen without its network", strings.Replace(oneTrunk, "udp://", "", 1), "", "voice.sip.listen[0]: expected udp://HOST:PORT"},
		{"SIP for nobody", `voice: {sip: {listen: ["udp://127.0.0.1:5060"]}}`, "", "voice.sip.trunks: expected a trunk at least"},
		{"SIP over TLS without a certificate", strings.Replace(oneTrunk, "udp://", "tls://", 1), "", "voice.sip.tls.cert: expected a file"},
		{"a trunk for everybody", strings.Replace(oneTrunk, `addresses: ["203.0.113.0/28"]`, "max_calls: 5", 1), "", "voice.sip.trunks[0].addresses: expected a network at least"},
		{"a trunk's network that is a word", strings.Replace(oneTrunk, "203.0.113.0/28", "vnpt", 1), "", "voice.sip.trunks[0].addresses[0]: expected an address or a network"},
		{"a trunk that bears a provider's name", `voice: {providers: [{name: vnpt, dialect: twiml, account: b, secret: "0123456789abcdef"}], sip: {trunks: [{name: vnpt, server: sip.vn}]}}`, "", "voice.sip.trunks[0].name: expected a name of its own"},
		{"a registration nowhere", strings.Replace(oneTrunk, "name: vnpt", "name: vnpt, register: {user: ward}", 1), "", "voice.sip.trunks[0].server: expected a host, since register.user is set"},
		{"a registration without end", strings.Replace(oneTrunk, "name: vnpt", "name: vnpt, server: sip.vn, register: {user: ward, expires: 900h}", 1), "", "voice.sip.trunks[0].register.expires: expected 1m to 24h"},
		{"a trunk of no calls", strings.Replace(oneTrunk, "name: vnpt", "name: vnpt, max_calls: 0", 1), "", "voice.sip.trunks[0].max_calls: expected 1 to 2000"},
		{"a trunk by a way that is not listened on", strings.Replace(oneTrunk, "name: vnpt", "name: vnpt, server: sip.vn, transport: tls", 1), "", "voice.sip.trunks[0].transport: expected one of those in voice.sip.listen"},
		{"a form of numbers that nobody writes", strings.Replace(oneTrunk, "name: vnpt", "name: vnpt, numbers: roman", 1), "", "voice.sip.trunks[0].numbers: expected one of national, e164, plain"},
		{"fewer ports than calls", strings.Replace(oneTrunk, "{listen", `{rtp_ports: "20000-20009", listen`, 1), "", "voice.sip.rtp_ports: expected"},
		{"calls out by nobody", `voice: {outbound: {providers: [vnpt]}}`, "", "voice.outbound.providers[0]: expected the name of a provider or trunk that places calls"},
		{"calls out by a provider without a number", `voice: {providers: [{name: a, dialect: twiml, account: b, secret: "0123456789abcdef"}], outbound: {providers: [a]}}`, "", "voice.outbound.providers[0]: expected the name"},
		{"calls out by a trunk that only brings them", strings.Replace(oneTrunk, "{sip:", "{outbound: {providers: [vnpt]}, sip:", 1), "", "voice.outbound.providers[0]: expected the name"},
		{"a telephone that rings on and on", `voice: {outbound: {ring: 10m}}`, "", "voice.outbound.ring: expected 10s to 2m"},
		{"calls at hours that are none", `voice: {outbound: {hours: morning}}`, "", "voice.outbound.hours: expected"},
		{"calls back without a limit", `voice: {missed_call: {per_hour: 0}}`, "", "voice.missed_call.per_hour: expected 1 to 3600"},
		{"fewer calls back a day than an hour", `voice: {missed_call: {per_hour: 60, per_day: 30}}`, "", "voice.missed_call.per_day: expected per_hour to"},
		{"one number rung back all day", `voice: {missed_call: {per_number: 1000}}`, "", "voice.missed_call.per_number: expected 1 to 144"},
		{"missed calls that nobody can call back", `voice: {missed_call: {numbers: ["02363111333"]}}`, "", "voice.outbound.providers: expected a provider to call back with"},
		{"a provider that cannot record calls", `voice: {recording: {calls: true}, providers: [{name: a, dialect: stringee, caller_id: "842363111222", secret: "0123456789abcdef"}]}`, "", "voice.providers[0].dialect: expected twiml, since voice.recording.calls is set"},
		{"recordings kept for good", `voice: {recording: {keep: 90000h}}`, "", "voice.recording.keep: expected 24h to 8784h"},
		{"an address outside that is a name", strings.Replace(oneTrunk, "{listen", `{external_ip: ward.vn, listen`, 1), "", "voice.sip.external_ip: expected an IP address"},
		{"a mistyped environment variable", "", "CANHGIAC_HTPP_ADDR=x", "environment variable CANHGIAC_HTPP_ADDR: no such setting"},
		{"an environment variable for a carrier that is not there", "", "CANHGIAC_GATEWAY_CARRIERS_MOBI_PASSWORD=x", "no such setting"},
		{"a wrong value from the environment", "", "CANHGIAC_LOG_LEVEL=loud", "log.level: expected one of"},
		{"not YAML at all", "a: [", "", "read config"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loadConfig(write(t, tt.yaml), env(tt.env))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant …%s…", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Error("the error repeats a secret")
			}
		})
	}
}

func TestEveryMistakeIsToldAtOnce(t *testing.T) {
	_, err := loadConfig(write(t, "http: {addr: x}\nlog: {level: loud}"), nil)
	if err == nil || !strings.Contains(err.Error(), "http.addr") || !strings.Contains(err.Error(), "log.level") {
		t.Errorf("want both paths, got %v", err)
	}
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	got, err := loadConfig(write(t, oneCarrier+"http: {addr: \"127.0.0.1:1\"}"), []string{
		"CANHGIAC_HTTP_ADDR=127.0.0.1:2", "CANHGIAC_HTTP_PUBLIC_URL=https://canhgiac.example.vn",
		"CANHGIAC_SENDING_CAPS_PER_WEEK=1", "CANHGIAC_VOICE_OFFICERS=0905000001,0905000002",
		"CANHGIAC_GATEWAY_CARRIERS_VIETTEL_PASSWORD=secret", "CANHGIAC_GATEWAY_CARRIERS_VIETTEL_RESPONSE_TIMEOUT=5s",
		"PATH=/bin",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.HTTP.Addr != "127.0.0.1:2" || got.HTTP.PublicURL != "https://canhgiac.example.vn" || got.Sending.Caps.PerWeek != 1 ||
		len(got.Voice.Officers) != 2 || got.Gateway.Carriers[0].Password != "secret" || got.Gateway.Carriers[0].ResponseTimeout != 5*time.Second {
		t.Errorf("got %+v", got)
	}
}

func write(t *testing.T, yaml string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func env(pair string) []string {
	if pair == "" {
		return nil
	}
	return []string{pair}
}
