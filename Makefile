# Two targets do everything on a fresh Debian or Ubuntu with Go: `make demo` and `make test`.

BIN := bin/canhgiac

.PHONY: demo demo-reset test lint build bench prompts screens postgres

# Without cgo: one binary that runs on any Linux of this processor.
build:
	CGO_ENABLED=0 go build -trimpath -o $(BIN) ./cmd/canhgiac

# The demo brings its own PostgreSQL server under var/; only the programs must be there.
postgres:
	@scripts/need postgres=postgresql

demo: postgres build
	$(BIN) demo

demo-reset: build
	$(BIN) demo --reset

lint:
	@test -z "$$(gofmt -l .)" || { echo "gofmt these files:"; gofmt -l .; exit 1; }
	go vet ./...
	go tool staticcheck ./...

# Real PostgreSQL, real SMPP peers and a judge of our SMPP, a real browser: what is missing is installed first.
test: postgres
	@scripts/need chromium-headless-shell=chromium-headless-shell node=nodejs npm=npm gcc=gcc /usr/include/stdio.h=libc6-dev
	@scripts/need tshark=tshark text2pcap=wireshark-common bearerbox=kannel /usr/share/perl5/Net/SMPP.pm=libnet-smpp-perl xmllint=libxml2-utils
	@scripts/need baresip=baresip-core sipp=sip-tester
	$(MAKE) --no-print-directory lint
	go test -race -count=1 -parallel 4 -timeout 20m ./...
	@echo "make test: all packages passed"

# Prints what docs/bench.md keeps, some thirty minutes long: the session and other people's programs against a raw loop in
# the same run, then the whole way with and without a link in turns, at a steady arrival, at five millions, the expansion, the pages
# of a ward of 200,000 at the server, ten thousand made-up callers, the steps of webhooks, two hundred calls by SIP, and the pages in a
# browser on a slow processor.
BENCH := $(BIN) bench
bench: postgres build
	@scripts/need node=nodejs npm=npm /usr/sbin/bearerbox=kannel
	go test -run '^$$' -bench 'Session|RawLoop|SubmitSM' -benchtime 2s -count 3 ./gateway/smpp
	go test -run '^$$' -bench Peers -benchtime 1x -count 3 ./gateway/smpp
	for run in 1 2 3; do for transport in smpp noop; do \
		echo $$transport; $(BENCH) gateway --messages 1000000 --transport $$transport --json || exit 1; done; done
	$(BENCH) gateway --messages 1000000 --receipts-after 2s --json
	$(BENCH) gateway --messages 500000 --arrive 15000 --json
	$(BENCH) gateway --messages 100000 --json
	$(BENCH) gateway --messages 5000000 --json
	for run in 1 2 3; do $(BENCH) expand --messages 1000000 --json || exit 1; done
	for run in 1 2 3; do $(BENCH) pages --residents 200000 --json || exit 1; done
	$(BENCH) pages --first-day
	$(BENCH) voice --json
	go test -run '^$$' -bench Steps -benchtime 10s ./ivr/webhook
	go test ./ivr/sip -run '^$$' -bench Calls -benchtime 1x -count 3
	@scripts/need chromium=chromium
	go test ./cmd/canhgiac -run '^$$' -bench Interactive -benchtime 1x

# Speaks every prompt anew with espeak-ng and sox; the sounds are kept in the repository.
prompts:
	@scripts/need espeak-ng=espeak-ng sox=sox
	go run ./ivr/prompts/speak

# Keeps a picture of every page of the demo, and the gallery of them.
screens: postgres
	@scripts/need chromium-headless-shell=chromium-headless-shell
	go test ./cmd/canhgiac -run TestEveryPageOfTheDemo -count=1 -args -gallery $(CURDIR)/docs/screens
