// Package api is the JSON API for other systems, as openapi.yaml describes it.
package api

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/mux"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/reports"
	"canhgiac/residents"
)

//go:embed openapi.yaml
var openAPI []byte

// Options are the rooms that the API opens.
type Options struct {
	DB        *sql.DB
	Now       func() time.Time
	Log       *slog.Logger
	Gateway   *gateway.Store
	Residents *residents.Store
	Importer  *residents.Importer
	Campaigns *campaigns.Store
	Reports   *reports.Store
}

type api struct {
	Options
	tokens *Tokens
}

const prefix = "/api/v1"

// New gives the handler of everything under /api/v1/, to be mounted there with the prefix kept.
func New(o Options) http.Handler {
	a := &api{o, NewTokens(o.DB, o.Now)}
	r := mux.NewRouter()
	r.HandleFunc(prefix+"/openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		encoded{status: http.StatusOK, contentType: "application/yaml", body: openAPI}.write(w)
	}).Methods(http.MethodGet)
	for _, route := range a.routes() {
		r.Handle(prefix+route.path, a.serve(route)).Methods(route.method)
	}
	r.NotFoundHandler = refuse(problemf(http.StatusNotFound, "no_route", "see %s/openapi.yaml", prefix))
	r.MethodNotAllowedHandler = refuse(problemf(http.StatusMethodNotAllowed, "method", "see %s/openapi.yaml", prefix))
	return r
}

func refuse(p *problem) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { encodeProblem(p).write(w) })
}

// route is one operation. Any one of its scopes opens it.
type route struct {
	method, path string
	scopes       []Scope
	limit        int64 // of the body, in bytes
	handle       func(context.Context, *call) (answer, error)
}

const jsonLimit = 1 << 20

func (a *api) routes() []route {
	return []route{
		{"POST", "/messages", []Scope{Messages}, jsonLimit, a.sendMessage},
		{"GET", "/messages/{id}", []Scope{Messages}, 0, a.getMessage},
		{"POST", "/residents/import", []Scope{Residents}, importLimit, a.importResidents},
		{"GET", "/campaigns", []Scope{Campaigns}, 0, a.listCampaigns},
		{"POST", "/campaigns", []Scope{Campaigns}, jsonLimit, a.createCampaign},
		{"GET", "/campaigns/{id}", []Scope{Campaigns}, 0, a.getCampaign},
		{"POST", "/campaigns/{id}/{action}", []Scope{Campaigns}, jsonLimit, a.actOnCampaign},
		{"GET", "/reports", []Scope{Reports}, 0, a.listReports},
		{"GET", "/reports/{code}", []Scope{Reports}, 0, a.getReport},
		{"GET", "/numbers/{phone}", []Scope{Numbers, Reports}, 0, a.getNumber},
		{"GET", "/coverage", []Scope{Coverage, Campaigns}, 0, a.getCoverage},
	}
}

// call is one authorised request.
type call struct {
	*http.Request
	token Token
	key   string // its Idempotency-Key
	body  []byte
	addr  string
}

// serve does what all operations share: who calls, what they may, how much they send, and the answer to a POST sent again.
func (a *api) serve(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := a.admit(w, r, route)
		switch {
		case err != nil:
			a.result(r, answer{}, err).write(w)
		case route.method == http.MethodPost:
			a.post(w, c, route)
		default:
			got, err := route.handle(r.Context(), c)
			a.result(r, got, err).write(w)
		}
	})
}

// admit reads the body only of who may call.
func (a *api) admit(w http.ResponseWriter, r *http.Request, route route) (*call, error) {
	token, err := a.authorise(r, route.scopes)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, route.limit))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return nil, problemf(http.StatusRequestEntityTooLarge, "too_large", "the body may have %d bytes", route.limit)
	}
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "body", "the body could not be read")
	}
	return &call{Request: r, token: token, body: body, addr: clientAddr(r)}, nil
}

