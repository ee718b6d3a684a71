package console

import (
	"net/http"
	"strings"
	"testing"
)

// walkedSQL is what forty calls and three USSD sessions of today came to.
const walkedSQL = `
insert into menu_comings (day, version, origin, node, n, left_at, failed, wrong, astray)
select date_bin('1 day', $1::timestamptz, '2000-01-01 00:00:00+07'), v, o, node, n, l, f, w, a from (values
  (0, 'hotline', 'chao', 40, 1, 0, 0, 1), (0, 'hotline', 'menu_chinh', 39, 3, 2, 9, 12), (0, 'hotline', 'loai_lua_dao', 20, 2, 0, 0, 2),
  (0, 'hotline', 'hoi_so_ke_gian', 18, 9, 0, 0, 9), (0, 'hotline', 'kenh_lien_lac', 9, 0, 0, 0, 0), (0, 'hotline', 'hoi_mat_tien', 9, 0, 0, 0, 0),
  (0, 'hotline', 'dong_y_goi_lai', 9, 0, 0, 0, 0), (0, 'hotline', 'doc_lai_tin_bao', 9, 1, 0, 0, 1), (0, 'hotline', 'da_gui', 8, 0, 0, 0, 0),
  (0, 'hotline', 'hoi_luc_nao', 4, 4, 0, 0, 4), (7, 'hotline', 'cau_hoi_cu', 6, 0, 0, 3, 3), (0, 'ussd', 'menu_chinh', 3, 1, 0, 0, 1)) x (v, o, node, n, l, f, w, a)`

const askedSQL = `
insert into menu_stays (day, version, origin, node, outcome, key, n, heard, words_ms, waited)
select date_bin('1 day', $1::timestamptz, '2000-01-01 00:00:00+07'), 0, 'hotline', node, outcome, key, n, h, 1000 * n * s, w::int[] from (values
  ('menu_chinh', 'key', '2', 20, 15, 28, '{0,0,0,0,0,0,0,0,0,0,0,20,0,0,0}'), ('menu_chinh', 'key', '3', 8, 2, 28, '{0,0,0,0,0,0,0,8,0,0,0,0,0,0,0}'),
  ('menu_chinh', 'wrong', '', 11, 4, 28, '{}'), ('menu_chinh', 'silent', '', 6, 6, 28, '{}'), ('hoi_so_ke_gian', 'left', '', 9, 1, 22, '{}')) x (node, outcome, key, n, h, s, w)`

// oldMenuSQL is a version that this program cannot follow any more.
const oldMenuSQL = `
insert into menu_versions (id, base, state, document, author, created_at, updated_at) overriding system value values (7, 0, 'dropped', 'old', 'lan', $1, $1)`

func (h *house) walked() {
	h.t.Helper()
	for _, q := range []string{walkedSQL, askedSQL} {
		if _, err := h.db.Exec(q, h.Now()); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestThePageSaysHowFarCallersGetAndWhereTheyGetLost(t *testing.T) {
	h := newHouse(t)
	h.walked()
	if _, err := h.db.Exec(oldMenuSQL, h.Now()); err != nil {
		t.Fatal(err)
	}
	for _, role := range everyone {
		page := h.as(role).get("/menu/funnel")
		for _, want := range []string{"40 cuộc bắt đầu; gửi xong tin báo: 8/40 cuộc (20%).", "9/18 cuộc (50%) bị lạc. Tắt máy: 9; bấm phím không có: 0; sai ba lần: 0.",
			"rút ngắn lời đọc (đang dài 22 giây)", "12/39 cuộc (30,8%) bị lạc", "đọc rõ hơn phím nào", "2. Bảng chọn chính", "9. Tin báo gửi xong", "cau_hoi_cu"} {
			if page.status != http.StatusOK || !strings.Contains(page.body, want) {
				t.Errorf("%s: the page (%d) does not say %q", role, page.status, want)
			}
		}
		if strings.Contains(page.body, "4/4 cuộc") {
			t.Errorf("%s: four calls are made into a judgement", role)
		}
	}
	b := h.as(Ward)
	first, second := strings.Index(b.get("/menu/funnel").body, "9/18 cuộc"), strings.Index(b.get("/menu/funnel").body, "12/39 cuộc")
	if first > second {
		t.Error("the node at which half are lost does not come before the one at which a third is")
	}
	if got := b.get("/menu/funnel?origin=ussd"); !strings.Contains(got.body, "3 cuộc bắt đầu; gửi xong tin báo: 0/3 cuộc.") || strings.Contains(got.body, "%)") {
		t.Error("three sessions are told in percent, or not told")
	}
	if got := b.get("/menu/funnel?version=7"); strings.Contains(got.body, "9/18") || !strings.Contains(got.body, "cau_hoi_cu") {
		t.Error("a version's page tells of another's calls")
	}
	if got := b.get("/menu/funnel?from=2020-01-01&to=2020-01-31"); !strings.Contains(got.body, "chưa đủ cuộc gọi") {
		t.Error("a time without calls does not say so")
	}
	for _, bad := range []string{"origin=x", "version=-1", "version=x", "from=x"} {
		if got := b.get("/menu/funnel?" + bad); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, got.status)
		}
	}
}

func TestThePathsAreGivenAsFiles(t *testing.T) {
	h := newHouse(t)
	h.walked()
	b := h.as(Police)
	for name, want := range map[string]string{"path": "2. Bảng chọn chính;39;3;2\r\n", "choices": ";20\r\n", "questions": "Bảng chọn chính;39;45;27;3;2;11;6;0;0;28;27\r\n"} {
		got := b.get("/menu/funnel/" + name + ".csv?origin=hotline")
		if got.status != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("%s (%d) is without %q:\n%s", name, got.status, want, got.body)
		}
	}
	if h.audited("statistics.export") != 3 {
		t.Error("files left no audit rows")
	}
}

func TestWhoLooksAfterAGroupSeesNoPathsOfTheWholeWard(t *testing.T) {
	h := newHouse(t)
	h.walked()
	h.lookAfter(h.groupsOfWard()[0])
	b := h.as(Ward)
	for _, path := range []string{"/menu/funnel", "/menu/funnel/path.csv"} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if strings.Contains(b.get("/statistics").body, `href="/menu/funnel"`) {
		t.Error("a link leads to a page that is not theirs")
	}
}
