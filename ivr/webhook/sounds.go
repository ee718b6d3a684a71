package webhook

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

const (
	joint      = "~" // between the names of lines in one address; no name has it, and no address escapes it
	joinedMost = 80  // lines in one sound: a whole report read back has some forty
)

func (s *handler) serveSounds(r *mux.Router) {
	get := func(path string, do http.HandlerFunc) {
		r.HandleFunc("/voice/sounds/{voice:trung|bac}/"+path, do).Methods(http.MethodGet, http.MethodHead)
	}
	get("{name:[a-z0-9_-]+}.wav", s.serveSound)
	get("{name:[a-z0-9_-]+}.txt", s.serveSoundText)
	get("pcm/{names:[a-z0-9_~-]+}.wav", s.serveJoined)
	get("pcm/{names:[a-z0-9_~-]+}.txt", s.serveJoinedText)
}

func voiceOf(r *http.Request) prompts.Voice { return prompts.Voice(mux.Vars(r)["voice"]) }

func noSound(w http.ResponseWriter) { http.Error(w, "no such sound", http.StatusNotFound) }

func (s *handler) serveSound(w http.ResponseWriter, r *http.Request) {
	kept, _, err := s.Sound.Find(voiceOf(r), mux.Vars(r)["name"])
	if err != nil {
		noSound(w)
		return
	}
	serveWAV(w, r, kept.WAV)
}

func (s *handler) serveSoundText(w http.ResponseWriter, r *http.Request) {
	text, err := s.Sound.Text(voiceOf(r), mux.Vars(r)["name"])
	if err != nil {
		noSound(w)
		return
	}
	serveText(w, text)
}

// serveJoined plays lines one after the other, as 16-bit samples: every provider takes those.
func (s *handler) serveJoined(w http.ResponseWriter, r *http.Request) {
	names := strings.Split(mux.Vars(r)["names"], joint)
	if len(names) > joinedMost {
		noSound(w)
		return
	}
	var wavs [][]byte
	for _, name := range names {
		kept, _, err := s.Sound.Find(voiceOf(r), name)
		if err != nil {
			noSound(w)
			return
		}
		wavs = append(wavs, kept.WAV)
	}
	joined, err := audio.Join(wavs...)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "sounds cannot be joined", "lines", len(names), "err", err)
		http.Error(w, "these sounds cannot be joined", http.StatusInternalServerError)
		return
	}
	serveWAV(w, r, joined)
}

func (s *handler) serveJoinedText(w http.ResponseWriter, r *http.Request) {
	names := strings.Split(mux.Vars(r)["names"], joint)
	for _, name := range names {
		if _, err := s.Sound.Text(voiceOf(r), name); err != nil {
			noSound(w)
			return
		}
	}
	serveText(w, Addresses{sound: s.Sound, voice: voiceOf(r)}.Words(names...))
}

// serveWAV: a provider asks again after a minute, since the ward may have recorded the line anew; mostly it is told that
// nothing changed.
func serveWAV(w http.ResponseWriter, r *http.Request, wav []byte) {
	keepAMinute(w)
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("ETag", `"`+prompts.Sum(wav)[:32]+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(wav))
}

func keepAMinute(w http.ResponseWriter) { w.Header().Set("Cache-Control", "public, max-age=60") }

func serveText(w http.ResponseWriter, text string) {
	keepAMinute(w)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text + "\n")) // whoever went away needs no text
}
