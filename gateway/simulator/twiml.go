package simulator

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// verb is one instruction of a TwiML document, with the verbs nested in it (a Gather's prompts, a Dial's numbers).
type verb struct {
	name  string
	attrs map[string]string
	text  string
	inner []verb
}

// errDocument is an answer that is not TwiML: the provider says so to the caller and ends the call.
var errDocument = errors.New("not a TwiML document")

// documentLimit is the provider's own: 64 KB of TwiML.
const documentLimit = 64 << 10

// parseDocument reads the verbs of a <Response>.
func parseDocument(r io.Reader) ([]verb, error) {
	dec := xml.NewDecoder(io.LimitReader(r, documentLimit))
	for {
		tok, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: %v", errDocument, err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "Response" {
			return nil, fmt.Errorf("%w: it begins with <%s>", errDocument, start.Name.Local)
		}
		root, err := parseVerb(dec, start)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", errDocument, err)
		}
		return root.inner, nil
	}
}

func parseVerb(dec *xml.Decoder, start xml.StartElement) (verb, error) {
	v := verb{name: start.Name.Local, attrs: make(map[string]string, len(start.Attr))}
	for _, a := range start.Attr {
		v.attrs[a.Name.Local] = a.Value
	}
	var text strings.Builder
	for {
		tok, err := dec.Token()
		if err != nil {
			return verb{}, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			in, err := parseVerb(dec, t)
			if err != nil {
				return verb{}, err
			}
			v.inner = append(v.inner, in)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			v.text = strings.TrimSpace(text.String())
			return v, nil
		}
	}
}

// attr gives the attribute, or otherwise where the document leaves it out; an empty attribute is a value of its own
// (finishOnKey="" means that no key finishes).
func (v verb) attr(name, otherwise string) string {
	if s, ok := v.attrs[name]; ok {
		return s
	}
	return otherwise
}

// seconds gives an attribute counted in seconds; one that is no number counts as left out, as the provider does.
func (v verb) seconds(name string, otherwise time.Duration) time.Duration {
	if n, err := strconv.Atoi(v.attrs[name]); err == nil && n >= 0 {
		return time.Duration(n) * time.Second
	}
	return otherwise
}

func (v verb) count(name string, otherwise int) int {
	if n, err := strconv.Atoi(v.attrs[name]); err == nil && n >= 0 {
		return n
	}
	return otherwise
}
