package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

type operation struct {
	OperationID string           `yaml:"operationId"`
	Description string           `yaml:"description"`
	Parameters  []map[string]any `yaml:"parameters"`
	Responses   map[string]any   `yaml:"responses"`
}

func TestOpenAPIAndRoutesAgree(t *testing.T) {
	var doc struct {
		OpenAPI string                          `yaml:"openapi"`
		Paths   map[string]map[string]operation `yaml:"paths"`
	}
	if err := yaml.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("openapi: %s", doc.OpenAPI)
	}
	var written, served []string
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			written = append(written, strings.ToUpper(method)+" "+path)
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s: operationId %q", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
			if op.Responses["default"] == nil {
				t.Errorf("%s %s does not say how it fails", method, path)
			}
			keyed := slices.ContainsFunc(op.Parameters, func(p map[string]any) bool { return p["$ref"] == "#/components/parameters/IdempotencyKey" })
			if keyed != (method == "post") {
				t.Errorf("%s %s: Idempotency-Key %v", method, path, keyed)
			}
			for _, part := range strings.Split(path, "/") {
				if name, ok := strings.CutPrefix(part, "{"); ok && !strings.Contains(fmt.Sprint(op.Parameters), strings.TrimSuffix(name, "}")) && !strings.Contains(fmt.Sprint(op.Parameters), "CampaignID") {
					t.Errorf("%s %s does not describe {%s", method, path, name)
				}
			}
		}
	}
	for _, r := range (&api{}).routes() {
		served = append(served, r.method+" "+r.path)
		for _, scope := range r.scopes {
			if op := doc.Paths[r.path][strings.ToLower(r.method)]; !strings.Contains(op.Description, "`"+string(scope)+"`") {
				t.Errorf("%s %s does not name its scope %s", r.method, r.path, scope)
			}
		}
	}
	slices.Sort(written)
	slices.Sort(served)
	if diff := cmp.Diff(written, served); diff != "" {
		t.Errorf("written -, served +:\n%s", diff)
	}
}

func TestOpenAPIReferencesResolve(t *testing.T) {
	var doc map[string]any
	if err := yaml.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				var target any = doc
				for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
					m, _ := target.(map[string]any)
					target = m[part]
				}
				if target == nil {
					t.Errorf("%s: %s leads nowhere", at, ref)
				}
			}
			for k, inner := range v {
				walk(at+"/"+k, inner)
			}
		case []any:
			for _, inner := range v {
				walk(at, inner)
			}
		}
	}
	walk("", doc)
}

func TestOpenAPIIsServedToAnybody(t *testing.T) {
	w := httptest.NewRecorder()
	New(Options{}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/openapi.yaml", nil))
	if w.Code != 200 || w.Body.String() != string(openAPI) {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
}
