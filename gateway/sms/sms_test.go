package sms

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestMeasure(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		scheme     Scheme
		encoding   Encoding
		units      int
		parts      int
	}{
		{"an empty text costs nothing", "", UDH, GSM7, 0, 0},
		{"160 plain letters are one part", strings.Repeat("a", 160), UDH, GSM7, 160, 1},
		{"161 are two", strings.Repeat("a", 161), UDH, GSM7, 161, 2},
		{"two parts hold 306 septets", strings.Repeat("a", 306), UDH, GSM7, 306, 2},
		{"307 are three", strings.Repeat("a", 307), UDH, GSM7, 307, 3},
		{"with the longer reference two parts hold 304", strings.Repeat("a", 304), UDH16, GSM7, 304, 2},
		{"and 305 are three", strings.Repeat("a", 305), UDH16, GSM7, 305, 3},
		{"where the SMSC writes the header there is room for the longer one", strings.Repeat("a", 305), SAR, GSM7, 305, 3},
		{"what the SMSC cuts is billed as it will cut", strings.Repeat("a", 306), Payload, GSM7, 306, 2},
		{"an unnamed scheme is the default", strings.Repeat("a", 306), "", GSM7, 306, 2},
		{"a character of the extension table counts two", strings.Repeat("a", 158) + "€", UDH, GSM7, 160, 1},
		{"and may be one too many", strings.Repeat("a", 159) + "€", UDH, GSM7, 161, 2},
		{"an escape pair that would straddle moves to the next part", strings.Repeat("a", 152) + strings.Repeat("{", 76) + "aa", UDH, GSM7, 306, 3},
		{"à è é ì ò ù É are in GSM-7", "àèéìòùÉ", UDH, GSM7, 7, 1},
		{"one mark makes it UCS-2", "ạ" + strings.Repeat("a", 69), UDH, UCS2, 70, 1},
		{"71 UCS-2 units are two parts", "ạ" + strings.Repeat("a", 70), UDH, UCS2, 71, 2},
		{"two parts hold 134 units", "ạ" + strings.Repeat("a", 133), UDH, UCS2, 134, 2},
		{"135 are three", "ạ" + strings.Repeat("a", 134), UDH, UCS2, 135, 3},
		{"with the longer reference two parts hold 132 units", "ạ" + strings.Repeat("a", 131), UDH16, UCS2, 132, 2},
		{"a surrogate pair that would straddle moves to the next part", strings.Repeat("ạ", 66) + strings.Repeat("😀", 33) + "aa", UDH, UCS2, 134, 3},
		{"a letter and its marks move together", strings.Repeat("ạ", 66) + "a\u0323\u0302" + strings.Repeat("ạ", 65), UDH, UCS2, 134, 3},
		{"a flag moves as one", strings.Repeat("ạ", 64) + "🇻🇳" + strings.Repeat("ạ", 66), UDH, UCS2, 134, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.scheme.Measure(tt.text)
			if s.Encoding != tt.encoding || s.Units != tt.units || s.Parts != tt.parts {
				t.Errorf("got %+v", s)
			}
			parts, err := tt.scheme.Split(tt.text, 7)
			billed := 0
			for _, p := range parts {
				billed += p.Billed
			}
			if err != nil || billed != tt.parts {
				t.Errorf("Split bills %d parts, %v", billed, err)
			}
		})
	}
}

func TestATextOf256PartsIsRefused(t *testing.T) {
	for _, s := range Schemes() {
		_, each := s.capacity(GSM7)
		if _, err := s.Split(strings.Repeat("a", 255*each), 1); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		_, err := s.Split(strings.Repeat("a", 255*each+1), 1)
		if !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), "256") {
			t.Errorf("%s: got %v", s, err)
		}
	}
}

