package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
	"canhgiac/ivr/sounds"
	"canhgiac/residents"
)

// promptPages are where the ward listens to what the hotline says, and says it itself. The operator sees them.
func (c *Console) promptPages(r *mux.Router) {
	if c.Sounds == nil {
		return
	}
	see, ward := []Role{Ward, Operator}, []Role{Ward}
	const line = "/prompts/{voice:trung|bac}/{line:[a-z0-9_-]+}"
	c.page(r, "GET", "/prompts", see, c.promptList)
	c.page(r, "POST", "/prompts/synthesise", ward, ofTheWholeWard(c.promptsSynthesise))
	c.page(r, "POST", "/prompts/voice", ward, ofTheWholeWard(c.promptVoice))
	c.page(r, "GET", line, see, c.promptShow)
	c.page(r, "GET", line+"/playing.wav", see, c.promptPlaying)
	c.page(r, "GET", line+"/{id:[0-9]+}.wav", see, c.promptWAV)
	c.page(r, "POST", line+"/sound", ward, ofTheWholeWard(c.promptKeep), audio.MaxBytes+64<<10)
	c.page(r, "POST", line+"/synthesise", ward, ofTheWholeWard(c.promptSynthesise))
	c.page(r, "POST", line+"/take-back", ward, ofTheWholeWard(c.promptTakeBack))
	c.page(r, "POST", line+"/{id:[0-9]+}/use", ward, ofTheWholeWard(c.promptUse))
	c.page(r, "POST", line+"/{id:[0-9]+}/delete", ward, ofTheWholeWard(c.promptDelete))
	c.addNav("/prompts", "nav.prompts", Ward, Operator)
	c.addWay("/prompts", "nav.prompts", "home.prompts", nil, Ward, Operator)
}

// promptRow is a line in one voice, with what callers hear of it.
type promptRow struct {
	prompts.Key
	Words   string
	Origin  prompts.Origin
	Speaker string
	Figures audio.Figures
	Missing bool          // nobody says it, or the other voice does
	Other   prompts.Voice // that says it meanwhile; "" for none
	Stale   bool          // the ward has a sound of it, of other words
}

// Level is the loudness for a bar from -30 to -10 LUFS, as its attribute.
func (r promptRow) Level() string {
	return strconv.FormatFloat(max(-30, min(-10, r.Figures.Loudness)), 'f', 1, 64)
}

// Verdict is what the figures mean to whoever does not read them: the last part of a key.
func (r promptRow) Verdict() string {
	switch f := r.Figures; {
	case f.Loudness < audio.Quietest:
		return "quiet"
	case f.Loudness > audio.Loudest:
		return "loud"
	case f.Peak > audio.Ceiling:
		return "clipped"
	case f.Head >= audio.MostAir || f.Tail >= audio.MostAir:
		return "air"
	}
	return "good"
}

func (c *Console) promptRow(line prompts.Line, v prompts.Voice, own map[prompts.Key]sounds.Sound) promptRow {
	row := promptRow{Key: prompts.Key{Voice: v, Line: line.Name}, Words: line.In(v)}
	mine, has := own[row.Key]
	row.Stale = has && mine.Text != row.Words
	if has && !row.Stale {
		row.Origin, row.Speaker, row.Figures = mine.Origin, mine.Speaker, mine.Figures
		return row
	}
	kept, in, err := c.Sounds.Playing().Find(v, line.Name)
	switch {
	case err != nil || kept.Text != line.In(in):
		row.Missing = true
	case in != v:
		row.Missing, row.Other = true, in
		fallthrough
	default:
		row.Origin, row.Figures = kept.Origin, kept.Figures
	}
	return row
}

type promptListData struct {
	Rows              []promptRow
	Voice             prompts.Voice
	Of, Text          string // the filter
	All, Missing, Own int
	Stale             int
	Engine            bool // a speech program is there
	May               bool // change what is heard
	Units             []unitVoice
	Default           prompts.Voice
	WardName          string
	Ward              int64
	WardVoice         prompts.Voice
	Previous, Next    string // addresses of the pages beside this one
}

