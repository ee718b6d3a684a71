package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

const envPrefix = "CANHGIAC"

// loadConfig reads the file, then the environment over it (CANHGIAC_SECTION_KEY; in a list, CANHGIAC_GATEWAY_CARRIERS_NAME_KEY),
// and refuses what it does not know: a mistyped key that is silently ignored is a setting that the ward believes in. What lay
// lays over it is checked with the rest.
func loadConfig(file string, environ []string, lay ...func(*Config)) (Config, error) {
	v := viper.New()
	v.SetConfigFile(file)
	v.SetConfigType("yaml")
	if err := v.ReadInConfig(); err != nil {
		return Config{}, fmt.Errorf("read config %s: %w", file, err)
	}
	settings := v.AllSettings()
	if err := mergeEnv(settings, environ); err != nil {
		return Config{}, err
	}
	if problems := unknownKeys("", settings, reflect.TypeFor[Config]()); len(problems) > 0 {
		return Config{}, fmt.Errorf("config %s: %w", file, errors.Join(problems...))
	}
	c := defaultConfig()
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:           &c,
		WeaklyTypedInput: true, // the environment holds only strings
		ZeroFields:       true, // a list in the file replaces the default list
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			carrierDefaults, providerDefaults, trunkDefaults, asWritten,
			mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(",")),
	})
	if err != nil {
		return Config{}, err
	}
	if err := decoder.Decode(settings); err != nil {
		return Config{}, fmt.Errorf("config %s: %s", file, wrongTypes(err))
	}
	for _, over := range lay {
		over(&c)
	}
	if err := c.validate(); err != nil {
		return Config{}, fmt.Errorf("config %s: %w", file, err)
	}
	return c, nil
}

// carrierDefaults lays a carrier's keys over the defaults, since a list's elements have none of their own.
func carrierDefaults(from, to reflect.Type, data any) (any, error) {
	given, ok := data.(map[string]any)
	if to != reflect.TypeFor[CarrierConfig]() || !ok {
		return data, nil
	}
	full := map[string]any{}
	if err := mapstructure.Decode(defaultCarrier(), &full); err != nil {
		return nil, err
	}
	source := map[string]any{}
	if err := mapstructure.Decode(defaultCarrier().Source, &source); err != nil {
		return nil, err
	}
	if s, ok := given["source"].(map[string]any); ok {
		for k, val := range s {
			source[k] = val
		}
	}
	for k, val := range given {
		full[k] = val
	}
	full["source"] = source
	return full, nil
}

// asWritten keeps weak typing for the environment's strings alone: `tls: 3` is a mistake, and a phone number without quotes
// has already lost its leading zero.
func asWritten(from, to reflect.Type, data any) (any, error) {
	switch {
	case from.Kind() == reflect.String && (to.Kind() == reflect.Int || to.Kind() == reflect.Float64):
		n, err := strconv.ParseFloat(data.(string), 64)
		if err != nil {
			return nil, fmt.Errorf("expected a number, got %q", data)
		}
		return n, nil
	case from.Kind() == reflect.String && to.Kind() == reflect.Bool:
		yes, err := strconv.ParseBool(data.(string))
		if err != nil {
			return nil, fmt.Errorf("expected true or false, got %q", data)
		}
		return yes, nil
	case from.Kind() == reflect.String && to == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(data.(string))
		if err != nil {
			return nil, fmt.Errorf("expected a duration with its unit, like 30s or 72h, got %q", data)
		}
		return d, nil
	case from.Kind() == reflect.String || from == to:
		return data, nil
	case to.Kind() == reflect.String:
		return nil, fmt.Errorf("expected a text in quotes, got %v", data)
	case to.Kind() == reflect.Bool && from.Kind() != reflect.Bool:
		return nil, fmt.Errorf("expected true or false, got %v", data)
	case to == reflect.TypeFor[time.Duration]():
		return nil, fmt.Errorf("expected a duration with its unit, like 30s or 72h, got %v", data)
	}
	return data, nil
}

var decodePath = regexp.MustCompile(`(?m)^\s*'([^']+)' `)

// wrongTypes gives the decoder's list of mistakes the form of all the others: path: what was expected.
func wrongTypes(err error) string {
	_, list, found := strings.Cut(err.Error(), "\n\n")
	if !found {
		list = err.Error()
	}
	return decodePath.ReplaceAllString(list, "$1: ")
}

