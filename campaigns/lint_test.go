package campaigns_test

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"canhgiac/campaigns"
)

// houseTexts are all texts that the house says to residents, by their place in content.yaml.
func houseTexts(t *testing.T) map[string]string {
	t.Helper()
	src, err := os.ReadFile("../ivr/prompts/content.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(src, &file); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				walk(path+"."+k, inner)
			}
		case string:
			if strings.HasSuffix(path, ".text") || strings.HasSuffix(path, ".vi") || strings.HasSuffix(path, ".khong_dau") {
				texts[path] = v
			}
		}
	}
	for _, part := range []string{"sms", "ivr", "ussd"} {
		walk(part, file[part])
	}
	if len(texts) < 80 {
		t.Fatalf("only %d texts found", len(texts))
	}
	return texts
}

func TestTheHousesOwnTextsAskForNothing(t *testing.T) {
	for place, text := range houseTexts(t) {
		if asks := campaigns.Asks(text); asks != "" {
			t.Errorf("%s is taken to ask for %q: %s", place, asks, text)
		}
	}
}

func TestARequestIsToldFromAWarning(t *testing.T) {
	for _, c := range []struct {
		name, text string
		asks       bool
	}{
		{"asks to read out a code", "Công an phường: bà con đọc mã OTP cho cán bộ.", true},
		{"forbids to read out a code", "Bà con đừng đọc mã OTP cho ai.", false},
		{"a long way to say never", "Công an không bao giờ bắt chuyển tiền qua điện thoại.", false},
		{"asks for a transfer", "Bà con chuyển tiền ủng hộ vào số tài khoản sau.", true},
		{"asks politely", "Kính mời bà con nộp phí vệ sinh trước ngày 30.", true},
		{"asks in không dấu", "Ba con gui so CCCD ve phuong de cap nhat.", true},
		{"reassures, then asks", "Bà con đừng lo, hãy gửi mã OTP cho cán bộ.", true},
		{"reassures and asks in one clause", "Bà con không lo rồi chuyển khoản cho cán bộ.", true},
		{"threatens who does not pay", "Nếu không nộp phạt sẽ bị khóa số.", true},
		{"threatens in the second half", "Không cung cấp căn cước thì bị cắt điện.", true},
		{"asks to install an app", "Bà con cài ứng dụng của phường để nhận tin.", true},
		{"warns of apps", "Không cài ứng dụng lạ, không bấm link.", false},
		{"asks to press a link", "Bà con bấm vào đường dẫn để nhận quà.", true},
		{"tells what strangers demand", "Người lạ gọi bắt chuyển tiền, bà con tắt máy.", false},
		{"tells what anyone may demand", "Ai bảo đọc mã OTP là lừa đảo.", false},
		{"a stranger in the first half, a request in the second", "Có người lạ gọi điện, bà con hãy gửi mật khẩu cho phường.", true},
		{"says who has not yet", "Ai chưa nộp phí thì chuyển khoản ngay.", true},
		{"speaks of money already gone", "Đã chuyển tiền: gọi ngân hàng ngay.", false},
		{"asks to keep a secret", "Giữ kín số căn cước, tài khoản, mật khẩu, mã OTP.", false},
		{"a code at the police's own mouth", "Cán bộ sẽ đọc mã tin báo. Ai không đọc được thì tắt máy.", false},
		{"money named by its sum", "Ba con chuyen 2 trieu dong vao quy.", true},
		{"đồng tiền is money, not đóng tiền", "Đồng tiền mồ hôi nước mắt, bà con giữ lấy.", false},
		{"asks to report who asks", "Bà con báo ngay nếu có người hỏi mật khẩu.", false},
		{"asks to report, in không dấu", "Bao cong an khi ai doi ma OTP.", false},
		{"speaks of a slip", "Nếu lỡ chuyển tiền, bà con gọi ngân hàng.", false},
		{"asks to think first", "Trước khi chuyển tiền, bà con hỏi con cháu.", false},
		{"calls the demand a fraud", "Tin nhắn yêu cầu chuyển tiền là lừa đảo.", false},
		{"makes the demand against fraud", "Yêu cầu bà con chuyển tiền để tránh lừa đảo.", true},
		{"tells what to do when forced", "Bi bat nop tien thi van tat may.", false},
		{"says that one is forced, and asks", "Bà con bị bắt nộp tiền thì nộp ngay cho cán bộ.", true},
		{"marks typed apart are the same letters", "Bà con đọc mã OTP cho cán bộ.", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := campaigns.Asks(c.text); (got != "") != c.asks {
				t.Fatalf("asks %q for: %s", got, c.text)
			}
		})
	}
}
