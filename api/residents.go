package api

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"canhgiac/residents"
)

const importLimit = 64 << 20

type importAnswer struct {
	residents.Result
	DryRun  bool           `json:"dry_run"`
	Rejects []rejectAnswer `json:"rejects"`
}

// rejectAnswer leaves the row's cells out: the caller has the file.
type rejectAnswer struct {
	Row    int    `json:"row"`
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

// importResidents takes the file itself as the body, CSV or .xlsx.
func (a *api) importResidents(ctx context.Context, c *call) (answer, error) {
	if _, _, err := c.query("unit", "file_name", "dry_run"); err != nil {
		return answer{}, err
	}
	q := c.URL.Query()
	dry := false
	if q.Has("dry_run") {
		var err error
		if dry, err = strconv.ParseBool(q.Get("dry_run")); err != nil {
			return answer{}, problemf(http.StatusBadRequest, "query", "dry_run must be true or false")
		}
	}
	result, err := a.Importer.Import(ctx, bytes.NewReader(c.body), residents.ImportOptions{
		FileName: q.Get("file_name"), Ward: q.Get("unit"), DryRun: dry, By: c.token.who(), Role: "api", Addr: c.addr,
	})
	if err != nil {
		return answer{}, err
	}
	out := importAnswer{Result: result, DryRun: dry, Rejects: []rejectAnswer{}}
	for _, r := range result.Rejects.Rows {
		out.Rejects = append(out.Rejects, rejectAnswer{r.Row, r.Key, r.Reason})
	}
	return answer{Status: http.StatusOK, Body: out}, nil
}
