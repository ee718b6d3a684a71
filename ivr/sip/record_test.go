package sip

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"canhgiac/ivr/prompts/audio"
	"canhgiac/reports"
)

// leaveMessage brings a caller to the tone, where no officer is on duty, and lets them speak.
func leaveMessage(t *testing.T, w *ward) *phone {
	t.Helper()
	p := newPhone(t, phoneOptions{speaks: toFile(t, tone(1500, 60*time.Second))})
	p.do("dial", "sip:hotline@"+w.server.Addr("udp"))
	p.await("CALL_ESTABLISHED")
	w.node("chao")
	p.press("5")
	w.node("menu_chinh")
	p.press("0")
	w.node("khong_co_nguoi_truc")
	return p
}

// message gives the only message.
func (w *ward) message() (m reports.Message, wav []byte) {
	w.t.Helper()
	w.until("a message on a report", func() bool {
		return w.db.QueryRow(`select m.sid, m.url, m.seconds, s.sound from report_messages m join spoken_messages s on s.sid = m.sid`).
			Scan(&m.SID, &m.URL, &m.Seconds, &wav) == nil
	})
	return m, wav
}

func faster(times time.Duration) func(*Options) {
	return func(o *Options) { o.Frame = frame / times }
}

func TestAMessageIsKeptWithTheReportThoughItsCallerHangsUp(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	p := leaveMessage(t, w)
	w.until("two seconds of speech", func() bool { return w.spooled() > 2*8000 })
	p.do("hangup", "")
	m, wav := w.message()
	if !m.Own() || m.Seconds < 2 {
		t.Errorf("%+v", m)
	}
	var sum string
	if err := w.db.QueryRow(`select sha256 from spoken_messages`).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	if own := sha256.Sum256(wav); sum != hex.EncodeToString(own[:]) {
		t.Error("the sum is not the sound's")
	}
	s, err := audio.Read(wav)
	if err != nil {
		t.Fatal(err)
	}
	if !holdsTone(s, 1500, 1500*time.Millisecond) {
		t.Error("what was said is not in it")
	}
	w.until("an empty spool", func() bool { return len(w.spoolFiles()) == 0 })
	w.until("the end of the call", func() bool { return w.count(`select count(*) from calls where ended_at is not null`) == 1 })
	if n := w.count(`select count(*) from call_events where input = 'recorded'`); n != 1 {
		t.Errorf("%d recordings in the call's record", n)
	}
}

func TestHashEndsAMessageAndTheCallGoesOn(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	p := leaveMessage(t, w)
	w.until("a second of speech", func() bool { return w.spooled() > 8000 })
	p.press("#")
	w.node("tam_biet")
	w.message()
	p.await("CALL_CLOSED")
}

func TestSilenceAfterTheToneIsNoMessage(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil, faster(5))
	p := newPhone(t, phoneOptions{speaks: toFile(t, hush(60*time.Second))}) // else it sends back what it hears
	p.do("dial", "sip:hotline@"+w.server.Addr("udp"))
	p.await("CALL_ESTABLISHED")
	w.node("chao")
	p.press("5")
	w.node("menu_chinh")
	p.press("0")
	w.node("khong_co_nguoi_truc")
	p.await("CALL_CLOSED") // asked once more, then let go
	if n := w.count(`select count(*) from spoken_messages`); n != 0 {
		t.Errorf("%d messages of silence", n)
	}
	w.until("an empty spool", func() bool { return len(w.spoolFiles()) == 0 })
}

func TestWhatADeadNodeHadRecordedIsAttachedAtTheNextStart(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	leaveMessage(t, w)
	w.until("a second of speech", func() bool { return w.spooled() > 8000 })
	left := t.TempDir() // the folder as kill -9 leaves it, in the middle of a word
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
	m, wav := w.message()
	if s, err := audio.Read(wav); err != nil || m.Seconds < 1 || s.Length() < time.Second {
		t.Errorf("%+v, %v of sound, %v", m, s.Length(), err)
	}
	w.until("its spool is empty", func() bool { files, _ := filepath.Glob(left + "/*"); return len(files) == 0 })
}

func (w *ward) spoolFiles() []string {
	files, err := filepath.Glob(w.server.spool.dir + "/*")
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// spooled is how many bytes of a message are in the spool.
func (w *ward) spooled() (n int64) {
	for _, name := range w.spoolFiles() {
		if st, err := os.Stat(name); err == nil && filepath.Ext(name) == ".wav" {
			n += st.Size()
		}
	}
	return n
}
