package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"canhgiac/internal/nodes"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/migrations"
)

// database looks at it and at all that only it knows. It says whether a node runs on this host.
func (d *doctor) database(ctx context.Context, c Config) (running bool) {
	db, err := openDatabase(ctx, c)
	if err != nil {
		d.say("database", bad, "start it, or correct database.url", "%s", oneLine(err))
		d.menu(ctx, c, nil)
		return false
	}
	defer db.Close()
	d.say("database", ok, "", "answers")
	switch applied, err := migrations.Applied(ctx, db); {
	case err != nil:
		d.say("schema", bad, "run `canhgiac migrate`", "there is none yet")
		d.menu(ctx, c, nil)
		return false
	case applied < migrations.Newest():
		d.say("schema", bad, "run `canhgiac migrate`, or start a node, which does so", "version %d, this program needs %d", applied, migrations.Newest())
		d.menu(ctx, c, nil)
		return false
	case applied > migrations.Newest():
		d.say("schema", warn, "install the newer program here too", "version %d, this program knows %d", applied, migrations.Newest())
	default:
		d.say("schema", ok, "", "version %d", applied)
	}
	d.surroundings(ctx, c, db)
	d.menu(ctx, c, db)
	all, err := nodes.NewStore(db).List(ctx)
	if err != nil {
		d.say("nodes", bad, "see the database", "%s", oneLine(err))
		return false
	}
	host, _ := os.Hostname()
	n := 0
	for _, one := range all {
		if one.Lives() {
			n++
			running = running || strings.EqualFold(one.Host, host)
		}
	}
	d.say("nodes", ok, "", "%d running", n)
	return running
}

// surroundings are the clock, the disks and the certificates, as a node tells of them on /system.
func (d *doctor) surroundings(ctx context.Context, c Config, db *sql.DB) {
	log := slog.New(slog.DiscardHandler)
	served, err := certificates(c.HTTP, db, d.now, log)
	if err != nil {
		d.say("certificates", bad, "see http.tls and http.acme", "%s", oneLine(err))
	}
	look := &nodes.Teller{DB: db, Now: d.now, Log: log, BackupMark: c.Operator.BackupMark, Certificates: seenCertificates(nil, served)}
	seen, err := look.Look(ctx)
	if err != nil {
		d.say("surroundings", bad, "see the message", "%s", oneLine(err))
		return
	}
	clock := ok
	if seen.ClockOff.Abs() > nodes.ClockLimit {
		clock = bad
	}
	d.say("clock", clock, "set it by NTP (timedatectl set-ntp true)", "%v from the database's", seen.ClockOff.Round(time.Millisecond))
	for _, disk := range seen.State.Disks {
		state := ok
		switch {
		case disk.Full():
			state = bad
		case disk.Low():
			state = warn
		}
		d.say("disk of "+disk.Of, state, "make room on it", "%s: %d %% of %d GB free", disk.Path, disk.Free*100/max(1, disk.Total), disk.Total>>30)
	}
	for _, cert := range seen.State.Certificates {
		left := cert.NotAfter.Sub(d.now())
		state := ok
		switch {
		case left < nodes.CertificateNow:
			state = bad
		case left < nodes.CertificateSoon:
			state = warn
		}
		d.say("certificate of "+cert.Of, state, "renew it, see http.tls and http.acme", "%s: %d days left", cert.Name, int(left.Hours()/24))
	}
	switch at := seen.State.BackupAt; {
	case seen.State.BackupMark == "":
	case at == nil:
		d.say("backup", warn, "see the backup script", "%s is not there", seen.State.BackupMark)
	default:
		d.say("backup", ok, "", "%v ago", d.now().Sub(*at).Round(time.Minute))
	}
}

