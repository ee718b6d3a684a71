package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"canhgiac/ivr/callers"
)

func TestMadeUpPeopleRingTheHotline(t *testing.T) {
	var out bytes.Buffer
	cmd := newBenchVoiceCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs([]string{"--calls", "12", "--lines", "2", "--json"})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	var r callers.Result
	if err := json.Unmarshal(out.Bytes()[bytes.IndexByte(out.Bytes(), '{'):], &r); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if r.Calls+r.Sessions < 12 || r.Steps == 0 || r.Reports != r.Sent+r.Cancelled+r.Partial {
		t.Errorf("%+v", r)
	}
	cmd.SetArgs([]string{"--calls", "0"})
	if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "--calls 0") {
		t.Errorf("error %v", err)
	}
}
