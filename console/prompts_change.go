package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
	"canhgiac/ivr/sounds"
)

// promptForm is what comes with a sound.
type promptForm struct {
	Origin  prompts.Origin
	Speaker string
	Agreed  bool
	file    []byte
}

const speakerLetters = 80

// readPromptForm reads a sound and whose it is. Nothing lies in a temporary file, which nobody would sweep after a crash.
func readPromptForm(r *http.Request) (promptForm, error) {
	f := promptForm{Origin: prompts.Uploaded}
	parts, err := r.MultipartReader()
	if err != nil {
		return f, errBadForm
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			return f, err
		}
		if part.FormName() == "file" {
			if f.file, err = io.ReadAll(part); err != nil {
				return f, err
			}
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, 1<<10))
		if err != nil {
			return f, err
		}
		switch part.FormName() {
		case "speaker":
			f.Speaker = personName(string(value))
		case "agreed":
			f.Agreed = string(value) == "1"
		case "origin":
			if string(value) == string(prompts.Recorded) {
				f.Origin = prompts.Recorded
			}
		}
	}
}

// personName is a name as it is kept: printable, spaces folded, not longer than a name is.
func personName(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	letters := []rune(strings.Join(strings.Fields(s), " "))
	return string(letters[:min(len(letters), speakerLetters)])
}

// promptKeep takes a sound in. It is levelled and measured before it is kept, and nobody hears it before it was listened to.
func (c *Console) promptKeep(w http.ResponseWriter, r *http.Request) error {
	waiting, given := context.WithTimeoutCause(r.Context(), c.pageTime, errBusy)
	defer given()
	if err := c.uploads.Acquire(waiting, uploadsAtOnce); err != nil { // decoded, a sound takes more memory than a list
		return context.Cause(waiting)
	}
	defer c.uploads.Release(uploadsAtOnce)
	takesLong(r)
	line, v, err := c.readLine(r)
	if err != nil {
		return err
	}
	f, err := readPromptForm(r)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return c.showPrompt(w, r, http.StatusRequestEntityTooLarge, "prompts.refused.large", f)
	case err != nil:
		return err
	case f.Speaker == "":
		return c.showPrompt(w, r, http.StatusUnprocessableEntity, "prompts.refused.speaker", f)
	case !f.Agreed:
		return c.showPrompt(w, r, http.StatusUnprocessableEntity, "prompts.refused.agreed", f)
	case len(f.file) == 0:
		return c.showPrompt(w, r, http.StatusUnprocessableEntity, "prompts.refused.no_file", f)
	}
	wav, figures, err := sounds.Prepare(f.file, line.In(v))
	var no *audio.Refusal
	if errors.As(err, &no) {
		return c.showPrompt(w, r, http.StatusUnprocessableEntity, "prompts.refused."+string(no.Why), f)
	}
	if err != nil {
		return err
	}
	err = c.promptAct(r, "sound.keep", func(ctx context.Context, tx *sql.Tx) (string, error) {
		s, err := c.Sounds.Keep(ctx, tx, sounds.Given{Line: line, Voice: v, Origin: f.Origin, Speaker: f.Speaker, By: userOf(r).Name}, wav, figures)
		return fmt.Sprintf("%d %s", s.ID, f.Origin), err
	})
	if err != nil {
		return err
	}
	return c.done(w, r, "prompts.did.keep", pathOf(keyOf(r)))
}

func pathOf(k prompts.Key) string { return "/prompts/" + k.Voice.Address(k.Line) }

// promptAct does something with a line, with its audit row; do tells the row which sound it was.
func (c *Console) promptAct(r *http.Request, act string, do func(ctx context.Context, tx *sql.Tx) (detail string, err error)) error {
	return c.within(r.Context(), func(tx *sql.Tx) error {
		detail, err := do(r.Context(), tx)
		if err != nil {
			return err
		}
		return c.audit(r.Context(), tx, r, act, "sound:"+keyOf(r).Voice.Address(keyOf(r).Line), detail)
	})
}

// promptUse puts a sound to use, once somebody has said that they heard it.
func (c *Console) promptUse(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	line, v, err := c.readLine(r)
	if err != nil {
		return err
	}
	if r.PostForm.Get("heard") != "1" {
		return c.showPrompt(w, r, http.StatusUnprocessableEntity, "prompts.refused.unheard", promptForm{})
	}
	err = c.promptAct(r, "sound.use", func(ctx context.Context, tx *sql.Tx) (string, error) {
		return strconv.FormatInt(id, 10), c.Sounds.Use(ctx, tx, line, v, id, userOf(r).Name)
	})
	if errors.Is(err, sounds.ErrStale) {
		return c.showPrompt(w, r, http.StatusConflict, "prompts.refused.stale", promptForm{})
	}
	if err != nil {
		return err
	}
	return c.done(w, r, "prompts.did.use", pathOf(keyOf(r)))
}

func (c *Console) promptTakeBack(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := c.readLine(r); err != nil {
		return err
	}
	err := c.promptAct(r, "sound.take_back", func(ctx context.Context, tx *sql.Tx) (string, error) {
		return "", c.Sounds.TakeBack(ctx, tx, keyOf(r), userOf(r).Name)
	})
	if err != nil {
		return err
	}
	return c.done(w, r, "prompts.did.take_back", pathOf(keyOf(r)))
}

func (c *Console) promptDelete(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	err = c.promptAct(r, "sound.delete", func(ctx context.Context, tx *sql.Tx) (string, error) {
		return strconv.FormatInt(id, 10), c.Sounds.Delete(ctx, tx, keyOf(r), id)
	})
	if errors.Is(err, sounds.ErrInUse) {
		return c.showPrompt(w, r, http.StatusConflict, "prompts.refused.in_use", promptForm{})
	}
	if err != nil {
		return err
	}
	return c.done(w, r, "prompts.did.delete", pathOf(keyOf(r)))
}

// promptVoice sets with which voice the hotline speaks to the people of the ward, or of a group.
func (c *Console) promptVoice(w http.ResponseWriter, r *http.Request) error {
	unit, err := strconv.ParseInt(r.PostForm.Get("unit"), 10, 64)
	if err != nil {
		return errBadForm
	}
	v := prompts.Voice(r.PostForm.Get("voice"))
	if v != "" && !v.Known() {
		return errBadForm
	}
	var d promptListData
	if err := c.unitVoices(r.Context(), &d); err != nil {
		return err
	}
	known := unit == d.Ward
	for _, u := range d.Units {
		known = known || u.ID == unit
	}
	if !known || d.Ward == 0 {
		return errBadForm
	}
	err = c.within(r.Context(), func(tx *sql.Tx) error {
		if err := c.Sounds.SetVoice(r.Context(), tx, unit, v, userOf(r).Name); err != nil {
			return err
		}
		return c.audit(r.Context(), tx, r, "sound.voice", fmt.Sprintf("unit:%d", unit), string(v))
	})
	if err != nil {
		return err
	}
	return c.done(w, r, "prompts.did.voice", "/prompts")
}
