package console

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"database/sql"
	"errors"
	"hash/crc32"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/jobs"
)

// works runs a node's jobs beside the pages; change may put other works in the place of the pages' own.
func (h *house) works(change ...func(map[jobs.Kind]jobs.Work)) {
	h.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	works := h.Works()
	for _, f := range change {
		f(works)
	}
	go func() {
		defer close(ended)
		_ = (&jobs.Runner{Store: h.Jobs, Works: works, Log: slog.New(slog.DiscardHandler)}).Run(ctx)
	}()
	h.t.Cleanup(func() { stop(); <-ended })
}

// ended waits for the job at path to end, and gives its page.
func (b *browser) ended(path string) answer {
	b.t.Helper()
	for over := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := b.get(path)
		if got.status != http.StatusOK {
			b.t.Fatalf("%s: %d", path, got.status)
		}
		if !strings.Contains(got.body, path+"/cancel") && !strings.Contains(got.body, `id="job-now"`) {
			return got
		}
		if time.Now().After(over) {
			b.t.Fatalf("%s does not end", path)
		}
	}
}

func TestAListIsTriedThenKept(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	h.works()
	lan := h.signedIn("ward")
	count := func() (n int) {
		t.Helper()
		if err := h.db.QueryRow(`select count(*) from residents where name = 'Lê Thị Hoa'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	trial := lan.upload("/residents/import", `C:\danh sách\to1.csv`, list).header.Get("Location")
	tried := lan.ended(trial)
	for _, want := range []string{"Đọc thử danh sách", "to1.csv", "thiếu số điện thoại", "Tải 1 dòng bị loại", "Nhập vào danh bạ"} {
		if !strings.Contains(tried.body, want) {
			t.Errorf("the trial lacks %q", want)
		}
	}
	if n := count(); n != 0 {
		t.Fatalf("the trial kept %d", n)
	}
	keep := "/residents/import" + strings.TrimPrefix(trial, "/jobs") + "/keep"
	import1 := lan.post(keep).header.Get("Location")
	if kept := lan.ended(import1); import1 == trial || !strings.Contains(kept.body, "Danh sách đã được ghi vào danh bạ") || count() != 1 {
		t.Fatalf("%s: %d kept\n%s", import1, count(), kept.body)
	}
	if again := lan.post(keep).header.Get("Location"); again != import1 || h.audited("resident.import") != 1 {
		t.Errorf("pressed twice: to %s, not %s; %d imports", again, import1, h.audited("resident.import"))
	}
	rejects := lan.get(import1 + "/file")
	if !strings.HasPrefix(rejects.header.Get("Content-Type"), "text/csv") || !strings.Contains(rejects.body, "Ngô Văn Ba") || !strings.Contains(rejects.body, "'=1+1") || h.audited("job.fetch") != 1 {
		t.Errorf("rejects: %s\n%s", rejects.header.Get("Content-Type"), rejects.body)
	}

	second := lan.upload("/residents/import", "to1.csv", list).header.Get("Location")
	lan.ended(second)
	same := lan.ended(lan.post("/residents/import" + strings.TrimPrefix(second, "/jobs") + "/keep").header.Get("Location"))
	if !strings.Contains(same.body, "người không có gì thay đổi") || count() != 1 {
		t.Errorf("the same file again: %d kept", count())
	}

	if got := lan.post(import1 + "/discard"); got.status != http.StatusSeeOther {
		t.Errorf("discard: %d", got.status)
	}
	if got := lan.get(import1 + "/file"); got.status != http.StatusNotFound {
		t.Errorf("a file that was discarded: %d", got.status)
	}
	if page := lan.get(import1); !strings.Contains(page.body, "đã được xóa") || strings.Contains(page.body, "thiếu số điện thoại") {
		t.Errorf("the page of discarded work still tells of people:\n%s", page.body)
	}
}

func TestListsWaitForEachOtherBeforeTheyFillTheMemory(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	h.works()
	lan := h.as(Ward)
	if err := h.uploads.Acquire(context.Background(), uploadsAtOnce); err != nil {
		t.Fatal(err)
	}
	h.pageTime = 100 * time.Millisecond
	if got := lan.upload("/residents/import", "to1.csv", list); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "đang bận") {
		t.Errorf("one more than fit: %d", got.status)
	}
	h.uploads.Release(uploadsAtOnce)
	h.pageTime = pageTime
	for range uploadsAtOnce + 1 { // each gives its place back
		if got := lan.upload("/residents/import", "to1.csv", list); got.status != http.StatusSeeOther {
			t.Errorf("when there is room: %d", got.status)
		}
	}
}

// unfolds gives a workbook whose one sheet is size bytes of spaces: a megabyte of them is packed once and stands there again and
// again.
func unfolds(t *testing.T, size int) string {
	t.Helper()
	plain := bytes.Repeat([]byte(" "), 1<<20)
	var packed, book bytes.Buffer
	deflate, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, err = deflate.Write(plain)
	if err = errors.Join(err, deflate.Flush()); err != nil { // to a whole byte, with no block that is the last
		t.Fatal(err)
	}
	times := size / len(plain)
	sum := crc32.NewIEEE()
	for range times {
		sum.Write(plain)
	}
	sheet := append(bytes.Repeat(packed.Bytes(), times), 3, 0) // and an empty block that is
	z := zip.NewWriter(&book)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CRC32: sum.Sum32(),
		CompressedSize64: uint64(len(sheet)), UncompressedSize64: uint64(times * len(plain))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(sheet)
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return book.String()
}

func TestAFileThatIsNoListIsRefusedInWords(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	h.works()
	lan := h.signedIn("ward")
	for _, c := range []struct {
		name, file, content string
		status              int
		says                string
	}{
		{"no file", "", "", http.StatusUnprocessableEntity, "Chưa chọn tệp"},
		{"an empty file", "a.csv", "\n", http.StatusUnprocessableEntity, "Tệp không có dòng nào"},
		{"a file of no bytes", "a.csv", "", http.StatusUnprocessableEntity, "Tệp không có dòng nào"},
		{"another kind of file", "a.csv", "\x00\x01\x02 nothing", http.StatusUnprocessableEntity, "Tệp không phải là CSV"},
		{"a picture by the name of a list", "a.xlsx", "GIF89a\x00\x01\x02", http.StatusUnprocessableEntity, "Tệp không phải là CSV"},
		{"a zip that is no workbook", "a.xlsx", "PK\x03\x04garbage", http.StatusUnprocessableEntity, "Không đọc được tệp Excel này"},
		{"a workbook that unfolds without end", "a.xlsx", unfolds(t, 400<<20), http.StatusUnprocessableEntity, "bung ra"},
		{"a list without its header", "a.csv", "1,2,3\n", http.StatusUnprocessableEntity, "Không thấy dòng tiêu đề"},
		{"a file beyond the limit", "a.csv", strings.Repeat("x", maxUpload+128<<10), http.StatusRequestEntityTooLarge, "64 MB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := lan.upload("/residents/import", c.file, c.content)
			if page := got.header.Get("Location"); got.status == http.StatusSeeOther { // it took longer than a form waits
				got = lan.ended(page)
				got.status = http.StatusUnprocessableEntity
			}
			if got.status != c.status || !strings.Contains(got.body, c.says) {
				t.Fatalf("%d, without %q\n%.3000s", got.status, c.says, got.body)
			}
		})
	}
	var left int
	if err := h.db.QueryRow(`select count(*) from job_inputs`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d pieces of refused files are left, %v", left, err)
	}
}

func TestAFilesNameIsShownAsAName(t *testing.T) {
	for given, want := range map[string]string{
		`C:\Users\lan\tổ 1.csv`: "tổ 1.csv", "../../etc/passwd": "passwd", "a\x00b\n.csv": "ab.csv", "\xff.csv": ".csv",
		strings.Repeat("ư", 300): strings.Repeat("ư", 100),
	} {
		if got := fileName(given); got != want {
			t.Errorf("%q is shown as %q", given, got)
		}
	}
}

// waits is a work that waits to be let go.
func waits(let <-chan struct{}) jobs.Work {
	return func(ctx context.Context, t *jobs.Task) error {
		t.Progress(30, 100)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-let:
		}
		out, err := t.Output("a.csv", "text/csv")
		if err == nil {
			_, err = io.WriteString(out, "Lê A")
		}
		return err
	}
}

func TestAJobIsItsOwnersAndTheOperatorSeesOnlyThatItIsThere(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	let := make(chan struct{})
	h.works(func(w map[jobs.Kind]jobs.Work) { w[residentsTry] = waits(let) })
	lan, an, op := h.as(Ward), h.as(Police), h.as(Operator)
	page := lan.upload("/residents/import", "ho-ngheo.csv", list).header.Get("Location")
	if got := lan.get("/"); !strings.Contains(got.body, "1 việc đang chạy") {
		t.Error("the head of the page has no mark of the job")
	}
	if got := lan.get("/jobs"); !strings.Contains(got.body, "ho-ngheo.csv") {
		t.Error("the list of jobs lacks it")
	}
	if got := an.get("/"); strings.Contains(got.body, "việc đang chạy") {
		t.Error("another person's page has a mark of it")
	}
	for _, path := range []string{page, page + "/now", page + "/body", page + "/row", page + "/file"} {
		if got := an.get(path); got.status != http.StatusNotFound {
			t.Errorf("another person at %s: %d", path, got.status)
		}
	}
	if got := an.post(page + "/cancel"); got.status != http.StatusNotFound {
		t.Errorf("another person cancels: %d", got.status)
	}
	for _, path := range []string{"/jobs", page} {
		if got := op.get(path); got.status != http.StatusOK || strings.Contains(got.body, "ho-ngheo") || !strings.Contains(got.body, "ward") {
			t.Errorf("the operator at %s: %d\n%s", path, got.status, got.body)
		}
	}
	close(let)
	lan.ended(page)
	if got := op.get(page + "/file"); got.status != http.StatusNotFound {
		t.Errorf("the operator fetches the file: %d", got.status)
	}
	if got := op.post(page + "/discard"); got.status != http.StatusNotFound {
		t.Errorf("the operator discards the file: %d", got.status)
	}
	if got := lan.get(page + "/file"); got.body != "Lê A" {
		t.Errorf("its owner fetches %d %q", got.status, got.body)
	}
}

func TestAnImportThatIsCancelledLeavesNothing(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	h.works(func(w map[jobs.Kind]jobs.Work) { w[residentsTry] = waits(nil) })
	lan := h.as(Ward)
	page := lan.upload("/residents/import", "to1.csv", list).header.Get("Location")
	if got := lan.post(page + "/cancel"); got.status != http.StatusSeeOther {
		t.Fatalf("%d", got.status)
	}
	if got := lan.ended(page); !strings.Contains(got.body, "Đã hủy") || h.audited("job.cancel") != 1 {
		t.Errorf("%d audit rows\n%s", h.audited("job.cancel"), got.body)
	}
	var left int
	if err := h.db.QueryRow(`select count(*) from job_inputs`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d pieces of the list are left, %v", left, err)
	}
}

func TestAListIsTakenInOnceThoughItsNodeLosesTheJobAtTheEnd(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	// Another import holds the directory, so that this one waits within its transaction while the job is taken away.
	tx, err := h.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec(`select pg_advisory_xact_lock(hashtextextended('residents.import', 0))`); err != nil {
		t.Fatal(err)
	}
	var id int64
	h.in(func(tx *sql.Tx) (err error) {
		id, err = h.Jobs.Add(t.Context(), tx, jobs.New{Kind: residentsImport, By: "ward", Role: "ward", Params: importParams{FileName: "a.csv"}, Input: []byte(list)})
		return err
	})
	h.works()
	await := func(what string, is func(jobs.Job) bool) {
		t.Helper()
		for over := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			j, err := h.Jobs.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if is(j) {
				return
			}
			if time.Now().After(over) {
				t.Fatalf("waited in vain until the job %s; it is %s", what, j.State)
			}
		}
	}
	await("runs", func(j jobs.Job) bool { return j.State == jobs.Running })
	if _, err := h.db.Exec(`update jobs set node = 'dead', lease_until = now() - interval '1 hour' where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	await("is taken over", func(j jobs.Job) bool { return j.Tries == 2 })
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	await("has ended", func(j jobs.Job) bool { return j.State.Ended() })
	if j, err := h.Jobs.Get(t.Context(), id); err != nil || j.State != jobs.Done || h.audited("resident.import") != 1 || !strings.Contains(string(j.Result), `"imported": 1`) {
		t.Errorf("%+v, %d imports", j, h.audited("resident.import"))
	}
}

func (h *house) in(do func(tx *sql.Tx) error) {
	h.t.Helper()
	tx, err := h.db.Begin()
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		h.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		h.t.Fatal(err)
	}
}
