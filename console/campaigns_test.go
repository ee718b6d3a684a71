package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/schedules"
)

// withWard gives the house a ward of three groups and a number in each, and a second officer, "huy".
func (h *house) withWard() {
	h.t.Helper()
	ctx := context.Background()
	ward, err := h.Residents.LoadWard(ctx, "Thanh Khê", 3)
	if err != nil {
		h.t.Fatal(err)
	}
	groups, err := h.Residents.Groups(ctx, ward.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	for i, g := range groups {
		if _, err := h.db.Exec(`insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
			values ($1, 'mobile', $2, $3, $4, now(), now(), now())`, fmt.Sprintf("+8490500000%d", i), fmt.Sprintf("Trần Thị %d", i), fmt.Sprintf("tran thi %d", i), g.ID); err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := h.users.Add(ctx, "huy", Standing{Role: Ward}, password); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) signedIn(name string) *browser {
	h.t.Helper()
	b := h.browser()
	if r := b.post("/signin", "name", name, "password", password); r.status != http.StatusSeeOther {
		h.t.Fatalf("sign in as %s: %d", name, r.status)
	}
	return b
}

// goodForm is what an officer types; pairs replace its values.
func goodForm(pairs ...string) []string {
	form := []string{
		"name", "Nhắc tháng 11", "text", "Bà con đừng đọc mã OTP cho ai.", "plain", "Ba con khong doc ma OTP cho ai.", "form", "plain",
		"audience", "ward", "when", "weekly", "day", "1", "time", "08:00", "from", "07:00", "to", "22:00", "per_day", "1", "per_week", "2", "do", "save",
	}
	for i := 0; i < len(pairs); i += 2 {
		for j := 0; j < len(form); j += 2 {
			if form[j] == pairs[i] {
				form = append(form[:j], form[j+2:]...)
				break
			}
		}
	}
	return append(form, pairs...)
}

func TestACampaignFromTheFormToTheNextStepOfEach(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan, huy := h.signedIn("ward"), h.signedIn("huy")
	saved := lan.post("/campaigns/new", goodForm()...)
	page := saved.header.Get("Location")
	if saved.status != http.StatusSeeOther || page != "/campaigns/1" {
		t.Fatalf("save: %d to %q\n%s", saved.status, page, saved.body)
	}
	got := lan.get(page)
	for _, want := range []string{"Đã lưu bản nháp", "Bản nháp", "3 số máy đồng ý nhận tin", "Ba con khong doc ma OTP cho ai.", "thứ Hai", "1 bản tin", `action="/campaigns/1/submit"`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the draft's page lacks %q", want)
		}
	}
	lan.post("/campaigns/1/submit")
	if got := lan.get(page); strings.Contains(got.body, `action="/campaigns/1/approve"`) || !strings.Contains(got.body, "Người soạn không tự phê duyệt được") {
		t.Error("the author is offered to approve, or not told why not")
	}
	if got := lan.post("/campaigns/1/approve", "revision", "1"); got.status != http.StatusConflict || !strings.Contains(got.body, "Xin nhờ một cán bộ khác") {
		t.Errorf("self-approval: %d", got.status)
	}
	if got := huy.get("/"); !strings.Contains(got.body, "Chờ anh/chị phê duyệt: “") {
		t.Error("the home page does not say what waits")
	}
	if got := huy.post("/campaigns/1/approve", "revision", "0"); got.status != http.StatusConflict {
		t.Errorf("an approval of another version: %d", got.status)
	}
	if got := huy.post("/campaigns/1/approve", "revision", "1"); got.status != http.StatusSeeOther {
		t.Errorf("approval: %d", got.status)
	}
	if got := lan.get("/campaigns/1/edit"); got.status != http.StatusConflict {
		t.Errorf("an approved campaign can be edited: %d", got.status)
	}
	lan.post("/campaigns/1/start")
	if got := lan.get(page); !strings.Contains(got.body, "Đang chạy") || !strings.Contains(got.body, "Lần gửi kế tiếp") {
		t.Error("the page does not say that it runs")
	}
	if got := lan.post("/campaigns/1/copy"); got.header.Get("Location") != "/campaigns/2/edit" {
		t.Errorf("copy leads to %q", got.header.Get("Location"))
	}
}

func TestAWrongFormKeepsWhatWasTypedAndSaysWhatToDo(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	for _, c := range []struct {
		name   string
		change []string
		says   string
	}{
		{"no name", []string{"name", ""}, "Xin đặt tên"},
		{"a request", []string{"text", "Bà con đọc mã OTP cho cán bộ."}, "giống như đang yêu cầu"},
		{"a link", []string{"plain", "Xem canhgiac.vn"}, "Có đường dẫn"},
		{"marks without marks", []string{"plain", "Tắt may"}, "không được dùng trong tin không dấu"},
		{"no group", []string{"audience", "groups"}, "Chưa chọn nơi nhận"},
		{"no weekday", []string{"day", "9"}, "Chưa chọn ngày"},
		{"no time", []string{"time", ""}, "Giờ gửi chưa đúng"},
		{"hours upside down", []string{"from", "22:00", "to", "07:00"}, "Giờ bắt đầu phải trước"},
		{"a cap in words", []string{"per_week", "hai"}, "Giới hạn là số nguyên"},
		{"a wrong cron", []string{"when", "cron", "cron", "0 25 * * *"}, "Trường giờ"},
		{"urgent without a reason", []string{"urgent", "1"}, "Tin khẩn cần ghi lý do"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := goodForm(c.change...)
			got := lan.post("/campaigns/new", form...)
			if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, c.says) {
				t.Fatalf("%d, without %q\n%s", got.status, c.says, got.body)
			}
			for i := 0; i < len(form); i += 2 {
				switch form[i] {
				case "name", "text", "plain", "time", "per_day", "per_week", "from", "to", "cron":
					if form[i+1] != "" && !strings.Contains(got.body, form[i+1]) {
						t.Errorf("%s %q was lost", form[i], form[i+1])
					}
				}
			}
		})
	}
	var n int
	if err := h.db.QueryRow(`select count(*) from campaigns`).Scan(&n); err != nil || n != 0 {
		t.Fatalf("%d campaigns kept, %v", n, err)
	}
}

