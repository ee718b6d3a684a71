// Command speak makes ivr/prompts/sound from the words, with espeak-ng and sox (make prompts). Only lines whose words or
// recipe changed are made again. Run it from the repository's root.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"canhgiac/ivr/prompts"
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
	made := map[string]prompts.ManifestLine{}
	for _, l := range old.Lines {
		made[l.Name] = l
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var m prompts.Manifest
	keep := map[string]bool{"manifest.json": true}
	for _, l := range words.Lines() {
		wav, txt := filepath.Join(dir, l.Name+".wav"), filepath.Join(dir, l.Name+".txt")
		keep[l.Name+".wav"], keep[l.Name+".txt"] = true, true
		b, err := os.ReadFile(wav)
		if was := made[l.Name]; all || err != nil || was.Words != l.Fingerprint() || was.WAV != prompts.Sum(b) {
			if b, err = speak(l, wav); err != nil {
				return fmt.Errorf("%s: %w", l.Name, err)
			}
			fmt.Println(l.Name)
		}
		if err := os.WriteFile(txt, []byte(l.Text+"\n"), 0o644); err != nil {
			return err
		}
		m.Lines = append(m.Lines, prompts.ManifestLine{Name: l.Name, Words: l.Fingerprint(), WAV: prompts.Sum(b)})
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

// speak makes one WAV by the recipe and gives its bytes. Raw flags, so that the file holds nothing of the day it was
// made: the same words and tools give the same bytes.
func speak(l prompts.Line, wav string) ([]byte, error) {
	_, effects, _ := strings.Cut(prompts.Recipe, "a-law ")
	args := []string{"-R", "-t", "wav", "-", "-r", "8000", "-c", "1", "-e", "a-law", wav}
	var sound []byte
	if l.Text == "" {
		args = []string{"-R", "-n", "-r", "8000", "-c", "1", "-e", "a-law", wav}
		_, effects, _ = strings.Cut(prompts.SilenceRecipe, "a-law ")
	} else {
		voice, _, _ := strings.Cut(prompts.Recipe, " | ")
		said, err := command(nil, append(strings.Fields(voice), "--stdout", l.Text)...)
		if err != nil {
			return nil, err
		}
		sound = said
	}
	if _, err := command(sound, append(append([]string{"sox"}, args...), strings.Fields(effects)...)...); err != nil {
		return nil, err
	}
	return os.ReadFile(wav)
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
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		ext := filepath.Ext(f.Name())
		if keep[f.Name()] || ext != ".wav" && ext != ".txt" {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}
