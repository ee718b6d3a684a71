package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// contract is openapi.yaml as the tests hold real answers against it.
type contract struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	paths    map[string]*regexp.Regexp
}

var readContract = sync.OnceValues(func() (*contract, error) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	var loose any
	if err := yaml.Unmarshal(text, &loose); err != nil {
		return nil, err
	}
	b, err := json.Marshal(loose)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	c := &contract{doc: doc.(map[string]any), compiler: jsonschema.NewCompiler(), paths: map[string]*regexp.Regexp{}}
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource("file:///openapi.json", doc); err != nil {
		return nil, err
	}
	for path := range c.doc["paths"].(map[string]any) {
		c.paths[path] = regexp.MustCompile("^" + regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$")
	}
	return c, nil
})

// operation is the path and method that the request meets; empty where there is none.
func (c *contract) operation(method, target string) (path string) {
	target, _, _ = strings.Cut(target, "?")
	for p, form := range c.paths {
		if op := c.doc["paths"].(map[string]any)[p].(map[string]any)[strings.ToLower(method)]; op != nil && form.MatchString(target) {
			return p
		}
	}
	return ""
}

func (c *contract) responses(method, path string) map[string]any {
	return c.doc["paths"].(map[string]any)[path].(map[string]any)[strings.ToLower(method)].(map[string]any)["responses"].(map[string]any)
}

func pointer(parts ...string) string {
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(p, "~", "~0"), "/", "~1"), "{", "%7B"), "}", "%7D")
	}
	return "file:///openapi.json#/" + strings.Join(parts, "/")
}

