package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
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

func TestPartsThatLeanOnNoOtherStopSideBySide(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan string, 4)
	var both, running sync.WaitGroup
	both.Add(2)
	running.Add(4)
	of := func(name string, beside, waits bool) part {
		return part{name: name, grace: 5 * time.Second, beside: beside, run: func(ctx context.Context) error {
			running.Done()
			<-ctx.Done()
			if waits { // ends only once the other was told to stop too
				both.Done()
				both.Wait()
			}
			stopped <- name
			return nil
		}}
	}
	result := make(chan error)
	go func() {
		result <- runParts(ctx, slog.New(slog.DiscardHandler), []part{of("sender", false, false), of("campaigns", false, true), of("schedules", true, true), of("http", false, false)})
	}()
	running.Wait()
	cancel()
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	var order []string
	for range 4 {
		order = append(order, <-stopped)
	}
	if order[0] != "http" || order[3] != "sender" {
		t.Errorf("stopped %v: those between must come between", order)
	}
}

func TestAPartThatHangsIsNamedAndCostsItsOwnTimeOnly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	hang := make(chan struct{})
	defer close(hang)
	hangs := func(context.Context) error { <-hang; return nil }
	ended := false
	parts := []part{
		{name: "sender", grace: time.Second, run: func(ctx context.Context) error { <-ctx.Done(); ended = true; return nil }},
		{name: "jobs", grace: 50 * time.Millisecond, run: hangs},
		{name: "schedules", grace: 40 * time.Millisecond, beside: true, run: hangs},
	}
	if got := graceOf(parts); got != 1050*time.Millisecond {
		t.Errorf("they may take %s", got)
	}
	err := runParts(ctx, slog.New(slog.DiscardHandler), parts)
	if err == nil || !strings.Contains(err.Error(), "jobs did not stop") || !strings.Contains(err.Error(), "schedules did not stop") || !ended {
		t.Errorf("%v, sender ended %v", err, ended)
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
	if sum := graceOf(n.parts()); sum > 9500*time.Millisecond { // some is left for those that are still to come
		t.Errorf("they may take %s", sum)
	}
}
