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

// staticFile is what goes out for one address below /static/.
type staticFile struct {
	whole []byte
	hash  string
	small func() ([]byte, error) // gzipped when it is first asked for; nil where that saves nothing
}

type static map[string]staticFile // by the name after /static/

// loadStatic reads all that pages load: what is sent as one (joined.go), and each other file.
func loadStatic() (static, error) {
	all := static{}
	inJoined := map[string]bool{}
	for _, j := range joined {
		text, err := j.text()
		if err != nil {
			return nil, err
		}
		all[j.name] = newStaticFile(j.name, text)
		for _, p := range j.parts {
			inJoined[p.name] = true
		}
	}
	err := fs.WalkDir(staticFiles, "static", func(at string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(at, "static/")
		if err != nil || d.IsDir() || inJoined[name] {
			return err
		}
		text, err := fs.ReadFile(staticFiles, at)
		all[name] = newStaticFile(name, text)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("console: static files: %w", err)
	}
	return all, nil
}

func newStaticFile(name string, text []byte) staticFile {
	sum := sha256.Sum256(text)
	f := staticFile{whole: text, hash: hex.EncodeToString(sum[:6])}
	if ext := path.Ext(name); ext == ".css" || ext == ".js" || ext == ".svg" {
		f.small = sync.OnceValues(func() ([]byte, error) { return compress(text) })
	}
	return f
}

func compress(text []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(text)
	}
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}

// address changes with what the file holds, so that browsers may keep it for good.
func (s static) address(name string) (string, error) {
	f, is := s[name]
	if !is {
		return "", fmt.Errorf("no static file %s", name)
	}
	return "/static/" + name + "?v=" + f.hash, nil
}

// ServeHTTP sends style and script compressed. Pages go out as they are: they show what was asked for beside people's
// data, and the length of a compressed page tells a listener on the wire how well the one matches the other (BREACH); at
// some 10 KB a page there is little to win.
func (s static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, is := s[strings.TrimPrefix(r.URL.Path, "/static/")]
	if !is {
		http.NotFound(w, r)
		return
	}
	if r.URL.Query().Get("v") != "" {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.whole
	if f.small != nil {
		w.Header().Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			var err error
			if body, err = f.small(); err != nil {
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
		}
	}
	http.ServeContent(w, r, r.URL.Path, time.Time{}, bytes.NewReader(body))
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
