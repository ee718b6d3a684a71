package peers

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// Canonical is a document as xmllint --c14n writes it (Canonical XML 1.0): two writers' same documents are the same bytes.
func Canonical(t testing.TB, document string) string {
	t.Helper()
	return xmllint(t, document, "--c14n", "--noblanks")
}

// Valid has xmllint judge a document by an XML schema, a file.
func Valid(t testing.TB, schema, document string) {
	t.Helper()
	xmllint(t, document, "--noout", "--schema", schema)
}

// Invalid expects xmllint to refuse a document, for a reason in its words.
func Invalid(t testing.TB, schema, document, reason string) {
	t.Helper()
	_, words, err := runXMLLint(document, "--noout", "--schema", schema)
	if err == nil || !strings.Contains(words, reason) {
		t.Errorf("xmllint says %v %q of %s, expected %q", err, words, document, reason)
	}
}

func xmllint(t testing.TB, document string, args ...string) string {
	t.Helper()
	out, words, err := runXMLLint(document, args...)
	if err != nil {
		t.Fatalf("xmllint: %v\n%s\n%s", err, words, document)
	}
	return out
}

func runXMLLint(document string, args ...string) (out, words string, err error) {
	cmd := exec.Command("xmllint", append(append([]string{"--nonet"}, args...), "-")...)
	var said, wrong bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(document), &said, &wrong
	err = cmd.Run()
	return said.String(), wrong.String(), err
}
