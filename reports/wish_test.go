package reports

import (
	"context"
	"database/sql"
	"errors"
	"testing"
)

func TestHowAReporterLeft(t *testing.T) {
	for is, c := range map[string]struct {
		r    Report
		want string
	}{
		"sent to the end":                           {Report{}, "sent"},
		"hung up midway":                            {Report{Partial: true}, "partial"},
		"nobody answered":                           {Report{Partial: true, Officer: Missed}, "missed"},
		"left a message":                            {Report{Partial: true, Officer: Missed, Messages: 1}, "message"},
		"an officer answered midway":                {Report{Partial: true, Officer: Met}, "met"},
		"sent, then spoke with an officer":          {Report{Officer: Met}, "sent"},
		"sent, then rang for an officer in vain":    {Report{Officer: Missed}, "missed"},
		"sent, then left a message":                 {Report{Officer: Missed, Messages: 1}, "message"},
		"cancelled, which hides nothing else of it": {Report{Partial: true, Draft: Draft{Cancelled: true}}, "cancelled"},
	} {
		if got := c.r.Left(); got != c.want {
			t.Errorf("%s: %s, want %s", is, got, c.want)
		}
	}
}

func TestAMessageIsKeptOnceAndHeardWithAnAuditRow(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	first := d.save(Draft{Origin: "call", Ref: "1", Complete: true})
	add := func(m Message) {
		m.At = d.at
		d.tx(func(tx *sql.Tx) error { return d.AddMessage(ctx, tx, first.ID, m) })
	}
	add(Message{SID: "RE1", URL: "https://provider.example/RE1", Seconds: 7})
	add(Message{SID: "RE1", URL: "https://provider.example/RE1", Seconds: 7})
	add(Message{SID: "RE2", URL: "javascript:alert(1)"})
	got, err := d.Get(ctx, first.Code, officer)
	if err != nil || len(got.Spoken) != 2 || got.Messages != 2 || got.Revision <= first.Revision {
		t.Fatalf("%+v, %v", got.Report, err)
	}
	m, err := d.Listen(ctx, first.Code, 1, officer)
	if err != nil || m.Address() != "https://provider.example/RE1" || d.audited("report.listen") != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	for is, nth := range map[string]int{"an address that no browser should open": 2, "a third": 3, "none": 0} {
		if _, err := d.Listen(ctx, first.Code, nth, officer); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", is, err)
		}
	}
	if d.audited("report.listen") != 1 {
		t.Error("what could not be heard left an audit row")
	}
}

func TestOnlyWebAddressesAreOpened(t *testing.T) {
	for in, want := range map[string]string{
		"https://api.example/RE1": "https://api.example/RE1", "http://127.0.0.1:9000/recordings/RE1": "http://127.0.0.1:9000/recordings/RE1",
		"javascript:alert(1)": "", "data:text/html,x": "", "//api.example/RE1": "", "/RE1": "", "ftp://api.example/RE1": "", "https:///RE1": "", "": "", "http://a\x7f": "",
	} {
		if got := (Message{URL: in}).Address(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
