package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// texted is an inbound message that was kept for kept.
func (h *house) texted(phone, text, kept string) (id int64) {
	h.t.Helper()
	if err := h.db.QueryRow(`insert into inbound (carrier, phone, recipient, text, at, kept) values ('viettel', $1, '8088', $2, now(), $3) returning id`,
		phone, text, kept).Scan(&id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

func TestTextsThatNobodyActedOnAreReadByAnOfficer(t *testing.T) {
	h := newHouse(t)
	h.texted("+84901234567", "toi bi lua mat tien roi", "unknown")
	h.texted("+84907654321", "[…] hết tiền trong tài khoản <script>", "broken")
	h.texted("+84907654321", "BAO 0987654321 và hết", "late")
	h.texted("5656", "Quy khach da dang ky", "machine")
	h.texted("+84901112223", "DK", "")
	b := h.as(Police)

	home := b.get("/")
	if !strings.Contains(home.body, "Chưa đọc: 3") {
		t.Error("the home page does not tell of three unread texts")
	}
	list := b.get("/inbox")
	for _, want := range []string{"toi bi lua mat tien roi", "[…] hết tiền trong tài khoản &lt;script&gt;", "BAO 0987654321 và hết", "090•••4567",
		"Không có từ khóa", "Mất phần đầu", "Phần còn lại tới sau", "3 tin nhắn", "Lập tin báo"} {
		if !strings.Contains(list.body, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	for _, not := range []string{"901234567", "Quy khach", ">DK<"} {
		if strings.Contains(list.body, not) {
			t.Errorf("the list shows %q", not)
		}
	}
	if got := b.get("/inbox?kept=machine"); !strings.Contains(got.body, "5656") || !strings.Contains(got.body, "Quy khach") {
		t.Error("machines' texts are not to be found")
	}

	if got := b.post("/inbox/2/seen"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/inbox" {
		t.Fatalf("%d to %q", got.status, got.header.Get("Location"))
	}
	if got := b.get("/inbox"); !strings.Contains(got.body, "2 tin nhắn") || !strings.Contains(got.body, "Đã ghi là đã đọc.") {
		t.Error("what was read is still on the list")
	}
	if got := b.get("/inbox?seen=1"); !strings.Contains(got.body, "hết tiền trong tài khoản") || !strings.Contains(got.body, "police đã đọc lúc") {
		t.Error("what was read is not to be found")
	}
	for _, act := range []string{"seen", "report"} {
		b.post("/inbox/2/" + act)
		if got := b.get("/inbox"); !strings.Contains(got.body, "đã có cán bộ khác đọc") {
			t.Errorf("%s again is not told of", act)
		}
	}
	if n := h.audited("inbox.seen"); n != 1 {
		t.Errorf("%d readings in the audit", n)
	}
}

func TestATextBecomesAReport(t *testing.T) {
	h := newHouse(t)
	h.texted("+84901234567", "toi bi lua mat tien roi", "unknown")
	h.texted("5656", "Quy khach da dang ky", "machine")
	b := h.as(Police)
	for id, want := range map[int][]string{1: {`<p class="note-text">toi bi lua mat tien roi</p>`, "Nhắn tin không có từ khóa", "090•••4567"}, 2: {`<p class="note-text">5656: Quy khach da dang ky</p>`}} {
		got := b.post(fmt.Sprintf("/inbox/%d/report", id))
		if got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/reports/") {
			t.Fatalf("%d to %q", got.status, got.header.Get("Location"))
		}
		page := b.get(got.header.Get("Location"))
		for _, w := range want {
			if !strings.Contains(page.body, w) {
				t.Errorf("the report of text %d lacks %q", id, w)
			}
		}
	}
	b.post("/inbox/1/report")
	var n int
	if err := h.db.QueryRow(`select count(*) from reports`).Scan(&n); err != nil || n != 2 || h.audited("inbox.report") != 2 {
		t.Errorf("%d reports, %v", n, err)
	}
}

func TestTheInboxIsPaged(t *testing.T) {
	h := newHouse(t)
	for i := range inboxPerPage + 1 {
		h.texted("+84901234567", fmt.Sprintf("tin so %d.", i+1), "unknown")
	}
	b := h.as(Police)
	first, second := b.get("/inbox"), b.get("/inbox?page=1")
	if !strings.Contains(first.body, "tin so 51.") || strings.Contains(first.body, "tin so 1.") || !strings.Contains(first.body, `href="/inbox?page=1" rel="next"`) {
		t.Error("the first page is not the newest fifty")
	}
	if !strings.Contains(second.body, "tin so 1.") || strings.Contains(second.body, "tin so 2.") || !strings.Contains(second.body, `rel="prev"`) {
		t.Error("the second page is not the rest")
	}
	if got := b.get("/inbox?page=x"); got.status != http.StatusBadRequest {
		t.Errorf("a page of no number: %d", got.status)
	}
}
