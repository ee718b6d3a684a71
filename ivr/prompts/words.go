// Package prompts holds what the house says to residents, as words (content.yaml) and as sound (sound/*.wav).
package prompts

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed content.yaml
var contentYAML []byte

// Form is how a text is written: many carriers refuse diacritics, and a text with them costs two parts for one.
type Form int

const (
	Plain    Form = iota // không dấu
	Accented             // có dấu
)

// PromisedPerWeek is how many reminders a week the words of consent promise at most (dang_ky, by voice and by USSD).
const PromisedPerWeek = 2

// Words are the texts of content.yaml, checked. They do not change after Load.
type Words struct {
	Version   string // of the texts: kept with each consent, to say which words were agreed to
	ScamTypes []ScamType
	Traps     []Trap

	sms     map[string]Message
	prompts map[string]string // by sound name, without the reminders' parent: "loi_nhac-khong_so"
	labels  map[string]label  // labels.yaml's, by line name
	screens map[string]Screen

	original *Words // what these were changed from; nil for those of the files
}

// ScamType is one of the eight kinds on the keypad; Key is the key.
type ScamType struct {
	Key         int    `yaml:"key"`
	Code        string `yaml:"code"`
	Label       string `yaml:"label"` // on screens
	Voice       string `yaml:"voice"` // as read back to a caller
	Seed        string `yaml:"seed"`
	Official24s []struct {
		Number int    `yaml:"number"`
		Name   string `yaml:"name"`
	} `yaml:"official_24"` // the forms of the 2023 handbook that this key stands for
}

// Trap is a phrase whose meaning turns round without diacritics.
type Trap struct {
	Phrase string // as it appears in a không dấu text
	Why    string // how it may be read, or what to write instead
}

// Reminder is one of the six, as templates: {brand} and {hotline} stand in both texts.
type Reminder struct {
	Key   string
	Text  string // with diacritics
	Plain string // không dấu
}

// ErrNoText means that no text has this key. ErrNoValue means that a placeholder of the text was given no value.
var (
	ErrNoText  = fmt.Errorf("no such text")
	ErrNoValue = fmt.Errorf("placeholder without a value")
)

// Load reads the embedded texts and checks them.
func Load() (*Words, error) { return parse(contentYAML) }

func parse(src []byte) (*Words, error) {
	var c struct {
		Meta struct {
			Version string `yaml:"version"`
		} `yaml:"meta"`
		SMS       map[string]Message `yaml:"sms"`
		Ambiguity struct {
			Avoid map[string]string `yaml:"avoid"`
		} `yaml:"sms_ambiguity_note"`
		IVR       map[string]yaml.Node `yaml:"ivr"` // prompts, and loi_nhac, which holds six
		USSD      map[string]Screen    `yaml:"ussd"`
		ScamTypes []ScamType           `yaml:"scam_types"`
	}
	if err := yaml.Unmarshal(src, &c); err != nil {
		return nil, fmt.Errorf("read the texts: %w", err)
	}
	w := &Words{
		Version: c.Meta.Version, ScamTypes: c.ScamTypes, sms: c.SMS, screens: c.USSD,
		prompts: map[string]string{},
	}
	for phrase, why := range c.Ambiguity.Avoid {
		w.Traps = append(w.Traps, Trap{phrase, why})
	}
	slices.SortFunc(w.Traps, func(a, b Trap) int { return cmp.Compare(a.Phrase, b.Phrase) })
	if err := w.readPrompts(c.IVR); err != nil {
		return nil, err
	}
	if err := w.addLabels(); err != nil {
		return nil, err
	}
	return w, w.check()
}

// prompt is spoken.
type prompt struct {
	Text string `yaml:"text"`
}

func (w *Words) readPrompts(nodes map[string]yaml.Node) error {
	for name, n := range nodes {
		if name == remindersNode {
			var six map[string]prompt
			if err := n.Decode(&six); err != nil {
				return fmt.Errorf("ivr.%s: %w", name, err)
			}
			for sub, p := range six {
				w.prompts[name+"-"+sub] = p.Text
			}
			continue
		}
		var p prompt
		if err := n.Decode(&p); err != nil {
			return fmt.Errorf("ivr.%s: %w", name, err)
		}
		w.prompts[name] = p.Text
	}
	return nil
}

const remindersNode = "loi_nhac"

// theSix pairs each reminder's SMS with its prompt, in the campaign's order: four don'ts, two dos.
var theSix = []struct{ sms, prompt string }{
	{"nhac_1_khong_so", "khong_so"},
	{"nhac_2_khong_tham", "khong_tham"},
	{"nhac_3_khong_ket_ban", "khong_ket_ban"},
	{"nhac_4_khong_lam", "khong_lam"},
	{"nhac_5_phai_canh_giac", "phai_canh_giac"},
	{"nhac_6_phai_to_giac", "phai_to_giac"},
}

// Reminders gives the six in order.
func (w *Words) Reminders() []Reminder {
	var six []Reminder
	for _, r := range theSix {
		six = append(six, Reminder{Key: r.sms, Text: w.sms[r.sms].Accented, Plain: w.sms[r.sms].Plain})
	}
	return six
}

// ReminderPrompts names the six as prompts, in the same order.
func (w *Words) ReminderPrompts() []string {
	var six []string
	for _, r := range theSix {
		six = append(six, remindersNode+"-"+r.prompt)
	}
	return six
}

// SMS gives a text with its placeholders filled. Values that the text does not ask for are ignored, so that a caller
// may pass what it always has (brand, hotline, shortcode). Errors: ErrNoText, ErrNoValue.
func (w *Words) SMS(key string, form Form, vars map[string]string) (string, error) {
	m, ok := w.sms[key]
	if !ok {
		return "", fmt.Errorf("sms %s: %w", key, ErrNoText)
	}
	filled, err := Fill(m.In(form), vars)
	if err != nil {
		return "", fmt.Errorf("sms %s: %w", key, err)
	}
	return filled, nil
}

// Prompt gives the words of a prompt, placeholders left standing.
func (w *Words) Prompt(name string) (string, error) {
	text, ok := w.prompts[name]
	if !ok {
		return "", fmt.Errorf("prompt %s: %w", name, ErrNoText)
	}
	return text, nil
}

var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// Fill puts values in the place of {placeholders}, in one pass: a value with braces in it stays as it is.
func Fill(text string, vars map[string]string) (string, error) {
	var missing []string
	filled := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		v, ok := vars[strings.Trim(p, "{}")]
		if !ok || v == "" {
			missing = append(missing, p)
		}
		return v
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("%s: %w", strings.Join(missing, ", "), ErrNoValue)
	}
	return filled, nil
}

// PromptNames lists all prompts, sorted.
func (w *Words) PromptNames() []string { return slices.Sorted(maps.Keys(w.prompts)) }
