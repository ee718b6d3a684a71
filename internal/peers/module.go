package peers

import (
	"os"
	"path/filepath"
	"testing"
)

// Script gives the text of a file among this package's npm modules: "axe-core/axe.min.js".
func Script(t testing.TB, name string) string {
	t.Helper()
	dir, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
