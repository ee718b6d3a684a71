package console

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"

	"canhgiac/residents"
)

// A list is uploaded once and goes through twice: tried without being kept, then, when the officer has seen what it would
// do, kept. Between the two it travels in the page itself, packed. The server holds no copy of people's data that somebody
// might forget to confirm, and any node can take the second step.
const (
	maxUpload = 16 << 20 // 150,000 rows of CSV; a longer list is the command's
	maxPacked = maxUpload/3*4 + 64<<10
)

type importData struct {
	FileName string
	Packed   string // gzip, base64
	Result   residents.Result
	Rejected []rejectCount
	Shown    []residents.Reject // the first of the rejected rows
	Done     bool               // kept; else only tried
	Problem  string             // a key
	Says     string             // what the reader of lists says of this file, in its own words
}

type rejectCount struct {
	Key string
	N   int
}

const rejectsShown = 20

func (c *Console) importForm(w http.ResponseWriter, r *http.Request) error {
	return c.render(w, r, "import", importData{})
}

// importPreview tries an uploaded list and shows what it would do.
func (c *Console) importPreview(w http.ResponseWriter, r *http.Request) error {
	file, header, err := r.FormFile("file")
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll() //nolint:errcheck // a temporary file; the system clears it
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return c.renderStatus(w, r, http.StatusRequestEntityTooLarge, "import", importData{Problem: "residents.import.too_large"})
	case err != nil:
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "import", importData{Problem: "residents.import.no_file"})
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	d := importData{FileName: header.Filename}
	if d.Packed, err = pack(content); err != nil {
		return err
	}
	return c.importRun(w, r, d, content, false)
}

// importConfirm keeps the list that was tried. The same list again changes nothing, so a page sent twice does no harm.
func (c *Console) importConfirm(w http.ResponseWriter, r *http.Request) error {
	d, content, err := unpackForm(r)
	if err != nil {
		return err
	}
	return c.importRun(w, r, d, content, true)
}

func (c *Console) importRun(w http.ResponseWriter, r *http.Request, d importData, content []byte, keep bool) error {
	var err error
	d.Result, err = c.tryImport(r, d.FileName, content, !keep)
	var unreadable *residents.FileError
	if errors.As(err, &unreadable) {
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "import", importData{Says: unreadable.Text})
	}
	if err != nil {
		return err
	}
	d.Done = keep
	for key, n := range d.Result.Rejected {
		d.Rejected = append(d.Rejected, rejectCount{key, n})
	}
	sort.Slice(d.Rejected, func(i, j int) bool {
		a, b := d.Rejected[i], d.Rejected[j]
		return a.N > b.N || a.N == b.N && a.Key < b.Key
	})
	d.Shown = d.Result.Rejects.Rows[:min(rejectsShown, len(d.Result.Rejects.Rows))]
	return c.render(w, r, "import_result", d)
}

func (c *Console) tryImport(r *http.Request, name string, content []byte, dry bool) (residents.Result, error) {
	by := userOf(r)
	return residents.NewImporter(c.DB, c.Now).Import(r.Context(), bytes.NewReader(content),
		residents.ImportOptions{FileName: name, DryRun: dry, By: by.Name, Role: string(by.Role), Addr: addrOf(r), Scope: by.scope})
}

// importRejects gives the rejected rows of a list as a file to put right and import again.
func (c *Console) importRejects(w http.ResponseWriter, r *http.Request) error {
	d, content, err := unpackForm(r)
	if err != nil {
		return err
	}
	result, err := c.tryImport(r, d.FileName, content, true)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := result.Rejects.WriteCSV(&out); err != nil {
		return err
	}
	if err := c.audit(r.Context(), c.DB, r, "resident.rejects", "import", fmt.Sprintf("%d rows", len(result.Rejects.Rows))); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="dong-bi-loai.csv"`)
	_, err = out.WriteTo(w)
	return err
}

func pack(content []byte) (string, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(content); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(packed.Bytes()), nil
}

func unpackForm(r *http.Request) (importData, []byte, error) {
	if err := r.ParseForm(); err != nil {
		return importData{}, nil, errBadForm
	}
	d := importData{FileName: r.PostForm.Get("file_name"), Packed: r.PostForm.Get("packed")}
	packed, err := base64.RawURLEncoding.DecodeString(d.Packed)
	if err != nil {
		return d, nil, errBadForm
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return d, nil, errBadForm
	}
	content, err := io.ReadAll(io.LimitReader(z, maxUpload+1))
	if err != nil || len(content) > maxUpload { // packed by hand to unfold beyond what may be uploaded
		return d, nil, errBadForm
	}
	return d, content, nil
}