// texts draws what people write: plain, Vietnamese, extension table, emoji of several code points, flags, stray marks.
func texts() *rapid.Generator[string] {
	letters := rapid.SampledFrom([]rune("abcXYZ 019.,@$\n{}[]~^|\\€ÄñàéạộữĐđƠ\u0323\u0302\u0301😀👍🏽\u200d\ufe0f🇻🇳中ᄒ\u1161\u11ab\ufeff"))
	whole := rapid.SampledFrom([]string{"👨‍👩‍👧‍👦", "👍🏽", "🇻🇳", "e\u0302\u0323", "❤️", "Tổ ", "không ", "a", "€"})
	pairs := rapid.SampledFrom([]rune("ab{€"))
	// A length by itself would nearly always be short: these are those around which parts begin.
	lengths := rapid.SampledFrom([]int{0, 1, 66, 67, 68, 69, 70, 71, 130, 132, 133, 134, 135, 150, 151, 152, 153, 154, 159, 160, 161, 200, 303, 304, 305, 306, 307, 700})
	return rapid.Custom(func(t *rapid.T) string {
		n := lengths.Draw(t, "length")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rapid.StringOfN(letters, n, n, -1).Draw(t, "letters")
		case 1:
			return rapid.StringOfN(pairs, n, n, -1).Draw(t, "pairs")
		case 2:
			return strings.Join(rapid.SliceOfN(whole, n, n).Draw(t, "characters"), "")
		}
		return rapid.String().Draw(t, "any")
	})
}

func TestWhatSplitCutsJoinsToTheSameText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		ref := rapid.Uint16().Draw(t, "ref")
		scheme := rapid.SampledFrom(Schemes()).Draw(t, "scheme")
		size := scheme.Measure(text)
		parts, err := scheme.Split(text, ref)
		if err != nil {
			t.Fatal(err)
		}
		billed := 0
		pieces := make([]Piece, len(parts))
		for i, p := range parts {
			billed += p.Billed
			pieces[i] = Piece{DataCoding: byte(p.Encoding), Octets: p.Payload}
			if scheme != Payload {
				checkPart(t, scheme, p, Concat{ref, uint8(len(parts)), uint8(i + 1)})
			}
		}
		if billed != size.Parts || scheme == Payload && len(parts) > 1 {
			t.Fatalf("measured %d parts, split into %d that are billed %d", size.Parts, len(parts), billed)
		}
		checkCuts(t, text, size, parts)
		joined, err := Join(pieces)
		if err != nil || joined != text {
			t.Fatalf("joined to %q, %v", joined, err)
		}
		for i, p := range Renumber(parts, ref+1) {
			again, _ := scheme.Split(text, ref+1)
			if !bytes.Equal(p.UDH, again[i].UDH) || p.Place != again[i].Place || !bytes.Equal(p.Payload, again[i].Payload) {
				t.Fatalf("renumbered part %d is %+v, cut anew %+v", i+1, p, again[i])
			}
		}
	})
}

// checkPart: what goes on the air is at most 140 octets, and says which part it is.
func checkPart(t *rapid.T, s Scheme, p Part, want Concat) {
	header := len(p.UDH)
	if s == SAR && want.Total > 1 {
		header = 7 // the longest that an SMSC writes for it
	}
	if used := header*8 + bitsOf(p); used > 140*8 {
		t.Fatalf("part %d takes %d bits on the air", want.Seq, used)
	}
	if want.Total < 2 {
		want = Concat{}
	} else if s == UDH {
		want.Ref &= 0xFF
	}
	_, said, err := Open(p.UDH != nil, p.UserData())
	if s == SAR {
		said = p.Place
	}
	if err != nil || said != want || p.Place != want {
		t.Fatalf("part %d says %+v in its header and %+v beside, %v", want.Seq, said, p.Place, err)
	}
}

// checkCuts: a part begins where a character begins, unless that character is longer than any part.
func checkCuts(t *rapid.T, text string, size Size, parts []Part) {
	begins, long, units := map[int]bool{}, false, 0
	for g := uniseg.NewGraphemes(text); g.Next(); {
		begins[units] = true
		n := 0
		for _, r := range g.Runes() {
			n += size.Encoding.units(r)
		}
		long = long || n > size.PerPart
		units += n
	}
	at := 0
	for i, p := range parts {
		if !begins[at] && !long {
			t.Fatalf("part %d begins inside a character, at unit %d", i+1, at)
		}
		at += len(p.Payload)
		if p.Encoding == UCS2 {
			at -= len(p.Payload) / 2
		}
	}
}

