package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/gateway/simulator"
	"canhgiac/internal/postgres"
	"canhgiac/ivr/sip"
)

func newDemoCommand(file *string) *cobra.Command {
	var dir string
	var reset, totp bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show everything on this machine: private database, simulated phones, a sample ward",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if reset {
				return resetDemo(dir, cmd.OutOrStdout())
			}
			return runDemo(cmd.Context(), *file, dir, totp, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "var", "the folder that keeps the demo's data")
	cmd.Flags().BoolVar(&totp, "totp", false, "ask police and operator for a second factor, as a real ward does (console.totp)")
	cmd.Flags().BoolVar(&reset, "reset", false, "forget the demo's data and end")
	return cmd
}

// resetDemo removes what the demo keeps, and nothing else in the folder.
func resetDemo(dir string, out io.Writer) error {
	if err := errors.Join(postgres.Remove(filepath.Join(dir, "postgres")), os.RemoveAll(filepath.Join(dir, "voice"))); err != nil {
		return fmt.Errorf("forget the demo: %w", err)
	}
	for _, name := range []string{"demo.json", "demo.log"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("forget the demo: %w", err)
		}
	}
	fmt.Fprintln(out, "The demo's data is gone; the next start begins anew.")
	return nil
}

// demoSecrets are made at the first start and kept beside the data, so that the printed sign-ins stay true.
type demoSecrets struct {
	SMPPPassword string            `json:"smpp_password"`
	VoiceSecret  string            `json:"voice_secret"`
	Passwords    map[string]string `json:"passwords"` // by user name
}

func loadDemoSecrets(file string) (demoSecrets, error) {
	s := demoSecrets{SMPPPassword: strings.ToLower(rand.Text()[:8]), VoiceSecret: rand.Text(), Passwords: map[string]string{}}
	text, err := os.ReadFile(file)
	switch {
	case err == nil:
		if err := json.Unmarshal(text, &s); err != nil {
			return s, fmt.Errorf("read %s (remove it with `make demo-reset`): %w", file, err)
		}
	case !errors.Is(err, os.ErrNotExist):
		return s, err
	}
	known := len(s.Passwords)
	for _, u := range sampleUsers() { // an older demo may not have known all of them
		if s.Passwords[u.Name] == "" {
			s.Passwords[u.Name] = newPassword()
		}
	}
	if known == len(s.Passwords) {
		return s, nil
	}
	if text, err = json.MarshalIndent(s, "", "  "); err != nil {
		return s, err
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return s, err
	}
	return s, os.Rename(file+".new", file)
}

// demoConfig lays over the file what makes this machine a whole world of its own: its carrier and its voice provider are
// the simulator, reached over SMPP and signed webhooks as real ones would be.
func demoConfig(c Config, s demoSecrets, databaseURL string) Config {
	c.Database.URL = databaseURL
	c.HTTP.TLS, c.HTTP.ACME, c.HTTP.PlainAddr = TLSConfig{}, ACMEConfig{}, ""
	c.HTTP.PublicURL = "http://" + c.HTTP.Addr // the simulator signs what the browser sees, wherever the demo listens
	carrier := defaultCarrier()
	carrier.Name, carrier.Addr = "simulator", c.Simulator.SMPPAddr
	carrier.SystemID, carrier.Password = "demo", s.SMPPPassword
	carrier.Source.Addr = c.Words.Brand
	carrier.Rate, carrier.Window = 200, 50
	carrier.USSD = "standard"
	carrier.Cost = 300 // made up, so that a campaign and the statistics can say what it comes to
	c.Gateway.Carriers = []CarrierConfig{carrier}
	provider := defaultProvider()
	provider.Name, provider.Account, provider.Secret = "simulator", "ACdemo", s.VoiceSecret
	other := defaultProvider() // of another dialect; the simulator rings by it where it is asked to
	other.Name, other.Dialect, other.Secret, other.CallerID = "simulator-vn", dialectStringee, s.VoiceSecret, "842473000001"
	other.APIURL = "http://" + c.Simulator.HTTPAddr                                      // which keeps what its callers spoke
	provider.CallerID, provider.APIURL = c.Words.Hotline, "http://"+c.Simulator.HTTPAddr // which rings the phones of our calls
	c.Voice.Providers = []ProviderConfig{provider, other}
	c.Voice.Outbound.Providers, c.Voice.Outbound.Hours = []string{provider.Name}, "00:00-24:00"
	if len(c.Voice.Officers) == 0 {
		c.Voice.Officers = []string{"02363222113"}
	}
	c.Console.HandsetURL = "http://" + c.Simulator.HTTPAddr
	c.Console.TOTP = nil // nobody who tries the demo should need a phone; `canhgiac demo --totp` asks for one
	// Whoever tries the demo at midnight shall see a reminder too, and after the sample's six within six minutes one of their
	// own campaign; a real ward keeps the lawful hours and what it promised.
	c.Sending.Hours, c.Sending.Caps = "00:00-24:00", CapsConfig{}
	return c
}

// withSoftphones has every softphone of this machine ring the hotline, where voice.sip.listen says or where they look first.
func withSoftphones(c *Config) {
	if len(c.Voice.SIP.Listen) == 0 {
		c.Voice.SIP.Listen = demoSIP()
	}
	phones := defaultTrunk()
	phones.Name, phones.Addresses, phones.MaxCalls = "softphone", []string{"127.0.0.0/8"}, 20
	c.Voice.SIP.Trunks = append(c.Voice.SIP.Trunks, phones)
}

