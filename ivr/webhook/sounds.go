package webhook

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

const (
	joint      = "~" // between the names of lines in one address; no name has it, and no address escapes it
	joinedMost = 80  // lines in one sound: a whole report read back has some forty
)

func (s *handler) serveSounds(r *mux.Router) {
	r.HandleFunc("/voice/sounds/{name:[a-z0-9_-]+}.{ext:wav|txt}", s.serveSound).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/voice/sounds/pcm/{names:[a-z0-9_~-]+}.wav", s.serveJoined).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/voice/sounds/pcm/{names:[a-z0-9_~-]+}.txt", s.serveJoinedText).Methods(http.MethodGet, http.MethodHead)
}

func (s *handler) serveSound(w http.ResponseWriter, r *http.Request) {
	name, ext := mux.Vars(r)["name"], mux.Vars(r)["ext"]
	text, err := s.sound.Text(name)
	if err != nil {
		http.Error(w, "no such sound", http.StatusNotFound)
		return
	}
	keepAnHour(w)
	if ext == "txt" {
		serveText(w, text)
		return
	}
	wav, err := s.sound.Open(name)
	if err != nil {
		http.Error(w, "no such sound", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, name+".wav", time.Time{}, wav)
}

// serveJoined plays lines one after the other, as 16-bit samples: every provider takes those.
func (s *handler) serveJoined(w http.ResponseWriter, r *http.Request) {
	names := strings.Split(mux.Vars(r)["names"], joint)
	if len(names) > joinedMost {
		http.Error(w, "no such sound", http.StatusNotFound)
		return
	}
	var samples []int16
	for _, name := range names {
		wav, err := s.sound.Open(name)
		if err != nil {
			http.Error(w, "no such sound", http.StatusNotFound)
			return
		}
		b, err := io.ReadAll(wav)
		if err == nil {
			samples, err = appendSamples(samples, b)
		}
		if err != nil {
			s.log.ErrorContext(r.Context(), "sound cannot be joined", "line", name, "err", err)
			http.Error(w, "this sound cannot be joined with others", http.StatusInternalServerError)
			return
		}
	}
	keepAnHour(w)
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, "joined.wav", time.Time{}, bytes.NewReader(writeWAV(samples)))
}

func (s *handler) serveJoinedText(w http.ResponseWriter, r *http.Request) {
	names := strings.Split(mux.Vars(r)["names"], joint)
	for _, name := range names {
		if _, err := s.sound.Text(name); err != nil {
			http.Error(w, "no such sound", http.StatusNotFound)
			return
		}
	}
	keepAnHour(w)
	serveText(w, Addresses{sound: s.sound}.Words(names...))
}

func keepAnHour(w http.ResponseWriter) { w.Header().Set("Cache-Control", "public, max-age=3600") }

func serveText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text + "\n")) // whoever went away needs no text
}
