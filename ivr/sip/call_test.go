package sip

import (
	"testing"
	"time"
)

// node waits until the newest call has come to a node of the menu.
func (w *ward) node(want string) {
	w.t.Helper()
	w.until("a call at "+want, func() bool {
		var got string
		_ = w.db.QueryRow(`select node from calls order by id desc limit 1`).Scan(&got)
		return got == want
	})
}

func (w *ward) until(what string, done func() bool) {
	w.t.Helper()
	tick, timeout := time.NewTicker(20*time.Millisecond), time.After(within)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-timeout:
			w.t.Fatalf("never seen: %s", what)
		}
	}
}

func TestAPhoneReportsAScamByItsKeys(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	p := newPhone(t, phoneOptions{})
	p.do("dial", "sip:hotline@"+w.server.Addr("udp"))
	p.await("CALL_ESTABLISHED")
	for _, step := range []struct{ keys, node string }{
		{"", "chao"}, {"5", "menu_chinh"}, {"2", "loai_lua_dao"}, {"1", "hoi_so_ke_gian"}, {"0905123456#", "doc_lai_so"},
		{"1", "kenh_lien_lac"}, {"1", "hoi_mat_tien"}, {"1", "dong_y_goi_lai"}, {"1", "doc_lai_tin_bao"}, {"1", "da_gui"},
	} {
		p.press(step.keys)
		w.node(step.node)
	}
	p.do("hangup", "")
	p.await("CALL_CLOSED")
	w.until("the end of the call", func() bool {
		var n int
		_ = w.db.QueryRow(`select count(*) from calls where ended_at is not null and end_status = 'completed' and from_phone = '+84905123456'`).Scan(&n)
		return n == 1
	})
	var scammer string
	var sent bool
	if err := w.db.QueryRow(`select scam_number, state <> 'partial' from reports`).Scan(&scammer, &sent); err != nil {
		t.Fatal(err)
	}
	if scammer != "0905123456" && scammer != "+84905123456" || !sent {
		t.Errorf("reported %q, sent %v", scammer, sent)
	}
}

// TestANumberIsKeptAtEveryKey: who hangs up, or whose line breaks, has told the digits so far.
func TestANumberIsKeptAtEveryKey(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	p := newPhone(t, phoneOptions{})
	p.do("dial", "sip:hotline@"+w.server.Addr("udp"))
	p.await("CALL_ESTABLISHED")
	for _, step := range []struct{ keys, node string }{{"", "chao"}, {"5", "menu_chinh"}, {"2", "loai_lua_dao"}, {"1", "hoi_so_ke_gian"}} {
		p.press(step.keys)
		w.node(step.node)
	}
	told := func(want string) {
		w.until("a report of "+want, func() bool {
			var got string
			_ = w.db.QueryRow(`select scam_number from reports`).Scan(&got)
			return got == want
		})
	}
	number := "09051"
	for i := range number {
		p.press(number[i : i+1])
		if i > 0 { // 0 alone is the officer's key
			told(number[:i+1])
		}
	}
	p.do("hangup", "")
	w.until("the keys in the call's record", func() bool {
		return w.count(`select count(*) from call_events where input = 'pressed' and raw = '09051'`) == 1
	})
}

func (w *ward) count(query string) (n int) {
	w.t.Helper()
	if err := w.db.QueryRow(query).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// legs are the packets that each leg of all talks has sent.
func (w *ward) legs() (all []int64) {
	w.server.talks.Range(func(_, v any) bool {
		k := v.(*talk)
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.leg != nil {
			all = append(all, k.leg.sent.Load())
		}
		return true
	})
	return all
}

func (w *ward) sent() (n int64) {
	for _, leg := range w.legs() {
		n += leg
	}
	return n
}

// passed is how many packets the quieter leg of a bridge has sent.
func (w *ward) passed() int64 {
	if all := w.legs(); len(all) == 2 {
		return min(all[0], all[1])
	}
	return 0
}
