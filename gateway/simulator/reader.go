package simulator

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// reader puts YAML into structs and keeps every mistake with its line: a mistyped key that is silently ignored is a fault
// that a test believes it had. Keys that are absent leave what stands there.
type reader struct {
	file  string
	found []error
}

// A struct may say what absent keys mean, and what is wrong with it as a whole.
type (
	presetter interface{ preset() }
	checker   interface{ check() string }
)

func (r *reader) problems() error { return errors.Join(r.found...) }

func (r *reader) complain(n *yaml.Node, path, format string, args ...any) {
	if path == "" {
		path = "the script"
	}
	r.found = append(r.found, fmt.Errorf("%s:%d: %s: %s", r.file, n.Line, path, fmt.Sprintf(format, args...)))
}

func (r *reader) read(n *yaml.Node, path string, into any) {
	r.value(n, path, reflect.ValueOf(into).Elem())
}

func (r *reader) value(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if o, ok := v.Addr().Interface().(*overlay); ok {
		r.read(n, path, &Network{}) // for its mistakes
		o.node = n
		return
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := errors.New("want one value"); n.Kind != yaml.ScalarNode {
			r.complain(n, path, "%v", err)
		} else if err := t.UnmarshalText([]byte(n.Value)); err != nil {
			r.complain(n, path, "got %q, %v", n.Value, err)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(n, path, v.Elem())
	case reflect.Struct:
		r.mapping(n, path, v)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			r.complain(n, path, "want a list")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		for i, item := range n.Content {
			r.value(item, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	default:
		if n.Kind != yaml.ScalarNode {
			r.complain(n, path, "want one value")
		} else if want := scalar(n.Value, v); want != "" {
			r.complain(n, path, "got %q, want %s", n.Value, want)
		}
	}
}

func (r *reader) mapping(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		r.complain(n, path, "want keys and values: %s", strings.Join(keys(v.Type()), ", "))
		return
	}
	if p, ok := v.Addr().Interface().(presetter); ok {
		p.preset()
	}
	before, seen := len(r.found), map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		switch field := slices.Index(keys(v.Type()), key.Value); {
		case field < 0:
			r.complain(key, at, "unknown key, want one of %s", strings.Join(keys(v.Type()), ", "))
		case seen[key.Value]:
			r.complain(key, at, "given twice")
		default:
			r.value(n.Content[i+1], at, v.Field(field))
		}
		seen[key.Value] = true
	}
	if c, ok := v.Addr().Interface().(checker); ok && len(r.found) == before {
		if problem := c.check(); problem != "" {
			r.complain(n, path, "%s", problem)
		}
	}
}

// keys are a struct's, in the order of its fields.
func keys(t reflect.Type) []string {
	var all []string
	for i := range t.NumField() {
		all = append(all, t.Field(i).Tag.Get("yaml"))
	}
	return all
}

// scalar sets v, or says what was expected.
func scalar(text string, v reflect.Value) (want string) {
	var err error
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return "a time such as 200ms"
		}
		v.SetInt(int64(d))
		return ""
	}
	switch v.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return "true or false"
		}
		v.SetBool(text == "true")
	case reflect.Int, reflect.Uint64:
		var n uint64
		if n, err = strconv.ParseUint(text, 10, 63); err != nil {
			return "a whole number, 0 or more"
		}
		if v.Kind() == reflect.Int {
			v.SetInt(int64(n))
		} else {
			v.SetUint(n)
		}
	case reflect.Float64:
		var f float64
		if f, err = strconv.ParseFloat(text, 64); err != nil || !(f >= 0) {
			return "a number, 0 or more"
		}
		v.SetFloat(f)
	case reflect.String:
		v.SetString(text)
	default:
		panic("simulator: a script has no " + v.Kind().String())
	}
	return ""
}