func runDemo(ctx context.Context, file, dir string, totp bool, out io.Writer) error {
	c, err := loadConfig(file, os.Environ(), withSoftphones)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	secrets, err := loadDemoSecrets(filepath.Join(dir, "demo.json"))
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(dir, "demo.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	log := slog.New(slog.NewJSONHandler(logFile, nil))
	sip.Quiet(log)

	fmt.Fprintln(out, "Starting a private PostgreSQL ...")
	server, err := postgres.Start(ctx, postgres.Options{Dir: filepath.Join(dir, "postgres")})
	if err != nil {
		return err
	}
	world := demoConfig(c, secrets, server.URL())
	world.Voice.SIP.Spool = filepath.Join(dir, "voice")
	if totp {
		world.Console.TOTP = c.Console.TOTP
	}
	err = demoWorld(ctx, world, secrets, server.Dir(), logFile.Name(), log, out)
	if err = errors.Join(err, server.Stop()); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nStopped. The data is kept for the next start.")
	return nil
}

// demoNetwork takes a carrier's time, so that messages are seen on their way.
var demoNetwork = simulator.Network{
	Responses: simulator.Responses{After: simulator.Span{Min: 20 * time.Millisecond, Max: 80 * time.Millisecond}},
	Receipts:  simulator.Receipts{After: simulator.Span{Min: 300 * time.Millisecond, Max: 2 * time.Second}},
}

// demoWorld runs until ctx ends. The database outlives it.
func demoWorld(ctx context.Context, c Config, secrets demoSecrets, dataDir, logPath string, log *slog.Logger, out io.Writer) error {
	db, err := openMigrated(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	n, err := newNode(c, db, log, time.Now)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Preparing the ward Thanh Khê: units, residents.csv, the six reminders, and eight weeks that lie behind it, all made up ...")
	if err := loadPast(ctx, c, log, secrets.Passwords, time.Now()); err != nil {
		return err
	}
	if err := n.loadDemo(ctx, secrets.Passwords); err != nil {
		return err
	}
	if err := n.listen(ctx); err != nil {
		return err
	}
	provider := c.Voice.Providers[0]
	sim, err := simulator.New(simulator.Options{
		SMPPAddr: c.Simulator.SMPPAddr, HTTPAddr: c.Simulator.HTTPAddr,
		SystemID: c.Gateway.Carriers[0].SystemID, Password: secrets.SMPPPassword,
		VoiceURL: c.HTTP.PublicURL, VoiceProvider: provider.Name, VoiceAccount: provider.Account, VoiceSecret: provider.Secret,
		Stringee: simulator.Stringee{Provider: c.Voice.Providers[1].Name, SigningKey: c.Voice.Providers[1].Secret},
		Script:   simulator.Script{Network: demoNetwork}, Log: log.With("part", "simulator"),
	})
	if err != nil {
		return errors.Join(err, n.closeListeners())
	}
	simulate := func(ctx context.Context) error {
		return taken(sim.Run(ctx), "simulator.smpp_addr", "simulator.http_addr")
	}
	parts := append([]part{{name: "simulator", run: simulate, grace: shortGrace}}, n.parts()...)
	go func() {
		select {
		case <-sim.Ready():
			printDemo(out, c, n.sip.Addr("udp"), secrets, dataDir, logPath)
		case <-ctx.Done():
		}
	}()
	return runParts(ctx, log, parts)
}

// ussdCode is what a phone dials here: any code does, since the simulator's carrier brings them all.
func ussdCode(c Config) string { return "*" + cmp.Or(c.Words.Shortcode, "101") + "#" }

// whoNeedsFactor says of this demo what a visitor will meet at the sign-in.
func whoNeedsFactor(c Config) string {
	if len(c.Console.TOTP) == 0 {
		return "Nobody needs a second factor here; `canhgiac demo --totp` asks police and operator for one"
	}
	return "At the first sign-in a second factor is set up by an authenticator app: " + strings.Join(c.Console.TOTP, " and ") + " must have one"
}

func printDemo(out io.Writer, c Config, phones string, s demoSecrets, dataDir, logPath string) {
	url := c.HTTP.PublicURL
	fmt.Fprintf(out, "\n  Cảnh Giác: %s\n\n", url)
	for _, u := range sampleUsers() {
		fmt.Fprintf(out, "    %-9s  %-9s  %s   %s\n", u.Role, u.Name, s.Passwords[u.Name], u.Note)
	}
	fmt.Fprintf(out, `
  To try:
    1. %[1]s/handset as operator: choose a resident; within a minute a reminder arrives on the phone.
    2. On that phone ring %[2]s, press 1 or 2, and report a scam by its keys; or by the screens of %[6]s, cut off and dialled again.
    3. %[1]s/reports as police: the report stands at the top; open it, receive it, note on it.
    4. On the phone, send TC: from then on nothing more is sent to it, not even what is already queued.
    5. With any softphone on this machine ring sip:hotline@%[8]s, without an account, and hear the menu itself.
    6. %[1]s/campaigns as canbo: watch the six reminders go out to 60 groups; write your own, let lanhdao approve it.

  Reminders go out at any hour here; a real ward keeps %[3]s. %[7]s,
  and everybody may set one up under "Tài khoản của tôi".
  Data: %[4]s   Log: %[5]s. Ctrl-C stops everything and keeps the data; `+"`make demo-reset`"+` forgets it.

`, url, c.Words.Hotline, defaultConfig().Sending.Hours, dataDir, logPath, ussdCode(c), whoNeedsFactor(c), phones)
}
