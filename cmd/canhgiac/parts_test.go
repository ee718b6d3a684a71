package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
)

func TestPartsStopInReverseOrder(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var stopped []string
	running := make(chan struct{}, 3)
	until := func(name string) part {
		return part{name: name, grace: time.Second, run: func(ctx context.Context) error {
			running <- struct{}{}
			<-ctx.Done()
			stopped = append(stopped, name) // no lock: the order under test is what makes this safe
			return nil
		}}
	}
	result := make(chan error)
	go func() {
		result <- runParts(ctx, slog.New(slog.DiscardHandler), []part{until("sender"), until("schedules"), until("http")})
	}()
	for range 3 {
		<-running
	}
	cancel()
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	if want := []string{"http", "schedules", "sender"}; !slices.Equal(stopped, want) {
		t.Errorf("stopped %v, want %v", stopped, want)
	}
}

func TestAFailedPartStopsTheRestAndIsNamed(t *testing.T) {
	ended := false
	err := runParts(context.Background(), slog.New(slog.DiscardHandler), []part{
		{name: "sender", grace: time.Second, run: func(ctx context.Context) error { <-ctx.Done(); ended = true; return nil }},
		{name: "http", grace: time.Second, run: func(context.Context) error { return errors.New("address in use") }},
	})
	if err == nil || !strings.Contains(err.Error(), "http: address in use") || !ended {
		t.Errorf("err %v, sender ended %v", err, ended)
	}
}

func TestANodesPartsHaveLessThanTenSecondsToStop(t *testing.T) {
	n, err := newNode(defaultConfig(), pgtest.New(t), slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var sum time.Duration
	for _, p := range n.parts() {
		sum += p.grace
	}
	if sum >= 10*time.Second {
		t.Errorf("they may take %s", sum)
	}
}
