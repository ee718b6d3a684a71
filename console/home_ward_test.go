package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// linkUp has a node that lives say that its link to carrier stands.
func (h *house) linkUp(carrier string, node int) {
	h.t.Helper()
	conn, err := h.db.Conn(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	for _, q := range []string{
		fmt.Sprintf(`select pg_advisory_lock(4213, %d)`, node),
		fmt.Sprintf(`insert into link_states (node, carrier, up, since, seen_at) values (%d, '%s', true, now(), now())`, node, carrier),
	} {
		if _, err := conn.ExecContext(context.Background(), q); err != nil {
			h.t.Fatal(err)
		}
	}
}

// running gives an approved campaign of h's ward that runs every day at eight.
func (h *house) running(name, text string) int64 {
	h.t.Helper()
	ctx := context.Background()
	ward, err := h.Residents.Ward(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	one := h.Campaigns.Blank()
	one.Name, one.Units, one.Cron = name, []int64{ward.ID}, "0 8 * * *"
	one.Contents = []campaigns.Content{{Text: text, Plain: text}, {Text: text, Plain: text}}
	id, err := h.Campaigns.Create(ctx, one, campaigns.User{Name: "ward", Role: "ward"})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, act := range []func(context.Context, int64, campaigns.User) error{h.Campaigns.Submit, h.Campaigns.Approve, h.Campaigns.Start} {
		if err := act(ctx, id, campaigns.User{Name: "huy", Role: "ward"}); err != nil {
			h.t.Fatal(err)
		}
	}
	return id
}

func TestTheWardHomeSaysWhatToDoFirstAndIsCalmOtherwise(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan, huy := h.signedIn("ward"), h.signedIn("huy")
	if got := lan.part("to_do"); !strings.Contains(got, "Hiện không nhà mạng nào nhận được tin") || !strings.Contains(got, "status bad") {
		t.Errorf("with no link: %s", got)
	}
	h.linkUp("viettel", 7)
	if got := lan.part("to_do"); !strings.Contains(got, "Không có gì phải làm.") || strings.Contains(got, `class="rows"`) {
		t.Errorf("with nothing to do: %s", got)
	}
	lan.post("/campaigns/new", goodForm()...)
	lan.post("/campaigns/1/submit")
	if got := huy.part("to_do"); !strings.Contains(got, `<a href="/campaigns/1">Chờ anh/chị phê duyệt: “Nhắc tháng 11”`) {
		t.Errorf("who may approve: %s", got)
	}
	if got := lan.part("to_do"); !strings.Contains(got, "Chờ người khác phê duyệt: “Nhắc tháng 11”") || strings.Contains(got, "anh/chị phê duyệt") {
		t.Errorf("who wrote it: %s", got)
	}
	huy.post("/campaigns/1/sendback", "reason", "Thêm số của công an phường")
	if got := lan.part("to_do"); !strings.Contains(got, `<a href="/campaigns/1">Bị trả lại, cần sửa: “Nhắc tháng 11”`) {
		t.Errorf("sent back to who wrote it: %s", got)
	}
	if got := lan.get("/campaigns/1"); !strings.Contains(got.body, "huy trả lại để sửa") || strings.Count(got.body, "Thêm số của công an phường") < 2 {
		t.Errorf("the draft does not say what is to be changed: %s", got.body)
	}
	if got := huy.part("to_do"); !strings.Contains(got, "Không có gì phải làm.") {
		t.Errorf("who sent it back: %s", got)
	}
	lan.post("/campaigns/1/submit")
	huy.post("/campaigns/1/approve", "revision", "1")
	if got := lan.part("to_do"); !strings.Contains(got, "Đã phê duyệt, chưa bắt đầu gửi: “Nhắc tháng 11”") {
		t.Errorf("approved: %s", got)
	}
}

func TestTheWardHomeTellsOfATextThatACarrierNoLongerTakes(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	id := h.running("Nhắc & dặn", "Khong doc ma cho ai!")
	h.linkUp("viettel", 7)
	lan := h.signedIn("ward")
	if got := lan.part("to_do"); !strings.Contains(got, "Không có gì phải làm.") {
		t.Fatalf("while it takes the text: %s", got)
	}
	// The operator hears that the carrier refuses the letter, and configures it.
	gw := gateway.NewStore(h.db, h.Now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "viettel", TextRules: gateway.TextRules{Forbidden: "!"}}}})
	h.Campaigns = campaigns.NewStore(h.db, h.Now, gw, h.Residents, schedules.NewStore(h.db, h.Now), campaigns.Options{})
	got := lan.part("to_do")
	if !strings.Contains(got, "nhà mạng viettel không nhận chữ !") || !strings.Contains(got, fmt.Sprintf(`href="/campaigns/%d"`, id)) {
		t.Errorf("after: %s", got)
	}
	if _, err := h.db.Exec(`update schedules set last_error = 'x'`); err != nil {
		t.Fatal(err)
	}
	if got := lan.part("to_do"); !strings.Contains(got, "đến giờ mà chưa gửi được") {
		t.Errorf("a firing that failed: %s", got)
	}
}