// post does a request once, however often it is sent. A caller who hangs up does not stop it halfway.
func (a *api) post(w http.ResponseWriter, c *call, route route) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), postLimit)
	defer cancel()
	c.key = c.Header.Get("Idempotency-Key")
	kept, state, err := a.claimKey(ctx, c.token, c.key, fingerprint(c.Request, c.body))
	if err != nil {
		a.result(c.Request, answer{}, err).write(w)
		return
	}
	if state == answered {
		w.Header().Set("Idempotency-Replayed", "true")
		kept.write(w)
		return
	}
	got, err := route.handle(ctx, c)
	out := a.result(c.Request, got, err)
	if err := a.finishKey(ctx, c.token, c.key, out); err != nil {
		a.Log.Error("api answer not kept", "method", c.Method, "token", c.token.Name, "error", err)
	}
	out.write(w)
}

func (a *api) result(r *http.Request, got answer, err error) encoded {
	if err == nil {
		var out encoded
		if out, err = encode(got); err == nil {
			return out
		}
	}
	if p := explain(err); p != nil {
		return encodeProblem(p)
	}
	if r.Context().Err() == nil {
		// The path of /numbers holds a number: only the route's name is logged.
		name, _ := mux.CurrentRoute(r).GetPathTemplate()
		a.Log.Error("api request failed", "method", r.Method, "route", name, "error", err)
	}
	return encodeProblem(problemf(http.StatusInternalServerError, "internal", "the request failed here; try again later"))
}

func (a *api) authorise(r *http.Request, scopes []Scope) (Token, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Token{}, problemf(http.StatusUnauthorized, "unauthorised", "send Authorization: Bearer TOKEN")
	}
	t, err := a.tokens.find(r.Context(), strings.TrimSpace(secret))
	if errors.Is(err, ErrNoToken) {
		return Token{}, problemf(http.StatusUnauthorized, "unauthorised", "no such token")
	}
	if err != nil {
		return Token{}, fmt.Errorf("find token: %w", err)
	}
	if !t.mayAny(scopes) {
		return Token{}, problemf(http.StatusForbidden, "scope", "the token lacks the scope %q", scopes[0])
	}
	return t, nil
}

func clientAddr(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// decode reads the whole body into v: one JSON value, no field that v does not have.
func (c *call) decode(v any) error {
	media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return problemf(http.StatusUnsupportedMediaType, "media_type", "send Content-Type: application/json")
	}
	if !utf8.Valid(c.body) {
		return problemf(http.StatusBadRequest, "body", "the body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return problemf(http.StatusBadRequest, "body", "%s", describe(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return problemf(http.StatusBadRequest, "body", "there is more than one JSON value")
	}
	return nil
}

// describe tells what is wrong with JSON without Go's names.
func describe(err error) string {
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return "the body is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the JSON breaks off"
	case errors.As(err, &syntax):
		return fmt.Sprintf("not JSON at byte %d", syntax.Offset)
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Sprintf("%s cannot be a %s", wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Sprintf("expected an object, got a %s", wrong.Value)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	return err.Error()
}

// query reads ?limit= and ?offset=, and refuses what the operation does not know.
func (c *call) query(known ...string) (limit, offset int, err error) {
	// URL.Query drops what it cannot read, and with it a dry_run or a unit.
	values, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return 0, 0, problemf(http.StatusBadRequest, "query", "the query cannot be read: write ; as %%3B and %% as %%25")
	}
	for name, v := range values {
		if !slices.Contains(known, name) || len(v) > 1 {
			return 0, 0, problemf(http.StatusBadRequest, "query", "unknown or repeated parameter %q", name)
		}
	}
	number := func(name string, least, most, otherwise int) int {
		if !values.Has(name) {
			return otherwise
		}
		n, convErr := strconv.Atoi(values.Get(name))
		if convErr != nil || n < least || n > most {
			err = problemf(http.StatusBadRequest, "query", "%s must be a number from %d to %d", name, least, most)
		}
		return n
	}
	limit, offset = number("limit", 1, 200, 50), number("offset", 0, 1<<30, 0)
	return limit, offset, err
}
