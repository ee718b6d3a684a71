package gateway

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"canhgiac/residents"
)

func (w *ward) importPorted(text string) (PortedResult, error) {
	return w.store.ImportPorted(w.ctx, strings.NewReader(text), PortedList{Name: "mnp.csv", By: "command"})
}

func (w *ward) number(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.QueryRowContext(w.ctx, query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestPortedNumbersLeaveByTheirNewCarrierInRunsAndSingles(t *testing.T) {
	w := newWard(t, 10)
	w.routed(Route{Carrier: "viettel", Prefixes: []string{"090"}}, Route{Carrier: "vina", Prefixes: []string{"091"}}, Route{Carrier: "rest"})
	list := "\ufeffCarrier;Phone\r\nvina;0900000001\r\nVina;84900000002\r\n\r\nrest;+84 900 000 003\r\nvina;900000004\r\nvina;0900000001\r\n"
	r, err := w.importPorted(list)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(PortedResult{Numbers: 4, Added: 4}, r); diff != "" {
		t.Error(diff)
	}
	if r, err = w.importPorted(list); err != nil || r != (PortedResult{Numbers: 4}) {
		t.Errorf("the same list again: %+v, %v", r, err)
	}
	if r, err = w.importPorted("phone,carrier\n0900000003,viettel\n"); err != nil || r != (PortedResult{Numbers: 1, Changed: 1}) {
		t.Errorf("a number that went on: %+v, %v", r, err)
	}
	if n := w.number(`select count(*) from audit_log where act = 'ported.import' and object = 'ported:mnp.csv'`); n != 3 {
		t.Errorf("%d audit rows, want one for each list", n)
	}
	w.exec(`insert into ported_numbers (phone, carrier, source, at) values ('+84900000009', 'gone', 'import', now())`)
	w.run(1, nil)
	want := map[residents.Phone]string{"+84900000001": "vina", "+84900000002": "vina", "+84900000003": "viettel", "+84900000004": "vina",
		"+84900000005": "viettel", "+84900000009": "viettel", "+84910000001": "vina"}
	for phone, carrier := range want {
		id := w.send(Single{To: phone, Text: "x", Purpose: API})
		if got := w.message(id).Carrier; got != carrier {
			t.Errorf("a single to %s leaves by %s, want %s", phone, got, carrier)
		}
		if phone < "+84910000000" {
			var got string
			if err := w.db.QueryRow(`select c.carrier from messages m join chunks c on c.id = m.chunk_id where m.phone = $1`, string(phone)).Scan(&got); err != nil || got != carrier {
				t.Errorf("the run sends to %s by %s, want %s: %v", phone, got, carrier, err)
			}
		}
	}
	if got := w.message(w.send(Single{To: "+84900000001", Text: "x", Purpose: Reply, Carrier: "rest", From: "8088"})).Carrier; got != "rest" {
		t.Errorf("an answer leaves by %s, not by the carrier of its short code", got)
	}
}

func TestAListOfPortedNumbersIsRefusedWholeAndSaysWhichRowsAndWhatToDo(t *testing.T) {
	w := newWard(t, 0)
	w.routed(Route{Carrier: "viettel", Prefixes: []string{"090"}}, Route{Carrier: "vina"})
	for name, c := range map[string]struct {
		text string
		says []string
	}{
		"another header":              {"so,mang\n0905550167,vina\n", []string{`"phone" và "carrier"`}},
		"nothing":                     {"", []string{`"phone" và "carrier"`}},
		"a header alone":              {"phone,carrier\n", []string{"không có số nào"}},
		"a spreadsheet":               {"PK\x03\x04\x00", []string{"CSV UTF-8"}},
		"rows of all kinds at once":   {"phone,carrier\n0905550167,vina\n02363111222,vina\n\n12,vina\n0905550168,mobi\n0905550169\n", []string{"dòng 3: không phải số di động", "dòng 5: không phải", `dòng 6: không có nhà mạng "mobi"`, "viettel, vina", "dòng 7: thiếu cột", "Chưa nhập số nào"}},
		"a number with two carriers":  {"phone,carrier\n0905550167,vina\n0905550168,vina\n+84905550167,viettel\n", []string{"dòng 4: số này đã ở dòng 2"}},
		"quotes that never close":     {"phone,carrier\n0905550167,vina\n\"0905550168,vina\n", []string{"dòng 3: dấu ngoặc kép"}},
		"more than one look can take": {"phone,carrier\n" + strings.Repeat("x,vina\n", 25), []string{"dòng 21:", "và 5 dòng khác"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.importPorted(c.text)
			var fe *residents.FileError
			if !errors.As(err, &fe) {
				t.Fatalf("got %v", err)
			}
			for _, words := range c.says {
				if !strings.Contains(fe.Text, words) {
					t.Errorf("no %q in\n%s", words, fe.Text)
				}
			}
			if strings.Contains(fe.Text, "905550") {
				t.Errorf("a number is repeated in\n%s", fe.Text)
			}
			if n := w.number(`select count(*) from ported_numbers`); n != 0 {
				t.Errorf("%d numbers taken", n)
			}
		})
	}
}
