package ivr

import (
	_ "embed"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"canhgiac/reports"
)

//go:embed official.yaml
var officialYAML []byte

// Official is a number whose owner is known.
type Official struct {
	Number string `yaml:"number" mapstructure:"number"`
	Kind   string `yaml:"kind" mapstructure:"kind"`     // one of officialKinds: what a call says
	Name   string `yaml:"name" mapstructure:"name"`     // with diacritics
	Plain  string `yaml:"plain" mapstructure:"plain"`   // without
	Source string `yaml:"source" mapstructure:"source"` // where it was published
	Seen   string `yaml:"seen" mapstructure:"seen"`     // when somebody looked there: 2026-11-23
}

// officialKinds have a line each, ct-KIND.
var officialKinds = map[string]bool{"cong_an": true, "cuu_hoa": true, "cap_cuu": true, "bao_lua_dao": true, "cong_an_phuong": true, "ngan_hang": true, "co_quan": true}

// longestName of an official number's owner, so that a text stays one part and a screen fits.
const longestName = 24

// officials reads the numbers known everywhere, and adds the hotline's own and the ward's.
func officials(hotline string, wards []Official) (map[string]Official, error) {
	var all []Official
	if err := yaml.Unmarshal(officialYAML, &all); err != nil {
		return nil, fmt.Errorf("read official.yaml: %w", err)
	}
	own := Official{Number: hotline, Kind: "cong_an_phuong", Name: "Công an phường", Plain: "Cong an phuong", Source: "words.hotline"}
	by := map[string]Official{reports.NumberKey(hotline): own}
	for _, o := range append(all, wards...) {
		if err := o.Check(); err != nil {
			return nil, fmt.Errorf("official number %s: %w", o.Number, err)
		}
		key := reports.NumberKey(o.Number)
		if was, twice := by[key]; twice {
			return nil, fmt.Errorf("official number %s: it is known already as that of %s", o.Number, was.Name)
		}
		by[key] = o
	}
	return by, nil
}

// Check finds what could not be told of o.
func (o Official) Check() error {
	switch {
	case !keepable(o.Number) || !whole(o.Number):
		return errors.New("number: expected digits as they are dialled, all of them: 113, 19001234, 02363111222")
	case !officialKinds[o.Kind]:
		return fmt.Errorf("kind: expected one of %s", listOf(officialKinds))
	case o.Name == "" || len([]rune(o.Name)) > longestName || o.Plain == "" || len(o.Plain) > longestName:
		return fmt.Errorf("name and plain: expected 1 to %d characters", longestName)
	case o.Source == "":
		return errors.New("source: expected where the number was published")
	}
	for _, r := range o.Plain {
		if r > '~' || r < ' ' {
			return errors.New("plain: expected no diacritics")
		}
	}
	return nil
}
