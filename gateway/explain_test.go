package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/residents"
)

func TestADryRunSaysWhereANumberWouldGoAndWhy(t *testing.T) {
	w, viettel, vina := twoCarriers(t, 0)
	explain := func(phone residents.Phone) Explanation {
		t.Helper()
		e, err := w.store.Explain(w.ctx, phone)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	expect := func(when string, e Explanation, queue string, by []string, why ...string) {
		t.Helper()
		if diff := cmp.Diff(by, e.By); diff != "" || e.Queue != queue {
			t.Errorf("%s: queue %s, %s", when, e.Queue, diff)
		}
		for _, words := range why {
			if !strings.Contains(strings.Join(e.Why, "\n"), words) {
				t.Errorf("%s: no %q in %q", when, words, e.Why)
			}
		}
	}
	none := []string{}
	expect("nobody runs", explain(somebody), "viettel", none, "prefix +8490 is with viettel", "no node that runs has a link to viettel", "it waits")
	w.node(viettel.to("viettel", nil), vina.to("vina", nil))
	w.linkIs("viettel", true)
	w.linkIs("vina", true)
	expect("by its prefix", explain(somebody), "viettel", []string{"viettel"}, "viettel sends it")
	expect("by no prefix", explain("+84931234567"), "viettel", []string{"viettel"}, "no carrier takes its prefix: viettel takes the rest")
	viettel.cut()
	w.linkIs("viettel", false)
	expect("just down", explain(somebody), "viettel", none, "is down since 2026-11-23 09:00:00 +07", "others send in its place from 2026-11-23 09:01:00 +07", "it waits")
	w.clock.move(time.Minute)
	expect("down for long", explain(somebody), "viettel", []string{"vina"}, "vina sends in place of viettel")
	w.exec(`insert into unknown_subscribers (phone, carrier, at) values ($1, 'viettel', $2)`, string(somebody), morning)
	w.exec(`insert into ported_numbers (phone, carrier, source, at) values ($1, 'vina', 'learned', $2)`, string(somebody), morning)
	expect("ported", explain(somebody), "vina", []string{"vina"}, "ported to vina, learned from a delivery, 2026-11-23 09:00:00 +07", "viettel did not know the number on 2026-11-23")
	w.exec(`update ported_numbers set carrier = 'gone', source = 'import'`)
	expect("ported to a stranger", explain(somebody), "viettel", []string{"vina"}, "ported to gone, by a list", "gone is none of the carriers here (viettel, vina)")
	w.routed()
	expect("no carrier", explain(somebody), "", none, "no carrier is configured")
}