func TestTheWardHomeSaysWhatGoesOutTodayAndWhoWasNotReached(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	if got := lan.part("today"); !strings.Contains(got, "Hôm nay không có tin nào gửi đi.") || strings.Contains(got, "Lần tới") {
		t.Errorf("with nothing: %s", got)
	}
	if got := lan.part("behind"); !strings.Contains(got, "Chưa có chiến dịch nào gửi tin") {
		t.Errorf("with nothing: %s", got)
	}
	id := h.running("Nhắc tháng 11", "Khong doc ma OTP cho ai.")
	now := h.Now().In(schedules.Zone())
	today := time.Date(now.Year(), now.Month(), now.Day(), 23, 59, 0, 0, now.Location())
	next := func(at time.Time) {
		if _, err := h.db.Exec(`update schedules set next_at = $1`, at.UTC()); err != nil {
			t.Fatal(err)
		}
	}
	next(today)
	if got := lan.part("today"); !strings.Contains(got, "<strong>23:59</strong> tới 3 số") || !strings.Contains(got, "Tin 1 trong 2 tin") || !strings.Contains(got, "3 bản tin, chưa có đơn giá") {
		t.Errorf("due today: %s", got)
	}
	next(today.AddDate(0, 0, 1))
	if got := lan.part("today"); !strings.Contains(got, "Hôm nay không có tin nào") || !strings.Contains(got, "Lần tới:") || !strings.Contains(got, "Nhắc tháng 11") {
		t.Errorf("due tomorrow: %s", got)
	}
	tx, err := h.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Campaigns.Fire(context.Background(), tx, id, h.Now(), 1); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := lan.part("today"); !strings.Contains(got, "Đang gửi") || !strings.Contains(got, "tới 3 số") {
		t.Errorf("fired: %s", got)
	}
	if got := lan.part("behind"); !strings.Contains(got, "0/3 số máy đã tiếp cận được") || !strings.Contains(got, "Tổ 1") || !strings.Contains(got, "còn 1 chưa tiếp cận") {
		t.Errorf("nobody reached: %s", got)
	}
}

func TestTheWardHomeTellsOfTheLastImport(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	lan := h.signedIn("ward")
	if got := lan.part("import"); !strings.Contains(got, "Chưa nhập danh sách cư dân nào.") {
		t.Errorf("before: %s", got)
	}
	list := "Họ và tên,Năm sinh,Số điện thoại,Tổ dân phố,Đồng ý nhận tin\nLê Văn A,1950,0905111222,Tổ 1,x\nLê Văn B,1950,12,Tổ 1,x\n"
	if _, err := residents.NewImporter(h.db, h.Now).Import(context.Background(), strings.NewReader(list), residents.ImportOptions{FileName: "to-1.csv", By: "huy"}); err != nil {
		t.Fatal(err)
	}
	got := lan.part("import")
	for _, want := range []string{"to-1.csv", "huy", "2 dòng: 1 người mới", "1 dòng bị loại.", `href="/residents/import"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q: %s", want, got)
		}
	}
}