type unitVoice struct {
	ID    int64
	Name  string
	Voice prompts.Voice // "" = the ward's
}

// promptFilters are the choices beside all lines.
var promptFilters = []string{"own", "missing", "stale"}

func (c *Console) promptList(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	d := promptListData{Voice: prompts.Voice(q.Get("voice")), Of: q.Get("of"), Text: strings.TrimSpace(q.Get("q")), May: mayHotline(r), Engine: c.Sounds.Engine() != "", Default: c.Sounds.Default()}
	if !d.Voice.Known() {
		d.Voice = c.Sounds.Default()
	}
	lines, err := c.Calls.Menus().Lines(ctx)
	if err != nil {
		return err
	}
	own, err := c.Sounds.InUse(ctx)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if line.Text == "" {
			continue // a pause has no words to be read
		}
		row := c.promptRow(line, d.Voice, own)
		mine := row.Speaker != "" || row.Origin == prompts.Synthesised
		d.All++
		if mine {
			d.Own++
		}
		if row.Missing {
			d.Missing++
		}
		if row.Stale {
			d.Stale++
		}
		shown := map[string]bool{"own": mine, "missing": row.Missing, "stale": row.Stale}
		if wanted, filtered := shown[d.Of]; filtered && !wanted {
			continue
		}
		if d.Text != "" && !strings.Contains(residents.Fold(row.Words+" "+row.Line), residents.Fold(d.Text)) {
			continue
		}
		d.Rows = append(d.Rows, row)
	}
	if !slices.Contains(promptFilters, d.Of) {
		d.Of = ""
	}
	d.turn(q.Get("page"))
	if err := c.unitVoices(ctx, &d); err != nil {
		return err
	}
	return c.render(w, r, "prompts", d)
}

// promptsShown are the lines of one page of the list.
const promptsShown = 60

// turn leaves the rows of one page, and says where its neighbours are.
func (d *promptListData) turn(asked string) {
	page, _ := strconv.Atoi(asked)
	page = max(1, min(page, (len(d.Rows)+promptsShown-1)/promptsShown))
	address := func(page int) string {
		return "/prompts?" + url.Values{"voice": {string(d.Voice)}, "of": {d.Of}, "q": {d.Text}, "page": {strconv.Itoa(page)}}.Encode()
	}
	if page > 1 {
		d.Previous = address(page - 1)
	}
	if page*promptsShown < len(d.Rows) {
		d.Next = address(page + 1)
	}
	d.Rows = d.Rows[min(len(d.Rows), (page-1)*promptsShown):min(len(d.Rows), page*promptsShown)]
}

func (c *Console) unitVoices(ctx context.Context, d *promptListData) error {
	ward, err := c.Residents.Ward(ctx)
	if errors.Is(err, residents.ErrNoWard) {
		return nil
	}
	if err != nil {
		return err
	}
	groups, err := c.Residents.Groups(ctx, ward.ID)
	if err != nil {
		return err
	}
	set, err := c.Sounds.UnitVoices(ctx)
	if err != nil {
		return err
	}
	d.Ward, d.WardName, d.WardVoice = ward.ID, ward.Name, set[ward.ID]
	for _, g := range groups {
		d.Units = append(d.Units, unitVoice{g.ID, g.Name, set[g.ID]})
	}
	return nil
}

type promptShowData struct {
	promptRow
	Kept    []keptSound // of the ward, newest first
	Uses    []sounds.Use
	Engine  bool
	BuiltIn bool // the program has a sound of it too
	InUse   int64
	Problem string // a key: why the last one was not kept
	Given   promptForm
	May     bool // change it
	Longest time.Duration
	Air     bool // Figures tell of the silence at both ends
}