// menu judges the sounds, the program's own menu, and the version that answers. Without db the last is left out.
func (d *doctor) menu(ctx context.Context, c Config, db *sql.DB) {
	words, err := prompts.Load()
	if err != nil {
		d.say("words", bad, "correct ivr/prompts/content.yaml or labels.yaml, and build anew", "%s", oneLine(err))
		return
	}
	sound, err := prompts.OpenSound(words, c.Voice.Sounds)
	if err != nil {
		d.say("sounds", bad, "correct or take out that file of voice.sounds", "%s", oneLine(err))
		return
	}
	if db != nil {
		kept, err := openSounds(ctx, c.Voice, db, d.now, words, slog.New(slog.DiscardHandler))
		if err != nil {
			d.say("sounds", bad, "see the database", "%s", oneLine(err))
			return
		}
		sound = kept.Playing()
	}
	d.sounds(c, words, sound)
	menus, err := ivr.NewMenus(db, d.now, words, sound.Says, slog.New(slog.DiscardHandler))
	if err != nil {
		d.findings("menu", err)
		return
	}
	d.say("menu", ok, "", "the program's own is whole")
	if len(c.Voice.Officers) == 0 {
		d.say("officers", warn, "set voice.officers", "no number is configured: key 0 takes messages and rings nobody")
	} else {
		d.say("officers", ok, "", "%d numbers", len(c.Voice.Officers))
	}
	if db == nil {
		return
	}
	live, err := menus.LiveVersion(ctx)
	switch {
	case errors.Is(err, ivr.ErrNoVersion):
		d.say("live menu", ok, "", "the program's own answers")
	case err != nil:
		d.say("live menu", bad, "see the database", "%s", oneLine(err))
	default:
		if _, all := menus.Judge(live); len(all) > 0 {
			d.findings(fmt.Sprintf("live menu %d", live.ID), all)
			return
		}
		d.say("live menu", ok, "", "version %d answers, approved by %s", live.ID, live.Approver)
	}
}

// sounds tells what a voice lacks: the other one says it meanwhile, which callers notice.
func (d *doctor) sounds(c Config, words *prompts.Words, sound *prompts.Sound) {
	missing := sound.Missing(words)
	if len(missing) == 0 {
		d.say("sounds", ok, "", "%d lines in %d voices%s", len(words.Lines()), len(prompts.Voices()), inFolder(c.Voice.Sounds))
		return
	}
	var names []string
	for _, k := range missing {
		names = append(names, k.Voice.Address(k.Line))
	}
	d.say("sounds", warn, "record or upload them on the page Lời thoại", "%d have no sound of their own, the other voice says them: %s", len(missing), strings.Join(names, ", "))
}

func inFolder(dir string) string {
	if dir == "" {
		return ""
	}
	return ", recordings in " + dir
}

// findings are all that is wrong with a menu, a line each.
func (d *doctor) findings(what string, err error) {
	var all ivr.Findings
	if !errors.As(err, &all) {
		d.say(what, bad, "see the message", "%s", oneLine(err))
		return
	}
	for _, f := range all {
		d.say(what, bad, f.Remedy(), "%s: %s", f.Place, f.Says())
	}
}

// addresses: what a node listens at is free, or a node of this host has it.
func (d *doctor) addresses(c Config, running bool) {
	for _, a := range []struct{ key, addr string }{{"http.addr", c.HTTP.Addr}, {"admin.addr", c.Admin.Addr}, {"http.plain_addr", c.HTTP.PlainAddr}} {
		if a.addr != "" {
			d.address(a.key, "tcp", a.addr, running)
		}
	}
	for i, l := range c.Voice.SIP.Listen {
		network, addr, _ := strings.Cut(l, "://")
		if network == "tls" {
			network = "tcp"
		}
		d.address(fmt.Sprintf("voice.sip.listen[%d]", i), network, addr, running)
	}
}

func (d *doctor) address(key, network, addr string, running bool) {
	switch err := tryAddress(network, addr); {
	case err == nil:
		d.say(key, ok, "", "%s is free", addr)
	case errors.Is(err, syscall.EADDRINUSE) && running:
		d.say(key, ok, "", "%s is in use, and a node runs here", addr)
	case errors.Is(err, syscall.EADDRINUSE):
		d.say(key, bad, "stop what listens there, or choose another address", "%s is in use, and no node runs here", addr)
	default:
		d.say(key, bad, "choose an address of this machine", "%s", oneLine(err))
	}
}

func tryAddress(network, addr string) error {
	if network == "udp" {
		p, err := net.ListenPacket(network, addr)
		if err != nil {
			return err
		}
		return p.Close()
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		return err
	}
	return ln.Close()
}

// providers: without any, nobody reaches the ward, or the ward nobody.
func (d *doctor) providers(c Config) {
	voice := len(c.Voice.Providers) + len(c.Voice.SIP.Trunks)
	if voice == 0 {
		d.say("voice", warn, "set voice.providers or voice.sip", "no provider or trunk: nobody can call")
	} else {
		d.say("voice", ok, "", "%d providers, %d trunks", len(c.Voice.Providers), len(c.Voice.SIP.Trunks))
	}
	if len(c.Gateway.Carriers) == 0 {
		d.say("carriers", warn, "set gateway.carriers", "none: no message leaves")
		return
	}
	d.say("carriers", ok, "", "%d configured; `canhgiac carriers` tells how each stands", len(c.Gateway.Carriers))
}
