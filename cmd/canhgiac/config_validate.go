package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"canhgiac/gateway"
	"canhgiac/schedules"
)

var (
	// A sender name: at most 11 of Latin letters, digits, - _ . and space, not digits only (DOMAIN, NĐ 91/2020).
	senderName  = regexp.MustCompile(`^[A-Za-z0-9._ -]{1,11}$`)
	onlyDigits  = regexp.MustCompile(`^[0-9]+$`)
	hotlineForm = regexp.MustCompile(`^[0-9]{3,11}$`)
	phoneForm   = regexp.MustCompile(`^\+?[0-9]{3,15}$`)
	prefixForm  = regexp.MustCompile(`^\+[0-9]{2,7}$`) // as long as the gateway looks
	secretForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{32,256}$`)
	domainForm  = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
)

// validate says everything that is wrong at once, each with its path and what was expected. Secrets are never printed.
func (c Config) validate() error {
	var k check
	k.addr("http.addr", c.HTTP.Addr)
	k.addr("admin.addr", c.Admin.Addr)
	k.that(isHTTPURL(c.HTTP.PublicURL) && !strings.HasSuffix(c.HTTP.PublicURL, "/"), "http.public_url", "an http or https address without a slash at its end", c.HTTP.PublicURL)
	k.http(c.HTTP)
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.that(senderName.MatchString(c.Words.Brand) && !onlyDigits.MatchString(c.Words.Brand), "words.brand", "a sender name of at most 11 letters, digits, - _ . or spaces, not digits only", c.Words.Brand)
	k.that(hotlineForm.MatchString(c.Words.Hotline), "words.hotline", "3 to 11 digits", c.Words.Hotline)
	k.that(c.Words.Shortcode == "" || hotlineForm.MatchString(c.Words.Shortcode), "words.shortcode", "digits, or nothing where no two-way short code is leased", c.Words.Shortcode)
	_, err := schedules.ParseHours(c.Sending.Hours)
	k.that(err == nil, "sending.hours", `"HH:MM-HH:MM", like "07:00-22:00"`, c.Sending.Hours)
	k.that(c.Sending.Caps.PerDay >= 0, "sending.caps.per_day", "0 (no cap) or more", c.Sending.Caps.PerDay)
	k.that(c.Sending.Caps.PerWeek >= 0, "sending.caps.per_week", "0 (no cap) or more", c.Sending.Caps.PerWeek)
	k.deadlines(c.Reports.Deadlines)
	k.that(c.Operator.BackupMark == "" || filepath.IsAbs(c.Operator.BackupMark), "operator.backup_mark", "the whole path of a file, or nothing", c.Operator.BackupMark)
	k.that(c.Console.HandsetURL == "" || isHTTPURL(c.Console.HandsetURL), "console.handset_url", "an http address, or nothing", c.Console.HandsetURL)
	k.signin(c.Console)
	k.addr("simulator.smpp_addr", c.Simulator.SMPPAddr)
	k.addr("simulator.http_addr", c.Simulator.HTTPAddr)
	k.speech(c.Voice)
	k.tape(c.Voice)
	if c.Voice.Sounds != "" {
		st, err := os.Stat(c.Voice.Sounds)
		k.that(err == nil && st.IsDir(), "voice.sounds", "a folder that exists, or nothing", c.Voice.Sounds)
	}
	for i, o := range c.Voice.Official {
		if err := o.Check(); err != nil {
			k.problems = append(k.problems, fmt.Errorf("voice.official[%d].%w", i, err))
		}
	}
	for i, o := range c.Voice.Officers {
		k.that(phoneForm.MatchString(o), fmt.Sprintf("voice.officers[%d]", i), "a phone number of 3 to 15 digits", o)
	}
	names := map[string]bool{}
	for i, r := range c.Gateway.Carriers {
		k.carrier(fmt.Sprintf("gateway.carriers[%d]", i), r, names)
	}
	k.routes(c.Gateway)
	names = map[string]bool{}
	for i, p := range c.Voice.Providers {
		k.provider(fmt.Sprintf("voice.providers[%d]", i), p, names)
	}
	k.sip(c.Voice.SIP, names)
	k.outbound(c.Voice)
	names = map[string]bool{}
	for i, p := range c.USSD.Providers {
		at := fmt.Sprintf("ussd.providers[%d]", i)
		k.that(nameForm.MatchString(p.Name) && !names[p.Name], at+".name", "a name of its own, of small letters, digits, - and _", p.Name)
		names[p.Name] = true
		if !secretForm.MatchString(p.Secret) {
			k.problems = append(k.problems, fmt.Errorf("%s.secret: expected 32 or more letters, digits, - and _, since it stands in an address; got %d characters", at, len(p.Secret)))
		}
	}
	return errors.Join(k.problems...)
}

func (k *check) deadlines(d DeadlinesConfig) {
	for path, t := range map[string]time.Duration{"receive": d.Receive, "classify": d.Classify, "resolve": d.Resolve, "complex": d.Complex, "extended": d.Extended} {
		k.that(t >= time.Hour && t <= 366*24*time.Hour, "reports.deadlines."+path, "1h to 8784h", t)
	}
	k.that(d.Resolve <= d.Complex && d.Complex <= d.Extended, "reports.deadlines", "resolve, complex and extended each at least as long as the one before", fmt.Sprint(d.Resolve, d.Complex, d.Extended))
	k.that(d.Soon > 0 && d.Soon < 1, "reports.deadlines.soon", "a share between 0 and 1", d.Soon)
}

func (k *check) signin(c ConsoleConfig) {
	k.that(c.Session >= 15*time.Minute && c.Session <= 24*time.Hour, "console.session", "15m to 24h", c.Session)
	k.that(c.IdleLock == 0 || c.IdleLock >= time.Minute && c.IdleLock <= c.Session, "console.idle_lock", "0 (never), or 1m to console.session", c.IdleLock)
	for i, role := range c.TOTP {
		k.oneOf(fmt.Sprintf("console.totp[%d]", i), role, "ward", "police", "operator")
	}
	for path, secret := range map[string]string{"console.secret": c.Secret, "console.secret_before": c.SecretBefore} {
		if secret != "" && len(secret) < 32 {
			k.problems = append(k.problems, fmt.Errorf("%s: expected 32 or more characters at random, or nothing; got %d", path, len(secret)))
		}
	}
	if c.SecretBefore != "" && c.Secret == "" {
		k.problems = append(k.problems, errors.New("console.secret_before: expected nothing, since console.secret is empty"))
	}
}

func (k *check) carrier(at string, r CarrierConfig, names map[string]bool) {
	k.that(nameForm.MatchString(r.Name) && !names[r.Name], at+".name", "a name of its own, of small letters, digits, - and _", r.Name)
	names[r.Name] = true
	k.addr(at+".addr", r.Addr)
	// The limits of the bind PDU's fields (SMPP 3.4 §4.1.5), each one less for the closing NUL.
	k.that(r.SystemID != "" && len(r.SystemID) <= 15, at+".system_id", "1 to 15 characters", r.SystemID)
	if len(r.Password) > 8 {
		k.problems = append(k.problems, fmt.Errorf("%s.password: expected at most 8 characters, got %d", at, len(r.Password)))
	}
	k.that(len(r.SystemType) <= 12, at+".system_type", "at most 12 characters", r.SystemType)
	k.that(r.TLSCA == "" || r.TLS, at+".tls_ca", "nothing, since tls is false", r.TLSCA)
	if r.TLS && r.TLSCA != "" {
		_, err := r.tlsConfig()
		k.that(err == nil, at+".tls_ca", "a file of certificates in PEM, or nothing", r.TLSCA)
	}
	k.oneOf(at+".bind", r.Bind, "transceiver", "separate")
	k.that(r.Binds >= 1 && r.Binds <= 20, at+".binds", "1 to 20 binds", r.Binds)
	k.that(r.Window >= 1 && r.Window <= 1000, at+".window", "1 to 1000 submit_sm under way", r.Window)
	k.that(r.Rate > 0 && r.Rate <= 100000, at+".rate", "more than 0 parts a second", r.Rate)
	k.that(r.Source.Addr != "" && len(r.Source.Addr) <= 20, at+".source.addr", "a sender of 1 to 20 characters", r.Source.Addr)
	k.that(r.Source.TON >= 0 && r.Source.TON <= 6, at+".source.ton", "0 to 6 (SMPP 3.4 §5.2.5)", r.Source.TON)
	k.that(r.Source.NPI >= 0 && r.Source.NPI <= 18, at+".source.npi", "0 to 18 (SMPP 3.4 §5.2.6)", r.Source.NPI)
	k.oneOf(at+".ussd", r.USSD, append([]string{ussdOff}, gateway.USSDProfiles()...)...)
	k.oneOf(at+".receipt_id", r.ReceiptID, "auto", "same", "hex", "dec")
	k.that(r.ReceiptDeadline >= time.Hour && r.ReceiptDeadline <= 30*24*time.Hour, at+".receipt_deadline", "1h to 720h", r.ReceiptDeadline)
	k.oneOf(at+".split", r.Split, "udh", "udh16", "sar", "payload")
	k.that(r.Cost >= 0 && r.Cost <= 100000, at+".cost", "VND for one part, 0 (not known) to 100000", r.Cost)
	k.that(r.EnquireLink.Seconds() >= 1, at+".enquire_link", "at least 1s", r.EnquireLink)
	// A lease on a chunk lasts three minutes: a response waited for longer would find its message in doubt, or sent again.
	k.that(r.ResponseTimeout >= time.Second && r.ResponseTimeout <= time.Minute, at+".response_timeout", "1s to 1m", r.ResponseTimeout)
}

// check collects what is wrong, so that one start shows every mistake.
type check struct{ problems []error }

func (c *check) that(ok bool, path, expected string, got any) {
	if !ok {
		c.problems = append(c.problems, fmt.Errorf("%s: expected %s, got %q", path, expected, fmt.Sprint(got)))
	}
}

func (c *check) addr(path, addr string) {
	_, _, err := net.SplitHostPort(addr)
	c.that(err == nil, path, "host:port", addr)
}

func (c *check) oneOf(path, got string, choices ...string) {
	c.that(slices.Contains(choices, got), path, "one of "+strings.Join(choices, ", "), got)
}

func isHTTPURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
