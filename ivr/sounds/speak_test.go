package sounds

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"canhgiac/ivr/prompts"
)

var names = Names{prompts.Central: "mien-trung", prompts.Northern: "mien-bac"}

// script is a program that a test writes.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "speak")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAProgramReadsTheTextAndIsToldTheVoice(t *testing.T) {
	c := Command{Argv: []string{script(t, `printf '%s|%s|' "$1" "$2"; cat`), "--voice={voice}", "; rm -rf {voice}"}, Names: names, Timeout: 10 * time.Second}
	out, err := c.Speak(t.Context(), "Xin chào $(id)", prompts.Northern)
	if err != nil || string(out) != "--voice=mien-bac|; rm -rf mien-bac|Xin chào $(id)\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestAProgramThatFailsIsSaidSo(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		timeout time.Duration
		want    string
	}{
		"it fails":             {"exit 3", 10 * time.Second, "exit status 3"},
		"it never ends":        {"exec sleep 600", 50 * time.Millisecond, "not done within 50ms"},
		"its child never ends": {"sleep 600 & wait", 50 * time.Millisecond, "not done within 50ms"},
		"it never stops":       {"exec cat /dev/zero", 30 * time.Second, "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			_, err := Command{Argv: []string{script(t, c.body)}, Names: names, Timeout: c.timeout}.Speak(t.Context(), "x", prompts.Central)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected %q", err, c.want)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	if _, err := (Command{Argv: []string{"/nowhere/speak"}, Timeout: time.Second}).Speak(t.Context(), "x", prompts.Central); err == nil {
		t.Error("a program that is not there spoke")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Command{Argv: []string{script(t, "exec sleep 600")}, Timeout: time.Minute}).Speak(ctx, "x", prompts.Central); err == nil {
		t.Error("cancelled, and it spoke")
	}
}

func TestAServiceIsAskedWithItsToken(t *testing.T) {
	var seen struct{ Text, Voice string }
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer secret" || r.Method != "POST" || r.Header.Get("Content-Type") != "application/json":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/elsewhere":
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		case r.URL.Path == "/much":
			_, _ = io.CopyN(w, zeros{}, outputLimit+1)
		case r.URL.Path == "/never":
			_, _ = io.Copy(io.Discard, r.Body) // a server hears of its client's end when nothing is left to read
			<-r.Context().Done()
		default:
			_ = json.NewDecoder(r.Body).Decode(&seen)
			_, _ = io.WriteString(w, "RIFF")
		}
	}))
	defer srv.Close()
	h := HTTP{URL: srv.URL, Token: "secret", Names: names, Timeout: 10 * time.Second}
	if out, err := h.Speak(t.Context(), "Xin chào", prompts.Central); err != nil || string(out) != "RIFF" || seen.Text != "Xin chào" || seen.Voice != "mien-trung" {
		t.Errorf("%q %+v, %v", out, seen, err)
	}
	for path, want := range map[string]string{"/elsewhere": "307", "/much": "more than", "/never": "deadline"} {
		h := h
		h.URL += path
		if path == "/never" {
			h.Timeout = 50 * time.Millisecond
		}
		if _, err := h.Speak(t.Context(), "x", prompts.Central); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, expected %q", path, err, want)
		}
	}
	h.Token = "wrong"
	if _, err := h.Speak(t.Context(), "x", prompts.Central); err == nil || errors.Is(err, ErrNoSpeaker) {
		t.Errorf("without its token: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