func bitsOf(p Part) int {
	if p.Encoding == UCS2 {
		return len(p.Payload) * 8
	}
	return len(p.Payload) * 7
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		name   string
		coding byte
		udhi   bool
		in     string
		text   string
		concat Concat
		err    error
	}{
		{"plain GSM-7", 0, false, "Dang ky\x00", "Dang ky@", Concat{}, nil},
		{"an escape at the end is dropped", 0, false, "abc\x1b", "abc", Concat{}, nil},
		{"an escape before an unknown septet shows the plain one", 0, false, "\x1bA", "A", Concat{}, nil},
		{"an octet above 127 is no septet: Latin-1", 0, false, "a\xe9b", "aéb", Concat{}, nil},
		{"or UTF-8", 0, false, "Ng\xe1\xbb\xabng", "Ngừng", Concat{}, nil},
		{"or packed septets", 0, false, "\xe8\x32\x9b\xfd\x46\x97\xd9\xec\x37", "hellohello", Concat{}, nil},
		{"or packed septets, seven of them", 0, false, "\xd4\x21\x08\x96\x83\xc5\x00", "TC 0901", Concat{}, nil},
		{"or nothing that can be read", 0, false, "\x80\x81\x05a", "\ufffd\ufffdéa", Concat{}, nil},
		{"UCS-2", 8, false, "\x1e\xa1\xd8\x3d\xde\x00", "ạ😀", Concat{}, nil},
		{"half a UCS-2 unit", 8, false, "\x00a\x00", "a\ufffd", Concat{}, nil},
		{"a lone surrogate", 8, false, "\xd8\x3d\x00a", "\ufffda", Concat{}, nil},
		{"Latin-1", 3, false, "\xe9", "é", Concat{}, nil},
		{"a flash message", 0x10, false, "hi", "hi", Concat{}, nil},
		{"a flash message in UCS-2", 0x18, false, "\x00h", "h", Concat{}, nil},
		{"class 1, default alphabet", 0xF1, false, "hi", "hi", Concat{}, nil},
		{"class 2 of the reserved alphabet", 0x1E, false, "hi", "", Concat{}, ErrDataCoding},
		{"compressed", 0x20, false, "hi", "", Concat{}, ErrDataCoding},
		{"a message waiting in UCS-2", 0xE0, false, "\x00h", "h", Concat{}, nil},
		{"binary", 4, false, "hi", "", Concat{}, ErrDataCoding},
		{"class 1, 8-bit data", 0xF5, false, "hi", "", Concat{}, ErrDataCoding},
		{"an 8-bit reference", 0, true, "\x05\x00\x03\x2a\x02\x01hi", "hi", Concat{42, 2, 1}, nil},
		{"a 16-bit reference", 0, true, "\x06\x08\x04\x01\x02\x03\x03hi", "hi", Concat{0x102, 3, 3}, nil},
		{"other elements are passed over", 0, true, "\x09\x05\x02\x00\x01\x00\x03\x07\x02\x02hi", "hi", Concat{7, 2, 2}, nil},
		{"a header without elements", 0, true, "\x00hi", "hi", Concat{}, nil},
		{"a header and no text", 0, true, "\x05\x00\x03\x2a\x02\x01", "", Concat{42, 2, 1}, nil},
		{"a header longer than the message", 0, true, "\x06\x08\x04\x01", "", Concat{}, ErrUDH},
		{"a header of 255", 0, true, "\xffhi", "", Concat{}, ErrUDH},
		{"no header where one is promised", 0, true, "", "", Concat{}, ErrUDH},
		{"an element longer than the header", 0, true, "\x03\x00\x09\x01hi", "", Concat{}, ErrUDH},
		{"an element cut after its id", 0, true, "\x01\x00hi", "", Concat{}, ErrUDH},
		{"a reference of the wrong length is passed over", 0, true, "\x04\x00\x02\x01\x01hi", "hi", Concat{}, nil},
		{"part number 0 places it nowhere", 0, true, "\x05\x00\x03\x2a\x02\x00hi", "hi", Concat{}, nil},
		{"nor does part 3 of 2", 0, true, "\x05\x00\x03\x2a\x02\x03hi", "hi", Concat{}, nil},
		{"nor part 0 of 0", 0, true, "\x06\x08\x04\x00\x01\x00\x00hi", "hi", Concat{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, c, err := Decode(tt.coding, tt.udhi, []byte(tt.in))
			if text != tt.text || c != tt.concat || (err == nil) != (tt.err == nil) || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("got %q %+v %v", text, c, err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(byte(0), true, []byte("\x05\x00\x03\x2a\x02\x00hi"))
	f.Add(byte(8), true, []byte("\x06\x08\x04\x01\x02\x03\x03\x1e\xa1\xd8"))
	f.Add(byte(0), false, []byte("abc\x1b"))
	f.Fuzz(func(t *testing.T, coding byte, udhi bool, b []byte) {
		text, c, err := Decode(coding, udhi, b)
		if !utf8.ValidString(text) {
			t.Errorf("%q is not UTF-8", text)
		}
		if err == nil && c.Total > 0 && (c.Seq == 0 || c.Seq > c.Total) {
			t.Errorf("part %d of %d", c.Seq, c.Total)
		}
	})
}

func TestUnaccent(t *testing.T) {
	for in, want := range map[string]string{
		"Không sợ, không tham":         "Khong so, khong tham",
		"Đặng Thị Ðào Ɖình đã":         "Dang Thi Dao Dinh da",
		norm.NFD.String("Tổ Trưởng Ữ"): "To Truong U",
		"100.000₫ (x̣)":                "100.000d (x)",
		"한 中 €":                        "한 中 €",
		"ﬁ œ Æ ß Ｂáo １１３ m² ① × •":     "fi oe AE ss Bao 113 m2 1 x -",
		"Ｋｈô\u0323ng 𝐁𝐚̉𝐨":             "Khong Bao",
	} {
		if got := Unaccent(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func TestUnaccentedVietnameseIsGSM7(t *testing.T) {
	letters := rapid.SampledFrom([]rune("aăâeêioôơuưyđAĂÂEÊIOÔƠUƯYĐ b1.\u0300\u0301\u0303\u0309\u0323"))
	rapid.Check(t, func(t *rapid.T) {
		s := Unaccent(rapid.StringOf(letters).Draw(t, "text"))
		for _, r := range s {
			if r >= 0x80 {
				t.Fatalf("%U is left in %q", r, s)
			}
		}
	})
}

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"a\u00a0b\u200bc\ufeff":                   "a bc",
		"“Alo” ‘ai’ – chờ…":                       "\"Alo\" 'ai' - chờ...",
		norm.NFD.String("Cảnh Giác"):              "Cảnh Giác",
		"Ðà Nẵng, Ɖà Nẵng":                        "Đà Nẵng, Đà Nẵng",
		"một\r\nhai\rba\tbốn\x00\u0085":           "một\nhai\nba bốn",
		"a\u200b\u0323":                           "ạ",
		"ﬁ ＢÁＯ １１３！ 𝐁𝐚\u0309𝐨":                    "fi BÁO 113! Bảo",
		"\u200dO\u200dT\u200bP\u2060 \u200e":      "OTP ",
		"👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 👍🏽\u200d": "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 👍🏽",
		"‹a› «b» ‚c‘ „d‟ ′″ ‐‑–—":                 "'a' \"b\" 'c' \"d\" '\" ----",
	} {
		if got := Normalise(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		once := Normalise(texts().Draw(t, "text"))
		if again := Normalise(once); again != once {
			t.Fatalf("%q, a second time %q", once, again)
		}
	})
}

// TestContentCounts compares with the counted texts, where they lie beside the project.
func TestContentCounts(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "content", "content.yaml"))
	if os.IsNotExist(err) {
		t.Log("no content.yaml beside the project; nothing to compare with")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var content struct {
		Meta struct {
			Counting struct {
				Samples map[string]string `yaml:"placeholder_samples"`
			}
		}
		SMS map[string]struct {
			Vi            string
			ViSegments    int    `yaml:"vi_segments"`
			ViChars       int    `yaml:"vi_chars"`
			Plain         string `yaml:"khong_dau"`
			PlainSegments int    `yaml:"khong_dau_segments"`
			PlainChars    int    `yaml:"khong_dau_chars"`
		}
	}
	if err := yaml.Unmarshal(file, &content); err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for k, v := range content.Meta.Counting.Samples {
		pairs = append(pairs, "{"+k+"}", v)
	}
	fill := strings.NewReplacer(pairs...)
	if len(content.SMS) == 0 {
		t.Error("no texts")
	}
	for key, c := range content.SMS {
		vi, plain := Measure(fill.Replace(c.Vi)), Measure(fill.Replace(c.Plain))
		if vi.Parts != c.ViSegments || vi.Units != c.ViChars || vi.Encoding != UCS2 {
			t.Errorf("%s with marks: %+v, counted %d in %d", key, vi, c.ViChars, c.ViSegments)
		}
		if plain.Parts != c.PlainSegments || plain.Units != c.PlainChars || plain.Encoding != GSM7 {
			t.Errorf("%s without: %+v, counted %d in %d", key, plain, c.PlainChars, c.PlainSegments)
		}
	}
}