func TestWhatACarrierRefusesIsToldWhileItIsWritten(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		gw := gateway.NewStore(o.DB, o.Now, gateway.StoreOptions{Routes: []gateway.Route{
			{Carrier: "viettel", Prefixes: []string{"09"}, TextRules: gateway.TextRules{Forbidden: "#&%*", Cost: 1200}},
			{Carrier: "vina", TextRules: gateway.TextRules{GSM7Only: true}}}})
		o.Campaigns = campaigns.NewStore(o.DB, o.Now, gw, o.Residents, schedules.NewStore(o.DB, o.Now), campaigns.Options{})
	})
	h.withWard()
	lan := h.signedIn("ward")
	for _, c := range []struct {
		name   string
		change []string
		says   string
	}{
		{"letters that have a word", []string{"form", "accented", "text", "Mất 100% & hơn"}, "Nhà mạng viettel không nhận ký tự: % &amp;. Xin viết bằng chữ (% → phần trăm, &amp; → và) hoặc bỏ đi."},
		{"a letter that has none", []string{"plain", "Goi *8088"}, "Nhà mạng viettel không nhận ký tự: *. Xin bỏ đi."},
		{"marks", []string{"form", "accented"}, "Nhà mạng vina không nhận chữ có dấu hay ký hiệu này: đ ừ ọ ã."},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := goodForm(c.change...)
			if got := lan.post("/campaigns/preview", form...); !strings.Contains(got.body, c.says) {
				t.Errorf("the preview lacks %q\n%s", c.says, got.body)
			}
			if got := lan.post("/campaigns/new", form...); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, c.says) {
				t.Errorf("saving: %d, without %q", got.status, c.says)
			}
		})
	}
	for _, path := range []string{"/campaigns/preview", "/campaigns/new"} {
		got := lan.post(path, goodForm("plain", "Lai suat 20% & #1, goi *8088 %")...)
		for _, says := range []string{"nhà mạng từ chối: % &amp; #. Xin", "Nhà mạng viettel không nhận ký tự: *. Xin bỏ đi."} {
			if !strings.Contains(got.body, says) {
				t.Errorf("%s lacks %q", path, says)
			}
		}
		if strings.Contains(got.body, "phần trăm") {
			t.Errorf("%s names a letter twice", path)
		}
	}
	if got := lan.post("/campaigns/preview", goodForm()...); !strings.Contains(got.body, "3 bản tin cho cả chiến dịch, khoảng 3.600\u00a0đ") {
		t.Errorf("the preview does not tell the price\n%s", got.body)
	}
	if got := lan.post("/campaigns/new", goodForm()...); got.status != http.StatusSeeOther {
		t.Errorf("saving a good one: %d", got.status)
	}
	if got := lan.get("/campaigns/1"); !strings.Contains(got.body, "khoảng 3.600\u00a0đ") {
		t.Error("the page of who approves does not tell the price")
	}
}

