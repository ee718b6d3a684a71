package sip

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/rtp"

	"canhgiac/internal/g711"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

// soon has the announcement take no longer than the silence between two groups of digits: the clock of these calls is real.
func soon(o *Options) { o.Sounds = soonSounds{o.Sounds} }

type soonSounds struct{ Sounds }

func (s soonSounds) Find(v prompts.Voice, line string) (prompts.Kept, prompts.Voice, error) {
	if line == "ghi_am" {
		line = prompts.Gap
	}
	return s.Sounds.Find(v, line)
}

// sides are the two channels of a recording of ours.
func sides(t *testing.T, wav []byte) (caller, hotline audio.Sound) {
	t.Helper()
	n := (len(wav) - wavHeader) / tapeChannels
	if len(wav) < wavHeader || !bytes.Equal(wav[:wavHeader], header(n, tapeChannels)) {
		t.Fatalf("%d bytes are no recording of two channels whose header is right", len(wav))
	}
	caller.Rate, hotline.Rate = 8000, 8000
	for i := wavHeader; i+1 < len(wav); i += 2 {
		caller.Samples = append(caller.Samples, float64(g711.FromALaw(wav[i]))/32768)
		hotline.Samples = append(hotline.Samples, float64(g711.FromALaw(wav[i+1]))/32768)
	}
	return caller, hotline
}

func TestACallIsRecordedFromBothSidesAfterTheCallerWasTold(t *testing.T) {
	t.Parallel()
	duty := newPhone(t, phoneOptions{number: officer, account: "answermode=manual", speaks: toFile(t, tone(1500, 20*time.Second))})
	w := newWardWhere(t, ivr.Options{Officer: []string{officer}, Tape: true}, to(duty), soon)
	caller := newPhone(t, phoneOptions{speaks: toFile(t, tone(700, 60*time.Second))})
	callOfficer(w, caller) // the keys are pressed within the announcement, and wait for the questions
	duty.await("CALL_INCOMING")
	duty.do("accept", "")
	duty.await("CALL_ESTABLISHED")
	w.until("both legs carry packets", func() bool { return w.passed() > 150 })
	caller.do("hangup", "")
	var wav []byte
	var sum string
	var seconds int
	w.until("the recording", func() bool {
		return w.db.QueryRow(`select r.sound, r.sha256, r.seconds from call_recordings r join calls c on c.id = r.call_id where c.ended_at is not null`).Scan(&wav, &sum, &seconds) == nil
	})
	if own := sha256.Sum256(wav); sum != hex.EncodeToString(own[:]) || seconds < 1 {
		t.Errorf("%d s, sum %s", seconds, sum)
	}
	said, heard := sides(t, wav)
	if !holdsTone(said, 700, time.Second) || holdsTone(said, 1500, 200*time.Millisecond) {
		t.Error("the left side is not the caller's")
	}
	if !holdsTone(heard, 1500, 500*time.Millisecond) || holdsTone(heard, 700, 200*time.Millisecond) {
		t.Error("the right side is not the officer's")
	}
	w.until("an empty spool", func() bool { return len(w.spoolFiles()) == 0 })
}

func TestWhoHangsUpWithinTheAnnouncementIsNotRecorded(t *testing.T) {
	t.Parallel()
	w := newWardWhere(t, ivr.Options{Tape: true})
	p := newPhone(t, phoneOptions{speaks: toFile(t, tone(700, 60*time.Second))})
	p.do("dial", "sip:hotline@"+w.server.Addr("udp"))
	p.await("CALL_ESTABLISHED")
	w.node("chao")
	if files := w.spoolFiles(); len(files) > 0 {
		t.Errorf("recorded before the caller was told: %v", files)
	}
	p.do("hangup", "")
	w.until("the end of the call", func() bool { return w.count(`select count(*) from calls where ended_at is not null`) == 1 })
	if n := w.count(`select count(*) from call_recordings`); n != 0 || len(w.spoolFiles()) > 0 {
		t.Errorf("%d recordings, %v", n, w.spoolFiles())
	}
}

func TestARecordingThatADeadNodeLeftIsKeptAtTheNextStart(t *testing.T) {
	t.Parallel()
	w := newWardWhere(t, ivr.Options{Tape: true}, soon)
	p := newPhone(t, phoneOptions{speaks: toFile(t, tone(700, 60*time.Second))})
	p.do("dial", "sip:hotline@"+w.server.Addr("udp"))
	p.await("CALL_ESTABLISHED")
	w.until("a second of the call", func() bool { return w.spooled() > 2*8000 })
	left := t.TempDir() // the folder as kill -9 leaves it
	for _, name := range w.spoolFiles() {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(left, filepath.Base(name)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, w.hotline, w.server.o.Sounds, func(o *Options) { o.Spoken, o.Spool = w.hotline, left })
	var wav []byte
	w.until("the recording", func() bool { return w.db.QueryRow(`select sound from call_recordings`).Scan(&wav) == nil })
	if said, _ := sides(t, wav); said.Length() < time.Second {
		t.Errorf("%v", said.Length())
	}
	w.until("its spool is empty", func() bool { files, _ := filepath.Glob(left + "/*"); return len(files) == 0 })
}

func TestASideThatComesInBurstsStaysWithTheOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	r, err := startTape(path, "call-1", newLaws())
	if err != nil {
		t.Fatal(err)
	}
	loud, quiet := tone(700, frame), hush(frame)
	at := uint32(1000)
	packet := func(samples []byte) *rtp.Packet {
		at += frameSamples
		return &rtp.Packet{Header: rtp.Header{SSRC: 7, Timestamp: at}, Payload: samples}
	}
	for range 10 { // nothing comes
		r.said(quiet, aLaw)
		r.tick()
	}
	var twice *rtp.Packet
	for i := range 40 { // then all of it at once: half of it silence
		samples := quiet
		if i >= 20 {
			samples = loud
		}
		twice = packet(samples)
		r.heard(twice, aLaw)
	}
	r.heard(twice, aLaw)
	for range 30 {
		r.said(quiet, aLaw)
		r.tick()
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	wav, seconds, err := readSpooled(path, tapeChannels)
	if err != nil || seconds != 1 || binary.LittleEndian.Uint16(wav[22:]) != 2 {
		t.Fatalf("%d s, %v", seconds, err)
	}
	said, heard := sides(t, wav)
	if len(said.Samples) != 40*frameSamples || len(heard.Samples) != len(said.Samples) {
		t.Errorf("%d samples, expected a frame for each tick", len(said.Samples))
	}
	spoken := 0
	for _, v := range said.Samples {
		if math.Abs(v) > 0.02 {
			spoken++
		}
	}
	if whole := 20 * frameSamples; spoken < whole*8/10 || spoken > whole {
		t.Errorf("%d samples of speech, of %d", spoken, whole)
	}
}
