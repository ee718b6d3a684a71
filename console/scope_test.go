package console

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"canhgiac/campaigns"
	"canhgiac/reports"
	"canhgiac/residents"
)

// lookAfter gives the ward officer and the policeman of a house one group each.
func (h *house) lookAfter(group int64) {
	h.t.Helper()
	for _, role := range []Role{Ward, Police} {
		who, err := h.users.IDOf(context.Background(), string(role))
		if err == nil {
			err = h.users.Change(context.Background(), Shell, who, Standing{FullName: "Lê Văn " + string(role), Role: role, UnitID: group})
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// lives adds a resident and gives their id.
func (h *house) lives(group int64, phone, name string) (id int64) {
	h.t.Helper()
	if err := h.db.QueryRow(`insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
		values ($1, 'mobile', $2, $3, $4, now(), now(), now()) returning id`, phone, name, residents.Fold(name), group).Scan(&id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// campaignTo makes a campaign to units, in any state.
func (h *house) campaignTo(name, state string, units ...int64) int64 {
	h.t.Helper()
	c := h.Campaigns.Blank()
	c.Name, c.Units, c.Contents = name, units, []campaigns.Content{{Text: "Bà con cảnh giác", Plain: "Ba con canh giac"}}
	id, err := h.Campaigns.Create(context.Background(), c, campaigns.User{Name: "huy", Role: "ward"})
	if err == nil {
		_, err = h.db.Exec(`update campaigns set state = $2 where id = $1`, id, state)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// oneGroup is a house whose officers look after the first of three groups, with somebody and something in the first two.
type oneGroup struct {
	*house
	mine, theirs, ward           int64 // groups
	lan, huy                     int64 // residents, mine and theirs
	toMine, toTheirs, toWard     int64 // campaigns
	ofMine, ofTheirs, ofStranger string
	textMine, textTheirs         int64
}

func newOneGroup(t *testing.T) oneGroup {
	h := newHouse(t)
	groups := h.groupsOfWard()
	o := oneGroup{house: h, mine: groups[0], theirs: groups[1]}
	ward, err := h.Residents.Ward(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	o.ward = ward.ID
	o.lan, o.huy = h.lives(o.mine, "+84901000001", "Nguyễn Thị Lan"), h.lives(o.theirs, "+84901000002", "Lê Văn Huy")
	o.toMine, o.toTheirs, o.toWard = h.campaignTo("Của tổ tôi", "draft", o.mine), h.campaignTo("Của tổ khác", "draft", o.theirs), h.campaignTo("Cả phường", "running", o.ward)
	o.ofMine = h.report(reports.Draft{Ref: "1", Reporter: "+84901000001", Kind: 1, Complete: true}).Code
	o.ofTheirs = h.report(reports.Draft{Ref: "2", Reporter: "+84901000002", Kind: 1, Complete: true}).Code
	o.ofStranger = h.report(reports.Draft{Ref: "3", Reporter: "+84909999999", Kind: 1, Complete: true}).Code
	o.textMine, o.textTheirs = h.texted("+84901000001", "tin của Lan", "unknown"), h.texted("+84901000002", "tin của Huy", "unknown")
	h.lookAfter(o.mine)
	return o
}

func TestListsHoldWhatIsOfOnesOwnGroupAndWhatIsNobodys(t *testing.T) {
	o := newOneGroup(t)
	ward, police := o.as(Ward), o.as(Police)
	for _, c := range []struct {
		b        *browser
		path     string
		has, not string
	}{
		{ward, "/residents", "Nguyễn Thị Lan", "Lê Văn Huy"},
		{ward, "/residents?q=huy", "Không có cư dân", "Lê Văn Huy"},
		{ward, "/campaigns", "Của tổ tôi", "Của tổ khác"},
		{ward, "/campaigns", "Cả phường", "Của tổ khác"},
		{ward, "/campaigns/new", "Tổ 1", "Tổ 2"},
		{police, "/", o.ofMine, o.ofTheirs},
		{police, "/reports", o.ofMine, o.ofTheirs},
		{police, "/reports", o.ofStranger, o.ofTheirs},
		{police, "/reports/rows", o.ofMine, o.ofTheirs},
		{police, "/inbox", "tin của Lan", "tin của Huy"},
	} {
		got := c.b.get(c.path)
		if got.status != 200 || strings.Contains(got.body, c.not) || !strings.Contains(got.body, c.has) && c.has != "Không có cư dân" {
			t.Errorf("%s: %d, want %q and no %q", c.path, got.status, c.has, c.not)
		}
	}
	o.works()
	export := police.post("/reports/export", "reason", "họp giao ban").header.Get("Location")
	police.ended(export)
	file := police.get(export + "/file").body
	if strings.Contains(file, o.ofTheirs) || !strings.Contains(file, o.ofMine) || !strings.Contains(file, o.ofStranger) {
		t.Error("the export holds other reports than the list")
	}
}

func TestEveryPageAndActRefusesWhatIsOfAnotherGroup(t *testing.T) {
	o := newOneGroup(t)
	ward, police := o.as(Ward), o.as(Police)
	form := []string{"name", "Thử", "text", "Bà con cảnh giác", "plain", "Ba con canh giac", "form", "plain", "when", "daily", "time", "08:00",
		"from", "07:00", "to", "22:00", "per_day", "1", "per_week", "3", "revision", "1", "audience", "groups", "do", "save"}
	foreign, resident := id(o.toTheirs), id(o.huy)
	tries := []struct {
		b            *browser
		method, path string
		form         []string
		status       int
	}{
		{ward, "GET", "/residents?unit=" + id(o.theirs), nil, 404},
		{ward, "GET", "/residents/" + resident, nil, 404},
		{ward, "POST", "/residents/" + resident + "/reveal", []string{"reason", "x"}, 404},
		{ward, "POST", "/residents/" + resident + "/optout", []string{"reason", "x"}, 404},
		{ward, "POST", "/residents/" + resident + "/register", []string{"reason", "x"}, 404},
		{ward, "GET", "/campaigns/" + foreign, nil, 404},
		{ward, "GET", "/campaigns/" + foreign + "/edit", nil, 404},
		{ward, "POST", "/campaigns/" + foreign + "/edit", append(form, "unit", id(o.mine)), 404},
		{ward, "GET", "/campaigns/" + foreign + "/progress", nil, 404},
		{ward, "GET", "/campaigns/" + foreign + "/step", nil, 404},
		{ward, "GET", "/campaigns/" + foreign + "/groups.csv", nil, 404},
		{ward, "GET", "/campaigns/" + foreign + "/expansion", nil, 404},
		{ward, "GET", "/live?t=campaign-" + foreign, nil, 404},
		{ward, "GET", "/live?t=campaign-state-" + foreign, nil, 404},
		{ward, "POST", "/residents/" + resident + "/code-word", []string{"reason", "x", "first", "hoa_sen", "second", "con_trau"}, 404},
		{ward, "POST", "/prompts/trung/chao/sound", nil, 404}, // what the hotline says is the whole ward's
		{ward, "POST", "/prompts/trung/chao/synthesise", nil, 404},
		{ward, "POST", "/prompts/trung/chao/take-back", nil, 404},
		{ward, "POST", "/prompts/trung/chao/1/use", []string{"heard", "1"}, 404},
		{ward, "POST", "/prompts/trung/chao/1/delete", nil, 404},
		{ward, "POST", "/prompts/synthesise", []string{"voice", "trung"}, 404},
		{ward, "POST", "/prompts/voice", []string{"unit", id(o.mine), "voice", "bac"}, 404},
		{ward, "POST", "/menu/new", nil, 404},
		{ward, "GET", "/menu/1/edit", nil, 404},
		{ward, "POST", "/menu/1/edit", []string{"do", "save", "part", "hours", "revision", "1"}, 404},
		{police, "GET", "/reports/" + o.ofTheirs, nil, 403},
		{police, "GET", "/reports/" + o.ofTheirs + "/live", nil, 404},
		{police, "GET", "/reports/" + o.ofTheirs + "/messages/1", nil, 404},
		{police, "GET", "/reports/" + o.ofTheirs + "/calls/1", nil, 404},
		{police, "POST", "/reports/" + o.ofTheirs + "/receive", nil, 404},
		{police, "POST", "/reports/" + o.ofTheirs + "/move", []string{"to", "verifying"}, 404},
		{police, "POST", "/reports/" + o.ofTheirs + "/note", []string{"note", "x"}, 404},
		{police, "POST", "/reports/" + o.ofTheirs + "/reveal", []string{"reason", "x"}, 404},
		{police, "POST", "/reports/" + o.ofTheirs + "/term", []string{"reason", "x", "term", "complex"}, 404},
		{police, "POST", "/reports/" + o.ofTheirs + "/open", []string{"reason", " "}, 422},
		{police, "POST", "/inbox/" + id(o.textTheirs) + "/seen", nil, 404},
		{police, "POST", "/inbox/" + id(o.textTheirs) + "/report", nil, 404},
	}
	for act := range menuDid { // the menu is the whole ward's
		tries = append(tries, struct {
			b            *browser
			method, path string
			form         []string
			status       int
		}{ward, "POST", "/menu/1/" + act, []string{"reason", "x", "revision", "1"}, 404})
	}
	for act := range campaignDid {
		for _, campaign := range []int64{o.toTheirs, o.toWard} {
			if campaign == o.toWard && act == "copy" {
				continue // of a campaign that reaches one's own group, its part may be had
			}
			pairs := []string{"reason", "x", "revision", "1"}
			tries = append(tries, struct {
				b            *browser
				method, path string
				form         []string
				status       int
			}{ward, "POST", "/campaigns/" + id(campaign) + "/" + act, pairs, 404})
		}
	}
	tried := map[string]bool{}
	for _, c := range tries {
		before := o.audited("page.outside")
		var got answer
		if c.method == "GET" {
			got = c.b.get(c.path)
		} else {
			got = c.b.post(c.path, c.form...)
		}
		if got.status != c.status || o.audited("page.outside") != before+1 {
			t.Errorf("%s %s: %d with %d audit rows, want %d and one", c.method, c.path, got.status, o.audited("page.outside")-before, c.status)
		}
		tried[patternOf(o.Console, c.method, c.path)] = true
	}
	// Every page of the two roles that names one thing is in the table above: who adds one adds it there.
	for _, route := range o.routes {
		name := route.Method + " " + route.Path
		if strings.ContainsRune(route.Path, '{') && (has(route.Roles, Ward) || has(route.Roles, Police)) && len(route.Roles) == 1 && !tried[name] && !ownThings[name] {
			t.Errorf("%s is not tried with another group's id", name)
		}
	}
	for is, units := range map[string][]string{"another group": {"unit", id(o.theirs)}, "both": {"unit", id(o.mine), "unit", id(o.theirs)}, "the ward's own id": {"unit", id(o.ward)}} {
		if got := ward.post("/campaigns/new", append(form, units...)...); got.status != 422 {
			t.Errorf("a campaign to %s: %d", is, got.status)
		}
	}
	if got := ward.post("/campaigns/new", append(form[:len(form):len(form)], "unit", id(o.mine))...); got.status != 303 {
		t.Errorf("a campaign to one's own group: %d", got.status)
	}
	var moved int
	if err := o.db.QueryRow(`select count(*) from campaigns where id = any(array[$1, $2]::bigint[]) and (state not in ('draft', 'running') or revision > 1)`, o.toTheirs, o.toWard).Scan(&moved); err != nil || moved != 0 {
		t.Errorf("%d foreign campaigns moved, %v", moved, err)
	}
}

// ownThings are pages whose id names nothing that belongs to a group.
var ownThings = map[string]bool{
	"POST /residents/import/{id:[0-9]+}/keep": true, // a job, which is its owner's alone
}

// patternOf finds the pattern of a page.
func patternOf(c *Console, method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	for _, r := range c.routes {
		if r.Method != method {
			continue
		}
		want, have := strings.Split(r.Path, "/"), strings.Split(path, "/")
		same := len(want) == len(have)
		for i := 0; same && i < len(want); i++ {
			same = want[i] == have[i] || strings.HasPrefix(want[i], "{")
		}
		if same && !(strings.Contains(r.Path, "{code}") && strings.Count(r.Path, "/") == 2 && !strings.ContainsAny(path, "0123456789")) {
			return r.Method + " " + r.Path
		}
	}
	return ""
}

func TestAReportOfAnotherBeatOpensForAReason(t *testing.T) {
	o := newOneGroup(t)
	police := o.as(Police)
	if got := police.get("/reports/find?code=" + o.ofTheirs); got.status != 303 {
		t.Fatalf("find: %d", got.status)
	}
	page := police.get("/reports/" + o.ofTheirs)
	if page.status != 403 || strings.Contains(page.body, "0901") || !strings.Contains(page.body, "/open") {
		t.Fatalf("%d", page.status)
	}
	if got := police.post("/reports/"+o.ofTheirs+"/open", "reason", "Bà con đang gọi, đọc mã này"); got.header.Get("Location") != "/reports/"+o.ofTheirs {
		t.Fatalf("open: %d", got.status)
	}
	for _, path := range []string{"", "/live"} {
		if got := police.get("/reports/" + o.ofTheirs + path); got.status != 200 {
			t.Errorf("%q: %d", path, got.status)
		}
	}
	if got := police.post("/reports/"+o.ofTheirs+"/note", "note", "đã nghe máy"); got.status != 303 {
		t.Errorf("note: %d", got.status)
	}
	if got := police.get("/reports"); strings.Contains(got.body, o.ofTheirs) {
		t.Error("an opened report stands in the list")
	}
	if got := o.as(Police).get("/reports/" + o.ofTheirs); got.status != 403 {
		t.Errorf("in another session: %d", got.status)
	}
	var reason string
	if err := o.db.QueryRow(`select detail from audit_log where act = 'report.open' and object = $1`, "report:"+o.ofTheirs).Scan(&reason); err != nil || reason != "Bà con đang gọi, đọc mã này" {
		t.Errorf("%q, %v", reason, err)
	}
}

func TestACopyOfAWardsCampaignGoesToOnesOwnGroup(t *testing.T) {
	o := newOneGroup(t)
	ward := o.as(Ward)
	page := ward.get("/campaigns/" + id(o.toWard))
	if page.status != 200 || strings.Contains(page.body, "Tổ 2") || strings.Contains(page.body, "/pause") {
		t.Errorf("the ward's campaign shows more than one's own part, or its acts: %d", page.status)
	}
	got := ward.post("/campaigns/" + id(o.toWard) + "/copy")
	var copied int64
	if _, err := fmt.Sscanf(got.header.Get("Location"), "/campaigns/%d/edit", &copied); err != nil {
		t.Fatalf("%d %v", got.status, err)
	}
	c, err := o.Campaigns.Get(context.Background(), copied, nil)
	if err != nil || len(c.Units) != 1 || c.Units[0] != o.mine {
		t.Errorf("the copy goes to %v, %v", c.Units, err)
	}
}

func TestAnImportTakesNobodyFromAnotherGroup(t *testing.T) {
	o := newOneGroup(t)
	ward := o.as(Ward)
	list := "Họ và tên,Năm sinh,Số điện thoại,Tổ dân phố,Đồng ý nhận tin\nTrần Thị Mới,1950,0901000003,Tổ 1,x\nTrần Văn Lạ,1950,0901000004,Tổ 2,x\nLê Văn Huy,1950,0901000002,Tổ 1,x\n"
	o.works()
	got := ward.ended(ward.upload("/residents/import", "to1.csv", list).header.Get("Location"))
	if strings.Count(got.body, "phụ trách") < 2 {
		t.Errorf("%d: the rows of another group are not told\n%s", got.status, got.body)
	}
	result, err := residents.NewImporter(o.db, o.Now).Import(context.Background(), strings.NewReader(list), residents.ImportOptions{FileName: "to1.csv", By: "ward", Scope: residents.Scope{o.mine}})
	if err != nil || result.Imported != 1 || result.Rejected["unit_outside"] != 2 || result.Imported+result.Updated+result.Unchanged+result.Merged+2 != result.Rows {
		t.Errorf("%+v, %v", result, err)
	}
	huy, err := o.Residents.Get(context.Background(), o.huy, nil)
	if err != nil || huy.UnitID != o.theirs {
		t.Errorf("Huy lives in %d now, %v", huy.UnitID, err)
	}
}
