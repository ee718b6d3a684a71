package console

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"canhgiac/internal/jobs"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
	"canhgiac/ivr/sounds"
)

// soundSynthesis has a speech program say lines, one after the other.
const soundSynthesis jobs.Kind = "sound_synthesis"

type synthesisParams struct {
	Voice prompts.Voice `json:"voice"`
	Lines []string      `json:"lines"`
}

// promptSynthesise has one line spoken.
func (c *Console) promptSynthesise(w http.ResponseWriter, r *http.Request) error {
	line, v, err := c.readLine(r)
	if err != nil {
		return err
	}
	if c.Sounds.Engine() == "" {
		return c.showPrompt(w, r, http.StatusConflict, "prompts.refused.no_engine", promptForm{})
	}
	j, err := c.startJob(r, jobs.New{Kind: soundSynthesis, Params: synthesisParams{v, []string{line.Name}}}, "sound.synthesise", v.Address(line.Name))
	if err != nil {
		return err
	}
	if j.State == jobs.Done {
		return c.done(w, r, "prompts.did.keep", pathOf(keyOf(r)))
	}
	return toJob(w, r, j.ID)
}

// promptsSynthesise has all lines of a voice spoken that it has no sound of, or only one of other words.
func (c *Console) promptsSynthesise(w http.ResponseWriter, r *http.Request) error {
	p := synthesisParams{Voice: prompts.Voice(r.PostForm.Get("voice"))}
	if !p.Voice.Known() || c.Sounds.Engine() == "" {
		return errBadForm
	}
	lines, err := c.Calls.Menus().Lines(r.Context())
	if err != nil {
		return err
	}
	own, err := c.Sounds.InUse(r.Context())
	if err != nil {
		return err
	}
	for _, line := range lines {
		if row := c.promptRow(line, p.Voice, own); line.Text != "" && (row.Missing || row.Stale) {
			p.Lines = append(p.Lines, line.Name)
		}
	}
	if len(p.Lines) == 0 {
		return c.done(w, r, "prompts.did.nothing", "/prompts?voice="+string(p.Voice))
	}
	j, err := c.startJob(r, jobs.New{Kind: soundSynthesis, Params: p}, "sound.synthesise", string(p.Voice))
	if err != nil {
		return err
	}
	return toJob(w, r, j.ID)
}

// synthesisWork ends at a line that cannot be spoken: what comes after it could not either. What was spoken is kept, and is
// not asked for again.
func (c *Console) synthesisWork(ctx context.Context, t *jobs.Task) error {
	var p synthesisParams
	if err := t.Params(&p); err != nil {
		return err
	}
	lines, err := c.Calls.Menus().Lines(ctx)
	if err != nil {
		return err
	}
	for i, name := range p.Lines {
		t.Progress(i, len(p.Lines))
		at := slices.IndexFunc(lines, func(l prompts.Line) bool { return l.Name == name })
		if at < 0 {
			continue // its words were changed meanwhile
		}
		_, err := c.Sounds.Synthesise(ctx, lines[at], p.Voice, t.Job().By)
		var no *audio.Refusal
		switch {
		case errors.Is(err, sounds.ErrNoSpeaker):
			return &jobs.Problem{Key: "prompts.refused.no_engine"}
		case errors.As(err, &no):
			return &jobs.Problem{Key: "prompts.refused.spoken", Detail: name}
		case err != nil:
			return err
		}
	}
	t.Progress(len(p.Lines), len(p.Lines))
	return nil
}
