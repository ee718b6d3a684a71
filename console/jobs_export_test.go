package console

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"canhgiac/internal/jobs"
	"canhgiac/residents"
)

func TestTheDirectoryIsExportedMaskedUnlessAReasonIsGiven(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	h.works()
	if _, err := h.db.Exec(`update residents set note = '=1+1', gender = 'female', birth_year = 1950 where id = 1`); err != nil {
		t.Fatal(err)
	}
	lan := h.as(Ward)
	if got := lan.post("/residents/export", "whole", "1", "reason", " "); got.status != http.StatusUnprocessableEntity || h.audited("resident.export") != 0 {
		t.Errorf("whole numbers without a reason: %d", got.status)
	}
	file := func(pairs ...string) string {
		t.Helper()
		page := lan.post("/residents/export", pairs...).header.Get("Location")
		lan.ended(page)
		return lan.get(page + "/file").body
	}
	masked := file()
	if !strings.Contains(masked, "090•••0000") || strings.Contains(masked, "0905") || !strings.Contains(masked, "'=1+1") {
		t.Errorf("masked:\n%s", masked)
	}
	whole := file("whole", "1", "reason", "Đối chiếu với sổ của tổ")
	if !strings.Contains(whole, "0905 000 000") {
		t.Errorf("whole:\n%s", whole)
	}
	if h.audited("resident.export") != 2 || h.audited("job.fetch") != 2 {
		t.Errorf("%d exports and %d fetches on the audit log", h.audited("resident.export"), h.audited("job.fetch"))
	}
	again, err := residents.NewImporter(h.db, h.Now).Import(context.Background(), strings.NewReader(whole), residents.ImportOptions{FileName: "a.csv", By: "ward"})
	if err != nil || again.Unchanged != 3 || again.Rows != 3 {
		t.Errorf("the file with whole numbers, imported again: %+v, %v", again, err)
	}
}

func TestAnExportThatIsCancelledLeavesNoFile(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	begun := make(chan struct{})
	h.works(func(w map[jobs.Kind]jobs.Work) {
		w[residentsExport] = func(ctx context.Context, t *jobs.Task) error {
			out, err := t.Output("a.csv", csvType)
			if err != nil {
				return err
			}
			line := []byte(strings.Repeat("Lê A,0905 000 000\n", 1000))
			for n := 0; ; n++ { // a directory without end
				if _, err := out.Write(line); err != nil {
					return err
				}
				if n == 100 {
					close(begun)
				}
			}
		}
	})
	lan := h.as(Ward)
	page := lan.post("/residents/export").header.Get("Location")
	<-begun
	lan.post(page + "/cancel")
	lan.ended(page)
	if got := lan.get(page + "/file"); got.status != http.StatusNotFound {
		t.Errorf("the half of a file: %d", got.status)
	}
	var left int
	if err := h.db.QueryRow(`select count(*) from job_outputs`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d pieces are left, %v", left, err)
	}
}