func TestTheFormsOwnButtonsWorkWithoutScripts(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	got := lan.post("/campaigns/new", goodForm("do", "add")...)
	if got.status != http.StatusOK || strings.Count(got.body, `name="text"`) != 2 || !strings.Contains(got.body, "đừng đọc mã OTP") {
		t.Errorf("add: %d, %d texts", got.status, strings.Count(got.body, `name="text"`))
	}
	got = lan.post("/campaigns/new", append(goodForm("do", "remove-1"), "text", "Hai", "plain", "Hai")...)
	if strings.Count(got.body, `name="text"`) != 1 {
		t.Errorf("remove leaves %d texts", strings.Count(got.body, `name="text"`))
	}
	got = lan.post("/campaigns/new", goodForm("do", "unaccent-0", "text", "Ai dọa bắt, bà con tắt máy.")...)
	if !strings.Contains(got.body, "Ai doa bat, ba con tat may.</textarea>") {
		t.Error("the marks were not taken off")
	}
	got = lan.post("/campaigns/preview", goodForm("text", "Bà con chuyển tiền ngay.")...)
	if got.status != http.StatusOK || strings.Contains(got.body, "<html") || !strings.Contains(got.body, "giống như đang yêu cầu") {
		t.Errorf("preview: %d", got.status)
	}
}

func TestTheCampaignPageShowsProgressAndItsTopicMoves(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t)
	h.withWard()
	by, approver := campaigns.User{Name: "ward", Role: "ward"}, campaigns.User{Name: "huy", Role: "ward"}
	id, err := h.Campaigns.LoadSample(ctx, campaigns.SampleOptions{Contents: []campaigns.Content{{Text: "Tắt máy.", Plain: "Tat may."}}, Author: by, Approver: approver})
	if err != nil {
		t.Fatal(err)
	}
	lan := h.signedIn("ward")
	if got := lan.get("/campaigns/1"); strings.Contains(got.body, `id="progress"`) {
		t.Error("progress before anything was sent")
	}
	before, err := h.campaignRevision(ctx, "1")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := h.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Campaigns.Fire(ctx, tx, id, time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if after, err := h.campaignRevision(ctx, "1"); err != nil || after == before {
		t.Errorf("the topic did not move: %q, %v", after, err)
	}
	for _, path := range []string{"/campaigns/1", "/campaigns/1/progress"} {
		got := lan.get(path)
		for _, want := range []string{"0/3 số máy đã tiếp cận được", "Chờ gửi", "Tổ 3", `data-live="campaign-1"`} {
			if !strings.Contains(got.body, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	file := lan.get("/campaigns/1/groups.csv")
	if !strings.HasPrefix(file.body, "\ufeffTổ dân phố;Số máy đồng ý được nhắc;Đã tiếp cận\r\n") || !strings.Contains(file.body, "Tổ 3;1;0\r\n") || h.audited("campaign.groups") != 1 {
		t.Errorf("the file holds %q", file.body)
	}
	if got := lan.get("/campaigns/99"); got.status != http.StatusNotFound {
		t.Errorf("no such campaign: %d", got.status)
	}
}

func TestAScheduleReadsBackAsItWasChosen(t *testing.T) {
	for _, c := range []struct{ name, cron, kind string }{
		{"daily", "30 8 * * *", "daily"},
		{"two days of the week", "0 8 * * 1,4", "weekly"},
		{"Sunday", "5 17 * * 0", "weekly"},
		{"the demo's every minute", "* * * * *", "minute"},
		{"the first of the month", "0 8 1 * *", "cron"},
		{"every ten minutes", "*/10 * * * *", "cron"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := whenOf(c.cron)
			if v.Kind != c.kind || v.cron() != c.cron {
				t.Fatalf("%s reads as %+v and writes %q", c.cron, v, v.cron())
			}
			if _, err := schedules.ParseCron(v.cron()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestATimeIsReadAsPeopleWriteIt(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"08:00", "08:00"}, {"8:05", "08:05"}, {"8h", "08:00"}, {"8h30", "08:30"}, {"8 giờ 30", "08:30"}, {"8.30", "08:30"},
		{"sáng", "sáng"}, {"", ""}, {"25:00", "25:00"},
	} {
		if got := readTime(c.typed); got != c.want {
			t.Errorf("%q reads as %q, want %q", c.typed, got, c.want)
		}
	}
}
