package ivr

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"canhgiac/ivr/prompts"
)

// FileLimit is how large a menu's file may be, in bytes: several times the program's own with all its words changed.
const FileLimit = 256 << 10

// file is a whole version: the menu, and the words that it says otherwise than the program's files.
type file struct {
	document `yaml:",inline"`
	Words    prompts.Changes `yaml:"words,omitempty"`
}

// FileError says why a file cannot be read at all, and at which line; 0 is the file as a whole.
type FileError struct {
	Line int
	Why  string // "syntax", "name", "kind", "twice", "empty", "several", "letters", "node", "words"
	A    string // what stands there
}

func (e *FileError) Error() string {
	return fmt.Sprintf("menu file, line %d: %s %q", e.Line, e.Why, e.A)
}

// File is a version as a file that Upload takes.
func (s *Menus) File(v Version) ([]byte, error) {
	f := file{}
	doc, err := readDocument(v.document)
	if err != nil {
		return v.document, nil // as it is: whoever mends it needs it
	}
	f.document = doc
	if err := json.Unmarshal(v.texts, &f.Words); err != nil {
		return nil, fmt.Errorf("words of menu %d: %w", v.ID, err)
	}
	return writeYAML(f)
}

// Upload makes a draft of a file. It is judged as any version: what is found refuses it, with the lines, but for words that
// have no sound yet, which can only be recorded once they stand in a draft. Errors: *FileError, Findings, ErrOpen.
func (s *Menus) Upload(ctx context.Context, src []byte, by User) (id int64, err error) {
	f, lines, err := readFile(src)
	if err != nil {
		return 0, err
	}
	w, err := s.wordsOfFile(f.Words, lines)
	if err != nil {
		return 0, err
	}
	m := &Menu{document: f.document, words: w}
	found := slices.DeleteFunc(m.check(s.sounding), func(f Finding) bool { return f.Code == "no_sound" })
	for i := range found {
		found[i].Line = lines.of(found[i].Place)
	}
	if len(found) > 0 {
		return 0, found
	}
	err = inTx(ctx, s.db, func(tx *sql.Tx) error {
		live, err := s.answering(ctx, tx)
		if err != nil {
			return err
		}
		id, err = s.start(ctx, tx, live.Version, m, by, "upload")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("take a menu's file: %w", err)
	}
	return id, nil
}

func (s *Menus) wordsOfFile(c prompts.Changes, lines fileLines) (*prompts.Words, error) {
	unknown := func(kind, name string) error {
		return &FileError{Line: lines.at("words", kind, name), Why: "words", A: name}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Prompts)) {
		if _, err := s.words.Prompt(name); err != nil {
			return nil, unknown("prompts", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Screens)) {
		if _, err := s.words.USSD(name); err != nil {
			return nil, unknown("screens", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Messages)) {
		if !slices.Contains(receipts, name) {
			return nil, unknown("messages", name)
		}
	}
	if c.None() {
		return s.words, nil
	}
	return s.words.With(c, "+file")
}

// fileLines says where things stand in a file.
type fileLines struct{ root *yaml.Node }

// at is the line of the value that a path of keys leads to; as far as it leads, where it does not lead all the way.
func (l fileLines) at(path ...string) (line int) {
	n := l.root
	for _, key := range path {
		if n == nil || n.Kind != yaml.MappingNode {
			return line
		}
		var next *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				line, next = n.Content[i].Line, n.Content[i+1]
			}
		}
		if next == nil {
			return line
		}
		n = next
	}
	return line
}

// of is the line of a finding's place.
func (l fileLines) of(place string) int {
	part, name, _ := strings.Cut(place, ".")
	switch part {
	case "call", "ussd":
		return max(l.at(part, name), l.at(part, "nodes", name))
	case "hours":
		return max(l.at(part, "week", name), l.at(part, "holidays", name))
	case "words":
		return max(l.at(part, "prompts", name), l.at(part, "screens", name))
	case "receipts":
		return l.at("words", "messages", name)
	}
	return l.at(part, name)
}

var errorLine = regexp.MustCompile(`line (\d+): (.*)`)

// whys are what the reader of YAML says, each with what it is to a person.
var whys = []struct {
	said *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`field (\S+) not found`), "name"},
	{regexp.MustCompile(`mapping key "([^"]*)" already defined`), "twice"},
	{regexp.MustCompile("cannot unmarshal \\S+ `?([^`]*?)`? ?into"), "kind"},
	{regexp.MustCompile(`node (\S+) is empty`), "node"},
	{regexp.MustCompile(`more than one (document)`), "several"},
}

// readFile reads a file strictly. The error is a *FileError.
func readFile(src []byte) (f file, lines fileLines, err error) {
	if at := bytes.IndexFunc(src, func(r rune) bool { return r == utf8.RuneError || r < ' ' && !strings.ContainsRune("\t\r\n", r) }); at >= 0 {
		return f, lines, &FileError{Line: 1 + bytes.Count(src[:at], []byte("\n")), Why: "letters"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	err = dec.Decode(&f)
	if err == nil {
		err = complete(dec, f.document)
	}
	var root yaml.Node
	if err == nil {
		err = yaml.Unmarshal(src, &root)
	}
	switch {
	case errors.Is(err, io.EOF), err == nil && len(root.Content) == 0:
		return f, lines, &FileError{Why: "empty"}
	case err != nil:
		return f, lines, explainYAML(err)
	}
	return f, fileLines{root.Content[0]}, nil
}

func explainYAML(err error) *FileError {
	says, e := err.Error(), &FileError{Why: "syntax"}
	var wrong *yaml.TypeError
	if errors.As(err, &wrong) && len(wrong.Errors) > 0 {
		says = wrong.Errors[0]
	}
	if m := errorLine.FindStringSubmatch(says); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		says = m[2]
	}
	for _, w := range whys {
		if m := w.said.FindStringSubmatch(says); m != nil {
			e.Why, e.A = w.why, m[1]
		}
	}
	return e
}