// mergeEnv lays CANHGIAC_ variables over the file's settings. It knows each by the struct, so that a mistyped one is told.
func mergeEnv(settings map[string]any, environ []string) error {
	var problems []error
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix+"_") {
			continue
		}
		if !setByEnvName(settings, reflect.TypeFor[Config](), strings.ToLower(strings.TrimPrefix(name, envPrefix+"_")), value) {
			problems = append(problems, fmt.Errorf("environment variable %s: no such setting; expected %s_SECTION_KEY with the keys of config.yaml", name, envPrefix))
		}
	}
	return errors.Join(problems...)
}

// setByEnvName follows name ("http_public_url") through the struct's keys, which may themselves hold underscores.
func setByEnvName(at map[string]any, t reflect.Type, name, value string) bool {
	for i := range t.NumField() {
		field := t.Field(i)
		key := field.Tag.Get("mapstructure")
		rest, ok := strings.CutPrefix(name, key)
		if !ok {
			continue
		}
		switch {
		case rest == "" && field.Type.Kind() != reflect.Struct && !isStructSlice(field.Type):
			at[key] = value
			return true
		case strings.HasPrefix(rest, "_") && field.Type.Kind() == reflect.Struct:
			inner, ok := at[key].(map[string]any)
			if !ok {
				inner = map[string]any{}
			}
			if setByEnvName(inner, field.Type, rest[1:], value) {
				at[key] = inner
				return true
			}
		case strings.HasPrefix(rest, "_") && isStructSlice(field.Type):
			list, _ := at[key].([]any)
			for _, item := range list {
				inner, ok := item.(map[string]any)
				if !ok {
					continue
				}
				itemName, _ := inner["name"].(string)
				if tail, ok := strings.CutPrefix(rest[1:], strings.ToLower(itemName)+"_"); ok && setByEnvName(inner, field.Type.Elem(), tail, value) {
					return true
				}
			}
		}
	}
	return false
}

func isStructSlice(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// unknownKeys lists the keys that Config does not have, each with its path and what could stand there.
func unknownKeys(path string, settings map[string]any, t reflect.Type) []error {
	fields := map[string]reflect.StructField{}
	var names []string
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("mapstructure")
		fields[key] = t.Field(i)
		names = append(names, key)
	}
	var problems []error
	for _, key := range sortedKeys(settings) {
		at := strings.TrimPrefix(path+"."+key, ".")
		field, known := fields[key]
		if !known {
			problems = append(problems, fmt.Errorf("%s: unknown key; expected one of %s", at, strings.Join(names, ", ")))
			continue
		}
		switch value := settings[key].(type) {
		case map[string]any:
			if field.Type.Kind() != reflect.Struct {
				problems = append(problems, fmt.Errorf("%s: expected %s, got a section", at, kindName(field.Type)))
				continue
			}
			problems = append(problems, unknownKeys(at, value, field.Type)...)
		case []any:
			if field.Type.Kind() != reflect.Slice {
				problems = append(problems, fmt.Errorf("%s: expected %s, got a list", at, kindName(field.Type)))
				continue
			}
			for i, item := range value {
				inner, ok := item.(map[string]any)
				if isStructSlice(field.Type) != ok {
					problems = append(problems, fmt.Errorf("%s[%d]: expected %s", at, i, kindName(field.Type.Elem())))
				} else if ok {
					problems = append(problems, unknownKeys(fmt.Sprintf("%s[%d]", at, i), inner, field.Type.Elem())...)
				}
			}
		case nil: // "key:" with nothing behind it means the default
			delete(settings, key)
		default:
			if field.Type.Kind() == reflect.Struct || isStructSlice(field.Type) {
				problems = append(problems, fmt.Errorf("%s: expected %s, got %v", at, kindName(field.Type), value))
			}
		}
	}
	return problems
}

func kindName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration like 30s"
	case t.Kind() == reflect.Struct:
		return "a section with keys"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a text"
	default:
		return "a number"
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// newLoader is how every command gets its configuration: from --config, over it the environment.
func newLoader(file *string) func() (Config, error) {
	return func() (Config, error) { return loadConfig(*file, os.Environ()) }
}
