package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed static
var staticFiles embed.FS

// staticHandler serves what pages load. Style and script go out compressed, made once when the first is asked for. Pages do not: they show
// what was asked for beside people's data, and the length of a compressed page tells a listener on the wire how well the
// one matches the other (BREACH); at some 10 KB a page there is little to win.
func staticHandler() http.Handler {
	compressed := sync.OnceValues(compress)
	files := http.FileServerFS(staticFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // no listings
			http.NotFound(w, r)
			return
		}
		if r.URL.Query().Get("v") != "" {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		small, err := compressed()
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		body, is := small[strings.TrimPrefix(r.URL.Path, "/")]
		if !is {
			files.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Vary", "Accept-Encoding")
		if !acceptsGzip(r) {
			files.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		http.ServeContent(w, r, r.URL.Path, time.Time{}, bytes.NewReader(body))
	})
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3) as far as browsers write it; "gzip;q=0" refuses.
func acceptsGzip(r *http.Request) bool {
	for _, one := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.TrimSpace(name) == "gzip" {
			weight = strings.TrimSpace(weight)
			return weight != "q=0" && !strings.HasPrefix(weight, "q=0.0")
		}
	}
	return false
}

func compress() (map[string][]byte, error) {
	all := map[string][]byte{}
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if ext := path.Ext(name); err != nil || ext != ".css" && ext != ".js" && ext != ".svg" {
			return err
		}
		text, err := fs.ReadFile(staticFiles, name)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(text); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		all[name] = out.Bytes()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("console: compress static files: %w", err)
	}
	return all, nil
}

// assets gives each static file's address with the hash of its content, so that browsers may keep it for good.
func assets() (map[string]string, error) {
	all := map[string]string{}
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(staticFiles, name)
		sum := sha256.Sum256(content)
		all[strings.TrimPrefix(name, "static/")] = "/" + name + "?v=" + hex.EncodeToString(sum[:6])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("console: hash static files: %w", err)
	}
	return all, nil
}
