package ivr

import (
	"fmt"
	"testing"
)

func TestKeysTypedAhead(t *testing.T) {
	b := newBench(t, "101")
	for name, c := range map[string]struct {
		says []say
		does string
		want string // node where the call stands then
	}{
		"two keys in the main menu go on to the number": {
			says: []say{{"-", menuAsked}, {"all:21", "hoi_so_ke_gian #"}}, want: "hoi_so_ke_gian"},
		"a whole report up to the read-back of its number": {
			says: []say{{"-", menuAsked}, {"all:210905123456#", readBack}}, want: "doc_lai_so"},
		"what comes behind the number does not answer its read-back": {
			says: []say{{"-", menuAsked}, {"all:210905123456#11", readBack}}, want: "doc_lai_so"},
		"no number, then the channel and the money": {
			says: []say{{"-", menuAsked}, {"all:21#11", "tim_so dong_y_goi_lai ?"}}, want: "dong_y_goi_lai"},
		"a double press does not send the report": {
			says: []say{{"-", menuAsked}, {"all:21#111111", "tim_so doc_lai_tin_bao-1 loai-1 doc_lai_tin_bao-2 khong_co_so doc_lai_tin_bao-3 tien-chua doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"}}, want: "doc_lai_tin_bao"},
		"nor register": {says: []say{{"-", menuAsked}, {"all:41", "dang_ky ?"}}, want: "dang_ky"},
		"nor stop":     {says: []say{{"-", menuAsked}, {"all:911", "ngung_nhan ?"}}, want: "ngung_nhan"},
		"a wrong key is told, and what came behind it is left": {
			says: []say{{"-", menuAsked}, {"all:291", "sai_phim loai_lua_dao ?"}}, want: "loai_lua_dao"},
		"a star says the words again, and what came behind it is left": {
			says: []say{{"-", menuAsked}, {"all:2*1", "loai_lua_dao ?"}}, want: "loai_lua_dao"},
		"0 is a person wherever it comes": {
			says: []say{{"-", menuAsked}, {"all:201", officer1}}, want: "gap_can_bo"},
		"a number of no known length typed ahead is asked about": {
			says: []say{{"-", menuAsked}, {"all:2112", "hoi_lai_so-1 so-1 so-2 hoi_lai_so-2 so-2 hoi_lai_so-3 ?"}}, want: "hoi_lai_so"},
		"the greeting is pressed away, and the keys go on": {
			says: []say{{"all:52", "loai_lua_dao ?"}}, want: "loai_lua_dao"},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			l := b.ring(fmt.Sprintf("+8490123%04d", b.calls))
			for i, s := range c.says {
				if got := l.press(s.does); got != s.hears {
					t.Fatalf("exchange %d, %q: heard\n  %s, expected\n  %s", i+1, s.does, got, s.hears)
				}
			}
			same(t, "where the call stands", []string{c.want}, b.column(fmt.Sprintf(`select node from calls where id = %s`, l.id())))
		})
	}
}

// TestKeysTypedAheadAreOnTheRecordOnce: the report has them as they came, in the step that brought them.
func TestKeysTypedAheadAreOnTheRecordOnce(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	l.all("-", "all:21#1")
	var got []string
	for _, e := range b.allReports()[0].Events {
		if e.Act == "key" {
			got = append(got, e.Node+" "+e.Key)
		}
	}
	same(t, "record", []string{"chao start", "chao silence", "menu_chinh 21#1"}, got)
}
