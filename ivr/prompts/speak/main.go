// Command speak makes ivr/prompts/sound from the words, with espeak-ng and sox (make prompts). Only lines whose words or
// recipe changed are made again. Run it from the repository's root.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

func main() {
	dir := flag.String("dir", "ivr/prompts/sound", "where the sounds are kept")
	all := flag.Bool("all", false, "make every line again")
	flag.Parse()
	if err := run(*dir, *all); err != nil {
		fmt.Fprintln(os.Stderr, "speak:", err)
		os.Exit(1)
	}
}

func run(dir string, all bool) error {
	words, err := prompts.Load()
	if err != nil {
		return err
	}
	old, err := prompts.ReadManifest()
	if err != nil {
		return err
	}
	made := map[prompts.Key]prompts.ManifestLine{}
	for _, l := range old.Lines {
		made[prompts.Key{Voice: l.Voice, Line: l.Name}] = l
	}
	var m prompts.Manifest
	keep := map[string]bool{"manifest.json": true}
	for _, v := range prompts.Voices() {
		if err := os.MkdirAll(filepath.Join(dir, string(v)), 0o755); err != nil {
			return err
		}
		for _, l := range words.Lines() {
			kept, err := one(dir, l, v, made[prompts.Key{Voice: v, Line: l.Name}], all)
			if err != nil {
				return fmt.Errorf("%s: %w", v.Address(l.Name), err)
			}
			m.Lines = append(m.Lines, kept)
			keep[v.Address(l.Name)+".wav"] = true
		}
	}
	for _, l := range words.Lines() {
		if err := os.WriteFile(filepath.Join(dir, l.Name+".txt"), []byte(l.Text+"\n"), 0o644); err != nil {
			return err
		}
		keep[l.Name+".txt"] = true
	}
	if err := removeOthers(dir, keep); err != nil {
		return err
	}
	var out bytes.Buffer // one line each, so that a change shows as one
	out.WriteString("{\"lines\": [\n")
	for i, l := range m.Lines {
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		out.Write(b)
		if i < len(m.Lines)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]}\n")
	return os.WriteFile(filepath.Join(dir, "manifest.json"), out.Bytes(), 0o644)
}

// one makes a line's sound in a voice, if it is not the one that was made of the same words already.
func one(dir string, l prompts.Line, v prompts.Voice, was prompts.ManifestLine, all bool) (prompts.ManifestLine, error) {
	file := filepath.Join(dir, v.Address(l.Name)+".wav")
	b, err := os.ReadFile(file)
	if !all && err == nil && was.Words == l.Fingerprint(v) && was.WAV == prompts.Sum(b) {
		return was, nil
	}
	now := prompts.ManifestLine{Voice: v, Name: l.Name, Words: l.Fingerprint(v)}
	if l.Text == "" {
		b = audio.Pause(prompts.SilenceLength)
	} else {
		var f audio.Figures
		if b, f, err = speak(l.In(v), v); err != nil {
			return now, err
		}
		now.Loudness, now.Peak = math.Round(f.Loudness*10)/10, math.Round(f.Peak*10)/10
		fmt.Printf("%-32s %5.1f LUFS %5.1f dBTP %6.2f s\n", v.Address(l.Name), f.Loudness, f.Peak, f.Length.Seconds())
	}
	now.WAV = prompts.Sum(b)
	return now, os.WriteFile(file, b, 0o644)
}

// speak makes one WAV by the recipe. -R has sox dither the same way each time: the same words and tools give the same bytes.
func speak(text string, v prompts.Voice) ([]byte, audio.Figures, error) {
	voice, shape := prompts.Recipe(v)
	said, err := command([]byte(text), strings.Fields(voice)...)
	if err != nil {
		return nil, audio.Figures{}, err
	}
	argv := append([]string{"sox", "-R", "-t", "wav", "-", "-t", "wav", "-"}, strings.Fields(shape)[1:]...)
	if said, err = command(said, argv...); err != nil {
		return nil, audio.Figures{}, err
	}
	s, err := audio.Read(said)
	if err != nil {
		return nil, audio.Figures{}, err
	}
	return audio.Keep(s)
}

func command(stdin []byte, argv ...string) ([]byte, error) {
	c := exec.Command(argv[0], argv[1:]...)
	c.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", argv[0], err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}

// removeOthers deletes sounds and texts of lines that are gone.
func removeOthers(dir string, keep map[string]bool) error {
	return filepath.WalkDir(dir, func(path string, f os.DirEntry, err error) error {
		if err != nil || f.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if ext := filepath.Ext(name); err != nil || keep[filepath.ToSlash(name)] || ext != ".wav" && ext != ".txt" {
			return err
		}
		return os.Remove(path)
	})
}
