package campaigns_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"canhgiac/campaigns"
	"canhgiac/schedules"
)

func TestAWrongCampaignIsRefusedAtTheField(t *testing.T) {
	o := newOffice(t)
	text := func(accented, plain string) func(*campaigns.Campaign) {
		return func(c *campaigns.Campaign) {
			c.Contents[1] = campaigns.Content{Text: accented, Plain: plain}
		}
	}
	for _, c := range []struct {
		name    string
		change  func(*campaigns.Campaign)
		problem string // field and code
	}{
		{"no name", func(c *campaigns.Campaign) { c.Name = "  " }, "name name_missing"},
		{"a name longer than a page's head", func(c *campaigns.Campaign) { c.Name = strings.Repeat("ạ", 121) }, "name name_long"},
		{"no text at all", func(c *campaigns.Campaign) { c.Contents = nil }, "contents.0.text text_missing"},
		{"one form missing", text("Bà con tắt máy.", " "), "contents.1.plain text_missing"},
		{"a link in full", text("Xem https://canhgiac.vn", "Tat may."), "contents.1.text link"},
		{"a link without a scheme", text("Tắt máy.", "Xem canhgiac.vn nhe"), "contents.1.plain link"},
		{"a shortened link", text("Xem bit.ly/abc nhé", "Tat may."), "contents.1.text link"},
		{"a request for a code", text("Bà con đọc mã OTP cho cán bộ.", "Tat may."), "contents.1.text asks"},
		{"a request for money", text("Tắt máy.", "Ba con chuyen tien vao quy."), "contents.1.plain asks"},
		{"marks in the không dấu text", text("Tắt máy.", "Tắt may."), "contents.1.plain plain_char"},
		{"a sign that carriers refuse", text("Tắt máy.", "Lai suat 20%"), "contents.1.plain plain_char"},
		{"a placeholder left standing", text("Gọi {hotline}", "Tat may."), "contents.1.text placeholder"},
		{"a text of five parts", text("Tắt máy.", strings.Repeat("Ba con tat may. ", 40)), "contents.1.plain parts_many"},
		{"a form that is none", func(c *campaigns.Campaign) { c.Form = "both" }, "form form_unknown"},
		{"a channel that is none", func(c *campaigns.Campaign) { c.Channel = "fax" }, "channel channel_unknown"},
		{"nobody addressed", func(c *campaigns.Campaign) { c.Units = nil }, "units units_missing"},
		{"a unit of another ward", func(c *campaigns.Campaign) { c.Units = []int64{9999} }, "units units_unknown"},
		{"a cron of four fields", func(c *campaigns.Campaign) { c.Cron = "0 8 * *" }, "cron cron_fields"},
		{"an hour that is none", func(c *campaigns.Campaign) { c.Cron = "0 25 * * *" }, "cron cron_hour"},
		{"a day that never comes", func(c *campaigns.Campaign) { c.Cron = "0 8 31 2 *" }, "cron cron_never"},
		{"no hours", func(c *campaigns.Campaign) { c.Hours = schedules.Hours{} }, "hours hours_wrong"},
		{"a negative cap", func(c *campaigns.Campaign) { c.Caps.PerWeek = -1 }, "caps caps_wrong"},
		{"urgent without a reason", func(c *campaigns.Campaign) { c.Urgent = true }, "urgent_reason urgent_reason_missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			campaign := o.good()
			c.change(&campaign)
			_, err := o.store.Create(context.Background(), campaign, lan)
			var invalid *campaigns.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("error = %v", err)
			}
			var got []string
			for _, p := range invalid.Problems {
				got = append(got, p.Field+" "+p.Code)
			}
			if !slices.Contains(got, c.problem) {
				t.Fatalf("problems = %q, want %q", got, c.problem)
			}
		})
	}
	if n := o.count(`select count(*) from campaigns`); n != 0 {
		t.Fatalf("%d campaigns kept", n)
	}
}

func TestTheSixRemindersPassAsTheyAre(t *testing.T) {
	texts := houseTexts(t)
	fill := strings.NewReplacer("{brand}", "CATHANHKHEX", "{hotline}", "02363111222")
	for _, key := range []string{"nhac_1_khong_so", "nhac_2_khong_tham", "nhac_3_khong_ket_ban", "nhac_4_khong_lam", "nhac_5_phai_canh_giac", "nhac_6_phai_to_giac"} {
		c := campaigns.Content{Text: fill.Replace(texts["sms."+key+".vi"]), Plain: fill.Replace(texts["sms."+key+".khong_dau"])}
		if found := campaigns.CheckContent(c); len(found) > 0 {
			t.Errorf("%s: %v", key, found)
		}
	}
}

func TestTrapsWarnWhereTheMeaningTurns(t *testing.T) {
	traps := []campaigns.Trap{
		{Phrase: "khong so", Why: `reads as "không số"; write "khong so hai"`},
		{Phrase: "dung", Why: "đừng / đúng / dùng"},
		{Phrase: "bao", Why: `follow it with an object`},
	}
	for _, c := range []struct{ name, plain, warns string }{
		{"a clean text", "Ba con tat may, goi con chau.", ""},
		{"đừng and đúng look alike", "Ba con dung chuyen tien.", "[dung]"},
		{"ứng dụng has one reading", "Ba con khong cai ung dung.", ""},
		{"capitals are the same word", "DUNG tin.", "[dung]"},
		{"part of a longer word is another word", "Ba con dungcam.", ""},
		{"không sợ alone", "Ba con khong so.", "[khong so]"},
		{"the wording that the list advises", "KHONG SO HAI. Tat may.", ""},
		{"báo with its object", "Ba con bao cong an.", ""},
		{"báo with none", "Thay la thi bao.", "[bao]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var words []string
			for _, p := range campaigns.Warnings(campaigns.Content{Text: "Tắt máy.", Plain: c.plain}, traps) {
				words = append(words, p.Arg)
			}
			got := ""
			if words != nil {
				got = fmt.Sprint(words)
			}
			if got != c.warns {
				t.Fatalf("warns of %q, want %q", got, c.warns)
			}
		})
	}
}

// TestATextThatNobodyCouldSendIsNotReadWordForWord: any system with a token may post a megabyte, of one word or of many.
func TestATextThatNobodyCouldSendIsNotReadWordForWord(t *testing.T) {
	for _, unit := range []string{"a", "a ", "đọc ", "ạ"} {
		text := strings.Repeat(unit, 900_000/len(unit))
		begun := time.Now()
		found := campaigns.CheckContent(campaigns.Content{Text: text, Plain: text})
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("%q again and again takes %s", unit, took)
		}
		if len(found) == 0 || found[0].Code != "parts_many" {
			t.Errorf("%q again and again: %v", unit, found)
		}
	}
}

func TestATextOfBlanksIsNoText(t *testing.T) {
	for _, p := range campaigns.CheckContent(campaigns.Content{Text: " \n ", Plain: " "}) {
		if p.Code == "text_missing" && p.Field == "text" {
			return
		}
	}
	t.Error("it may be sent")
}
