package console

import (
	_ "embed"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

// recordedMP3 says "nơi nhận tin báo lừa đảo" between silences: the program's own voice, by LAME at 24 kbit/s.
//
//go:embed testdata/noi_nhan_tin_bao.mp3
var recordedMP3 []byte

func TestAnMP3IsKeptTrimmedAndJudgedInPlainWords(t *testing.T) {
	const line = "/prompts/trung/ct-bao_lua_dao"
	h := newHouse(t)
	b := h.as(Ward)
	if got := b.say(line+"/sound", recordedMP3, "speaker", "Chị Hoa", "agreed", "1"); got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	if got := b.post(line+"/1/use", "heard", "1"); got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	if err := h.Sounds.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	says(t, "the line", b.get(line).body, "Người đọc, tải tệp lên: Chị Hoa", "to -1", "Nghe tốt", "giây ở đầu", "dưới 0.3 giây là vừa")
}

// TestWhoRecordsSeesHowLoudTheyAre: the bar moves, the words that a screen reader says tell the same, and what was recorded lies
// in the form's file field. The browser's own microphone beeps once a second.
func TestWhoRecordsSeesHowLoudTheyAre(t *testing.T) {
	h := newHouse(t)
	s := h.screen()
	s.signin(Ward)
	s.open(chao)
	const button, said = `[data-recorder] button`, `document.querySelector('[data-recorder] [role=status]').textContent`
	s.press(button)
	s.show(`[data-recorder] meter`)
	s.do(chromedp.Poll[chromedp.Void](`document.querySelector('[data-recorder] meter').value > -35`))
	s.do(chromedp.Poll[chromedp.Void](`["Độ to vừa.", "To quá, vỡ tiếng: xin lùi xa micrô rồi thu lại."].includes(` + said + `)`))
	s.press(button)
	s.do(chromedp.Poll[chromedp.Void](`document.querySelector('#file').files.length === 1`))
	s.do(chromedp.Poll[chromedp.Void](said + `.includes("Đã thu")`))
	if evaluate[string](s, `document.querySelector('input[name=origin]').value`) != "recorded" {
		t.Error("what was recorded goes for an upload")
	}
	s.do(chromedp.WaitNotVisible(chromedp.CSS(`[data-recorder] meter`)))
}
