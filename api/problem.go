package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/reports"
	"canhgiac/residents"
)

// problem is an error as RFC 9457 writes it. Code is for programs, Detail for the people who wrote them.
type problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Code   string  `json:"code"`
	Detail string  `json:"detail,omitempty"`
	Errors []fault `json:"errors,omitempty"`
}

// fault is what is wrong with one field of a body.
type fault struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Arg    string `json:"arg,omitempty"`
	Detail string `json:"detail,omitempty"` // in the ward's language, for whoever wrote what is wrong
}

func (p *problem) Error() string { return p.Code + ": " + p.Detail }

func problemf(status int, code, format string, args ...any) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

func invalid(faults ...fault) *problem {
	p := problemf(http.StatusUnprocessableEntity, "invalid", "some fields cannot be taken")
	p.Errors = faults
	return p
}

// explain chooses what to tell for an error of a room, or nil for one that is ours and is told to nobody.
func explain(err error) *problem {
	var p *problem
	var file *residents.FileError
	var campaign *campaigns.InvalidError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &file):
		return problemf(http.StatusUnprocessableEntity, "file_unreadable", "%s", file.Text)
	case errors.As(err, &campaign):
		p := invalid()
		for _, f := range campaign.Problems {
			p.Errors = append(p.Errors, fault{Field: f.Field, Code: f.Code, Arg: f.Arg, Detail: carrierDetail(f)})
		}
		return p
	case errors.Is(err, campaigns.ErrSelfApproval):
		return problemf(http.StatusForbidden, "self_approval", "%v", campaigns.ErrSelfApproval)
	case errors.Is(err, campaigns.ErrMove):
		return problemf(http.StatusConflict, "state", "%v", campaigns.ErrMove)
	case errors.Is(err, campaigns.ErrChanged):
		return problemf(http.StatusConflict, "changed", "%v", campaigns.ErrChanged)
	case errors.Is(err, campaigns.ErrNotFound), errors.Is(err, gateway.ErrNotFound), errors.Is(err, reports.ErrNotFound),
		errors.Is(err, reports.ErrCode), errors.Is(err, residents.ErrNoWard):
		return problemf(http.StatusNotFound, "not_found", "nothing has this name")
	}
	return nil
}

// carrierDetail says what a carrier refuses and what to write instead.
func carrierDetail(p campaigns.Problem) string {
	switch p.Code {
	case "carrier_unicode":
		return fmt.Sprintf("Nhà mạng %s không nhận chữ có dấu hay ký hiệu này: %s. Xin viết không dấu.", p.Carrier, p.Arg)
	case "carrier_letters":
		return fmt.Sprintf("Nhà mạng %s không nhận ký tự: %s. Xin viết bằng chữ (%s) hoặc bỏ đi.", p.Carrier, p.Arg, p.Instead)
	case "carrier_letters_drop":
		return fmt.Sprintf("Nhà mạng %s không nhận ký tự: %s. Xin bỏ đi.", p.Carrier, p.Arg)
	}
	return ""
}

// answer is what a handler gives back: Body as JSON.
type answer struct {
	Status   int
	Location string
	Body     any
}

// encoded is an answer on the wire, as it is also kept for the same Idempotency-Key.
type encoded struct {
	status      int
	location    string
	contentType string
	body        []byte
}

func encode(a answer) (encoded, error) {
	body, err := json.Marshal(a.Body)
	return encoded{a.Status, a.Location, "application/json", append(body, '\n')}, err
}

func encodeProblem(p *problem) encoded {
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers
	}
	return encoded{p.Status, "", "application/problem+json", append(body, '\n')}
}

func (e encoded) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", e.contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if e.location != "" {
		h.Set("Location", e.location)
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(e.body) // a caller that went away cannot be told
}
