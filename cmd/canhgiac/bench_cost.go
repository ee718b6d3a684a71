package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cost is what work has taken so far: processor time here and in PostgreSQL, write-ahead log, and commits.
type cost struct {
	here, postgres time.Duration
	wal, commits   int64
}

func (c cost) since(before cost) cost {
	return cost{c.here - before.here, c.postgres - before.postgres, c.wal - before.wal, c.commits - before.commits}
}

// The statistics of a backend arrive with a delay of up to a second, which is little beside a run of a minute.
const costSQL = `
select pg_backend_pid(), pg_current_wal_lsn() - '0/0'::pg_lsn, (select xact_commit from pg_stat_database where datname = current_database())`

func measureCost(ctx context.Context, db *sql.DB) (c cost, err error) {
	var backend int
	if err := db.QueryRowContext(ctx, costSQL).Scan(&backend, &c.wal, &c.commits); err != nil {
		return c, fmt.Errorf("measure the cost: %w", err)
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return c, fmt.Errorf("measure the cost: %w", err)
	}
	c.here = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	c.postgres, err = familyTime(backend)
	return c, err
}

// tick is the unit of /proc's times: USER_HZ, which Linux keeps at 100 on every processor that Go knows.
const tick = 10 * time.Millisecond

// familyTime is the processor time of the server that backend belongs to: of the postmaster, of the children that it has
// seen end, and of those that live.
func familyTime(backend int) (time.Duration, error) {
	self, err := readStat(backend)
	if err != nil {
		return 0, err
	}
	postmaster, err := readStat(self.parent)
	if err != nil {
		return 0, err
	}
	ticks := postmaster.own + postmaster.ended
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range all {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if p, err := readStat(pid); err == nil && p.parent == self.parent { // others may end while we look
			ticks += p.own
		}
	}
	return time.Duration(ticks) * tick, nil
}

type stat struct {
	parent     int
	own, ended int64 // ticks, of itself and of its children that have ended
}

// readStat reads what proc(5) says of a process. The name in parentheses may hold spaces, so that fields count from its end.
func readStat(pid int) (s stat, err error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return s, fmt.Errorf("%s: %d fields after the name, want 15", path, len(fields))
	}
	var times [4]int64 // utime, stime, cutime, cstime: fields 14 to 17
	for i := range times {
		if times[i], err = strconv.ParseInt(fields[11+i], 10, 64); err != nil {
			return s, fmt.Errorf("%s: %w", path, err)
		}
	}
	s.own, s.ended = times[0]+times[1], times[2]+times[3]
	if s.parent, err = strconv.Atoi(fields[1]); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}