// Row is the line alone, for what the two pages share.
func (d promptShowData) Row() promptRow { return d.promptRow }

type keptSound struct {
	sounds.Sound
	Used, Stale bool
}

// Level is as a row's.
func (k keptSound) Level() string { return promptRow{Figures: k.Figures}.Level() }

// Verdict is as a row's.
func (k keptSound) Verdict() string { return promptRow{Figures: k.Figures}.Verdict() }

const soundsShown = 20

// readLine gives the line that the address names. Error: errNoPage.
func (c *Console) readLine(r *http.Request) (prompts.Line, prompts.Voice, error) {
	lines, err := c.Calls.Menus().Lines(r.Context())
	if err != nil {
		return prompts.Line{}, "", err
	}
	at := slices.IndexFunc(lines, func(l prompts.Line) bool { return l.Name == mux.Vars(r)["line"] && l.Text != "" })
	if at < 0 {
		return prompts.Line{}, "", errNoPage
	}
	return lines[at], prompts.Voice(mux.Vars(r)["voice"]), nil
}

func (c *Console) promptShow(w http.ResponseWriter, r *http.Request) error {
	return c.showPrompt(w, r, http.StatusOK, "", promptForm{})
}

func (c *Console) showPrompt(w http.ResponseWriter, r *http.Request, status int, problem string, given promptForm) error {
	ctx := r.Context()
	line, v, err := c.readLine(r)
	if err != nil {
		return err
	}
	own, err := c.Sounds.InUse(ctx)
	if err != nil {
		return err
	}
	d := promptShowData{promptRow: c.promptRow(line, v, own), Engine: c.Sounds.Engine() != "", InUse: own[prompts.Key{Voice: v, Line: line.Name}].ID,
		Problem: problem, Given: given, May: mayHotline(r), Longest: audio.Longest(prompts.Syllables(line.In(v)))}
	if now, _, err := c.Sounds.Playing().Find(v, line.Name); err == nil { // as callers hear it, its ends too, which are not kept with the others
		heard, err := audio.Read(now.WAV)
		if err != nil {
			return fmt.Errorf("measure %s: %w", line.Name, err)
		}
		d.Figures, d.Air = audio.Measure(heard), true
	}
	_, d.BuiltIn = c.Sounds.Playing().Given(v, line.Name)
	kept, err := c.Sounds.OfLine(ctx, d.Key, soundsShown)
	if err != nil {
		return err
	}
	for _, s := range kept {
		d.Kept = append(d.Kept, keptSound{s, s.ID == d.InUse, s.Text != d.Words})
	}
	if d.Uses, err = c.Sounds.Uses(ctx, d.Key, soundsShown); err != nil {
		return err
	}
	return c.renderStatus(w, r, status, "prompt", d)
}

// promptPlaying is what a caller hears of the line now.
func (c *Console) promptPlaying(w http.ResponseWriter, r *http.Request) error {
	line, v, err := c.readLine(r)
	if err != nil {
		return err
	}
	kept, _, err := c.Sounds.Playing().Find(v, line.Name)
	if err != nil {
		return errNoPage
	}
	return serveSound(w, r, kept.WAV)
}

func (c *Console) promptWAV(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	wav, err := c.Sounds.WAV(r.Context(), keyOf(r), id)
	if err != nil {
		return err
	}
	return serveSound(w, r, wav)
}

func keyOf(r *http.Request) prompts.Key {
	return prompts.Key{Voice: prompts.Voice(mux.Vars(r)["voice"]), Line: mux.Vars(r)["line"]}
}

// serveSound: browsers that play A-law are few, so a page plays 16-bit samples of the same sound.
func serveSound(w http.ResponseWriter, r *http.Request, wav []byte) error {
	pcm, err := audio.Join(wav)
	if err != nil {
		return fmt.Errorf("play a sound: %w", err)
	}
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(pcm))
	return nil
}
