package console

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"canhgiac/reports"
)

func TestPagesNameColleaguesAsTheyKnowEachOther(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	called := func(name, full string) {
		t.Helper()
		if _, err := h.db.Exec(`update console_users set full_name = $2 where name = $1`, name, full); err != nil {
			t.Fatal(err)
		}
	}
	called("ward", "Nguyễn Thị Hạnh")
	called("huy", "Lê Văn Huy")
	called("police", "Trần Quốc Sơn")
	author, other := h.as(Ward), h.signedIn("huy")
	if got := author.post("/campaigns/new", goodForm("name", "Nhắc tháng 11")...); got.status != http.StatusSeeOther {
		t.Fatal(got.status)
	}
	author.post("/campaigns/1/submit")
	if got := other.get("/campaigns").body; !strings.Contains(got, "Nguyễn Thị Hạnh") {
		t.Error("the list does not name the author")
	}
	other.post("/campaigns/1/sendback", "reason", "Thêm số của phường")
	if got := author.get("/campaigns/1").body; !strings.Contains(got, "Lê Văn Huy") || strings.Contains(got, "– huy") {
		t.Error("the campaign does not name who sent it back")
	}
	author.post("/campaigns/1/submit")
	other.post("/campaigns/1/approve", "revision", "1")
	if got := author.get("/campaigns/1").body; !strings.Contains(got, "<dd>Lê Văn Huy</dd>") || !strings.Contains(got, "<dd>Nguyễn Thị Hạnh</dd>") {
		t.Errorf("the campaign names author and approver otherwise")
	}
	r := h.report(reports.Draft{Ref: "1", Kind: 1, Complete: true})
	police := h.as(Police)
	police.post("/reports/" + r.Code + "/receive")
	police.post("/reports/"+r.Code+"/note", "note", "x")
	if got := police.get("/reports/" + r.Code).body; strings.Count(got, "· Trần Quốc Sơn") != 2 || !strings.Contains(got, ", Trần Quốc Sơn</dd>") {
		t.Error("the report names its officer otherwise")
	}

	called("police", "Lê Văn Huy")
	names, err := h.users.people(context.Background(), "police", "huy", "operator", "token:he-thong", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"police": "Lê Văn Huy (police)", "huy": "Lê Văn Huy (huy)", "operator": "operator", "token:he-thong": "token:he-thong", "": ""} {
		if got := names.Of(name); got != want {
			t.Errorf("%q is called %q, want %q", name, got, want)
		}
	}
}