// holds says that the answer is one that openapi.yaml describes for the request, in its status, type and shape.
func (c *contract) holds(t *testing.T, method, target string, r reply) {
	t.Helper()
	path := c.operation(method, target)
	if path == "" {
		return // the router's own refusal
	}
	status := strconv.Itoa(r.status)
	response, ok := c.responses(method, path)[status].(map[string]any)
	if !ok {
		t.Errorf("%s %s answers %s, which openapi.yaml does not list for %s: %s", method, target, status, path, r.raw)
		return
	}
	at := []string{"paths", path, strings.ToLower(method), "responses", status}
	if ref, ok := response["$ref"].(string); ok {
		at = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		response = c.doc["components"].(map[string]any)["responses"].(map[string]any)[at[2]].(map[string]any)
	}
	media := r.header.Get("Content-Type")
	if _, ok := response["content"].(map[string]any)[media]; !ok {
		t.Errorf("%s %s: %s is of type %q", method, target, status, media)
		return
	}
	schema, err := c.compiler.Compile(pointer(append(at, "content", media, "schema")...))
	if err != nil {
		t.Fatal(err)
	}
	body, err := jsonschema.UnmarshalJSON(strings.NewReader(r.raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(body); err != nil {
		t.Errorf("%s %s: %s is not what openapi.yaml says: %v\n%.500s", method, target, status, err, r.raw)
	}
	headers, _ := response["headers"].(map[string]any)
	if _, ok := headers["Location"]; ok && r.header.Get("Location") == "" {
		t.Errorf("%s %s: %s without Location", method, target, status)
	}
}

// TestEveryListedAnswerIsGiven asks each operation for each status that it lists.
func TestEveryListedAnswerIsGiven(t *testing.T) {
	o := newOffice(t)
	c, err := readContract()
	if err != nil {
		t.Fatal(err)
	}
	narrow := header("Authorization", "Bearer "+o.token("narrow-contract", "numbers"))
	other := header("Authorization", "Bearer "+o.token("coverage-only", "coverage"))
	nobody := header("Authorization", "")
	campaign := string(mustJSON(t, map[string]any{"name": "Nhắc", "contents": []any{map[string]any{"text": "Cảnh giác", "plain": "Canh giac"}}, "units": []int64{o.ward.ID}}))
	made := o.do("POST", "/campaigns", campaign, key("contract-campaign"))
	at := strings.TrimPrefix(made.header.Get("Location"), "/api/v1")
	sent := o.do("POST", "/messages", hello, key("contract-message"))
	message := strings.TrimPrefix(sent.header.Get("Location"), "/api/v1")
	code := o.report()
	csv := header("Content-Type", "text/csv")
	const list = "Họ tên,Năm sinh,Số điện thoại,Tổ dân phố,Đồng ý nhận tin\nÔng A,1950,0901234567,Tổ 1,x\n"
	big := strings.Repeat("a", 1<<20+1)
	given, asked := map[string]bool{}, 0
	ask := func(status int, method, target, body string, edits ...func(*http.Request)) {
		t.Helper()
		asked++
		edits = append([]func(*http.Request){key("contract-" + strconv.Itoa(asked))}, edits...)
		r := o.do(method, target, body, edits...)
		if r.status != status {
			t.Errorf("%s %s: %d, want %d: %.300s", method, target, r.status, status, r.raw)
		}
		given[method+" "+c.operation(method, target)+" "+strconv.Itoa(r.status)] = true
	}
	for _, op := range []struct{ method, target string }{
		{"POST", "/messages"}, {"GET", message}, {"POST", "/residents/import"}, {"GET", "/campaigns"}, {"POST", "/campaigns"}, {"GET", at},
		{"POST", at + "/submit"}, {"GET", "/reports"}, {"GET", "/reports/" + code}, {"GET", "/numbers/0901234567"}, {"GET", "/coverage"},
	} {
		ask(401, op.method, op.target, "", nobody)
		lacks := narrow
		if strings.HasPrefix(op.target, "/numbers") {
			lacks = other
		}
		ask(403, op.method, op.target, "", lacks)
		if op.method == "GET" {
			ask(413, op.method, op.target, "{}")
			continue
		}
		ask(400, op.method, op.target, "{}", key(""))
		if op.target == "/residents/import" {
			continue // its limit is a file's
		}
		ask(413, op.method, op.target, big)
	}
	inProgress := func(target, body string, edits ...func(*http.Request)) {
		t.Helper()
		edits = append(edits, key("contract-"+target))
		o.do("POST", target, body, edits...)
		if _, err := o.db.Exec(`update api_requests set status = null where key = $1`, "contract-"+target); err != nil {
			t.Fatal(err)
		}
		ask(409, "POST", target, body, edits...)
		ask(422, "POST", target, body+" ", edits...)
	}
	ask(202, "POST", "/messages", hello)
	ask(415, "POST", "/messages", hello, header("Content-Type", "text/plain"))
	inProgress("/messages", hello)
	ask(200, "GET", message, "")
	ask(404, "GET", "/messages/12345", "")
	ask(200, "POST", "/residents/import?dry_run=true", list, csv)
	inProgress("/residents/import?dry_run=true", list, csv)
	ask(200, "GET", "/campaigns", "")
	ask(400, "GET", "/campaigns?limit=0", "")
	ask(201, "POST", "/campaigns", campaign)
	ask(415, "POST", "/campaigns", campaign, header("Content-Type", "text/plain"))
	inProgress("/campaigns", campaign)
	ask(200, "GET", at, "")
	ask(404, "GET", "/campaigns/77", "")
	ask(200, "POST", at+"/submit", "")
	ask(403, "POST", at+"/approve", "")
	ask(404, "POST", "/campaigns/77/submit", "")
	ask(415, "POST", at+"/cancel", `{"reason":"a"}`, header("Content-Type", "text/plain"))
	inProgress(at+"/start", "{}")
	ask(200, "GET", "/reports", "")
	ask(400, "GET", "/reports?state=refused", "")
	ask(200, "GET", "/reports/"+code, "")
	ask(404, "GET", "/reports/1234-5678", "")
	ask(200, "GET", "/numbers/0901234567", "")
	ask(422, "GET", "/numbers/113", "")
	ask(200, "GET", "/coverage", "")
	ask(400, "GET", "/coverage?unit=%zz", "")
	ask(404, "GET", "/coverage?unit=99999", "")
	for path, methods := range c.doc["paths"].(map[string]any) {
		for method := range methods.(map[string]any) {
			for status := range c.responses(method, path) {
				what := strings.ToUpper(method) + " " + path + " " + status
				if status == "default" || status == "413" && path == "/residents/import" { // 500, which no request brings about; and a file of 32 MB
					continue
				}
				if !given[what] {
					t.Errorf("nothing brings about %s", what)
				}
			}
		}
	}
}
