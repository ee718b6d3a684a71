package main

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/sounds"
)

// SpeechConfig is a speech program of the ward's choice: a command or a service.
type SpeechConfig struct {
	Command []string          `mapstructure:"command"`
	URL     string            `mapstructure:"url"`
	Token   string            `mapstructure:"token"`
	Names   SpeechNamesConfig `mapstructure:"names"`
	Timeout time.Duration     `mapstructure:"timeout"`
}

// SpeechNamesConfig is what it calls the two voices.
type SpeechNamesConfig struct {
	Central  string `mapstructure:"trung"`
	Northern string `mapstructure:"bac"`
}

func defaultSpeech() SpeechConfig {
	return SpeechConfig{Command: []string{}, Names: SpeechNamesConfig{Central: "trung", Northern: "bac"}, Timeout: 30 * time.Second}
}

func (k *check) speech(c VoiceConfig) {
	k.oneOf("voice.default", c.Default, string(prompts.Central), string(prompts.Northern))
	k.that(c.TTS.URL == "" || isHTTPURL(c.TTS.URL), "voice.tts.url", "an http or https address, or nothing", c.TTS.URL)
	k.that(len(c.TTS.Command) == 0 || c.TTS.URL == "", "voice.tts.url", "nothing, since voice.tts.command speaks", c.TTS.URL)
	k.that(len(c.TTS.Command) == 0 || c.TTS.Command[0] != "", "voice.tts.command", "a program and its arguments", "")
	k.that(c.TTS.Timeout >= time.Second && c.TTS.Timeout <= 5*time.Minute, "voice.tts.timeout", "1s to 5m", c.TTS.Timeout)
}

// speaker is what the configuration chose; nil where it chose none.
func (c SpeechConfig) speaker() sounds.Speaker {
	names := sounds.Names{prompts.Central: c.Names.Central, prompts.Northern: c.Names.Northern}
	switch {
	case len(c.Command) > 0:
		return sounds.Command{Argv: c.Command, Names: names, Timeout: c.Timeout}
	case c.URL != "":
		return sounds.HTTP{URL: c.URL, Token: c.Token, Names: names, Timeout: c.Timeout}
	}
	return nil
}

// openSounds gives the hotline's sounds with the ward's own among them.
func openSounds(ctx context.Context, c VoiceConfig, db *sql.DB, now func() time.Time, words *prompts.Words, log *slog.Logger) (*sounds.Store, error) {
	playing, err := prompts.OpenSound(words, c.Sounds)
	if err != nil {
		return nil, err
	}
	s := sounds.New(db, now, playing, c.TTS.speaker(), prompts.Voice(c.Default), log)
	return s, s.Refresh(ctx)
}
