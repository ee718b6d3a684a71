package console

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestStyleAndScriptGoOutSmallAndPagesAsTheyAre(t *testing.T) {
	h := newHouse(t)
	get := func(path, accepts string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Encoding", accepts)
		w := httptest.NewRecorder()
		h.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, w.Code)
		}
		return w
	}
	files, err := loadStatic()
	if err != nil {
		t.Fatal(err)
	}
	want := files["console.css"].whole
	for _, c := range []struct {
		name, path, accepts, encoding string
	}{
		{"a browser's", "/static/console.css", "gzip, deflate, br, zstd", "gzip"},
		{"with a weight", "/static/console.css", "br;q=1.0, gzip;q=0.8", "gzip"},
		{"refused", "/static/console.css", "gzip;q=0", ""},
		{"not asked for", "/static/console.css", "", ""},
		{"a sound", "/static/alert.wav", "gzip", ""},
		{"a page", "/signin", "gzip", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(c.path, c.accepts)
			if got := w.Header().Get("Content-Encoding"); got != c.encoding {
				t.Fatalf("encoded as %q, want %q", got, c.encoding)
			}
			if c.path != "/static/console.css" {
				return
			}
			if w.Header().Get("Vary") != "Accept-Encoding" || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
				t.Errorf("headers %v", w.Header())
			}
			body := io.Reader(w.Body)
			if c.encoding != "" {
				if w.Body.Len() > len(want)/2 {
					t.Errorf("%d bytes of %d", w.Body.Len(), len(want))
				}
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes came of %d, %v", len(got), len(want), err)
			}
		})
	}
}
