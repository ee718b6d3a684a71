package sip

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"canhgiac/internal/g711"
)

const officer = "02363222113"

// to gives calls of ours a way to a phone.
func to(p *phone) func(*Options) {
	return func(o *Options) { o.Trunks[0].Server, o.Trunks[0].CallerID = p.addr, "02363888113" }
}

// toFile is a WAV of 16 bits, which a phone can speak.
func toFile(t *testing.T, samples []byte) string {
	t.Helper()
	h := header(2*len(samples), 1)
	h = append(h[:38], h[50:]...) // PCM has no fact
	binary.LittleEndian.PutUint32(h[4:], uint32(len(h)-8+2*len(samples)))
	binary.LittleEndian.PutUint16(h[20:], 1)
	binary.LittleEndian.PutUint32(h[28:], 16000)
	binary.LittleEndian.PutUint16(h[32:], 2)
	binary.LittleEndian.PutUint16(h[34:], 16)
	for _, b := range samples {
		h = binary.LittleEndian.AppendUint16(h, uint16(g711.FromALaw(b)))
	}
	path := filepath.Join(t.TempDir(), "spoken.wav")
	if err := os.WriteFile(path, h, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// callOfficer brings a caller to the officer's ringing telephone.
func callOfficer(w *ward, caller *phone) {
	caller.do("dial", "sip:hotline@"+w.server.Addr("udp"))
	caller.await("CALL_ESTABLISHED")
	w.node("chao")
	caller.press("5")
	w.node("menu_chinh")
	caller.press("0")
	w.node("gap_can_bo")
}

func TestTheCallerSpeaksWithAnOfficer(t *testing.T) {
	t.Parallel()
	heard := t.TempDir()
	duty := newPhone(t, phoneOptions{number: officer, account: "answermode=manual", speaks: toFile(t, tone(1500, 20*time.Second))})
	w := newWard(t, []string{officer}, to(duty))
	caller := newPhone(t, phoneOptions{hears: heard})
	callOfficer(w, caller)
	duty.await("CALL_INCOMING")
	duty.do("accept", "")
	duty.await("CALL_ESTABLISHED")
	w.until("both legs carry packets", func() bool { return w.passed() > 100 })
	duty.do("hangup", "")
	w.until("the goodbye", func() bool { return w.count(`select count(*) from calls where node = 'tam_biet'`) == 1 })
	caller.await("CALL_CLOSED")
	if n := w.count(`select count(*) from call_events where input = 'dialed' and raw = 'completed'`); n != 1 {
		t.Errorf("%d officers answered", n)
	}
	if !holdsTone(heardBy(t, heard), 1500, time.Second) {
		t.Error("the caller heard no officer")
	}
}

func TestAnOfficerWhoDoesNotTakeTheCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account string
		does    string
		status  string
	}{
		"is busy":         {"answermode=manual", "hangup", "busy"},
		"does not answer": {"answermode=manual", "", "no_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			duty := newPhone(t, phoneOptions{number: officer, account: c.account})
			w := newWard(t, []string{officer}, to(duty), func(o *Options) {
				if c.does == "" {
					o.Frame = frame / 5
				}
			})
			caller := newPhone(t, phoneOptions{})
			callOfficer(w, caller)
			duty.await("CALL_INCOMING")
			if c.does != "" {
				duty.do(c.does, "")
			}
			duty.await("CALL_CLOSED")
			w.node("khong_co_nguoi_truc")
			if n := w.count(`select count(*) from call_events where input = 'dialed' and raw = '` + c.status + `'`); n != 1 {
				t.Errorf("%d officers were %s", n, c.status)
			}
			caller.do("hangup", "")
			w.until("the end", func() bool { return w.count(`select count(*) from calls where ended_at is not null`) == 1 })
		})
	}
}

func TestACallerWhoHangsUpStopsTheOfficersTelephone(t *testing.T) {
	t.Parallel()
	duty := newPhone(t, phoneOptions{number: officer, account: "answermode=manual"})
	w := newWard(t, []string{officer}, to(duty))
	caller := newPhone(t, phoneOptions{})
	callOfficer(w, caller)
	duty.await("CALL_INCOMING")
	caller.do("hangup", "")
	duty.await("CALL_CLOSED")
	w.until("a report of a missed officer", func() bool { return w.count(`select count(*) from reports where officer = 'missed'`) == 1 })
}
