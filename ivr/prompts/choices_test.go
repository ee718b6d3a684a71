package prompts

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestKeysAreReadOutOfTheWords: content.yaml lists the keys of each prompt by hand; the words must give the same.
func TestKeysAreReadOutOfTheWords(t *testing.T) {
	var c struct {
		IVR map[string]struct {
			Text string
			Keys map[string]string
		} `yaml:"ivr"`
	}
	_ = yaml.Unmarshal(contentYAML, &c) // loi_nhac is of another kind, and has no keys
	asked := 0
	for name, p := range c.IVR {
		if p.Keys == nil {
			continue
		}
		asked++
		said := map[string]bool{}
		for _, choice := range Choices(p.Text) {
			said[choice.Key] = true
		}
		delete(p.Keys, "0-9") // the digits of a number
		if listed, read := slices.Sorted(maps.Keys(p.Keys)), slices.Sorted(maps.Keys(said)); !slices.Equal(listed, read) {
			t.Errorf("%s: listed %v, read %v", name, listed, read)
		}
	}
	if asked < 12 {
		t.Errorf("only %d prompts ask", asked)
	}
}

func TestWhatAKeyIsForIsReadOutOfTheWords(t *testing.T) {
	for text, want := range map[string][]string{
		"Giả công an, tòa án, cán bộ, bấm một. Nghe lại, bấm sao.":   {"1 Giả công an, tòa án, cán bộ", "* Nghe lại"},
		"Xin nghe rồi bấm phím. Gặp cán bộ trực, bấm phím số không.": {"0 Gặp cán bộ trực"},
		"Ông bà đã chuyển tiền chưa? Chưa chuyển, bấm một.":          {"1 Chưa chuyển"},
		"Đúng rồi, bấm một để gửi. Hủy, không gửi, bấm ba.":          {"1 Đúng rồi", "3 Hủy, không gửi"},
		"Ông bà vừa bấm số: {so}. Đúng rồi, bấm một.":                {"1 Đúng rồi"},
		"Nếu không biết số, xin bấm ngay phím thăng.":                {"# Nếu không biết số, xin"},
		"Xin bấm số điện thoại của kẻ gian. Xin đừng bấm không.":     nil,
		"Bấm một":   {"1 "},
		"Bấm mười.": nil,
	} {
		var got []string
		for _, c := range Choices(text) {
			got = append(got, c.Key+" "+c.Says)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\n gives %q, expected %q", text, got, want)
		}
	}
}

func TestSyllablesAreCountedAsTheContentsAre(t *testing.T) {
	var c struct {
		IVR map[string]yaml.Node `yaml:"ivr"`
	}
	if err := yaml.Unmarshal(contentYAML, &c); err != nil {
		t.Fatal(err)
	}
	for name, n := range c.IVR {
		var p struct {
			Text      string
			Syllables int
		}
		if err := n.Decode(&p); err != nil || p.Text == "" || strings.Contains(p.Text, "{") {
			continue // with a placeholder, its values are counted too
		}
		if got := Syllables(p.Text); got != p.Syllables {
			t.Errorf("%s: %d syllables, content.yaml counts %d", name, got, p.Syllables)
		}
	}
}
