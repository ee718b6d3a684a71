// Package nodes keeps what each running copy of the program tells of itself: that it lives, which version it is, how its
// clock stands to the database's, how full its disks are, when its certificates end, when its backup was made, and which
// warnings and errors it logged. It owns the tables nodes and node_logs.
package nodes

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"
)

// Node is one run of the program.
type Node struct {
	ID        string // drawn anew at each start
	Host      string
	PID       int
	Version   string
	StartedAt time.Time
}

// NewNode is this run.
func NewNode(now time.Time) Node {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	info, _ := debug.ReadBuildInfo()
	return Node{ID: rand.Text()[:10], Host: host, PID: os.Getpid(), Version: version(info, fileTime()), StartedAt: now.UTC()}
}

// version is the commit that the program was built from, with a + where its files were changed after it; where it was
// built from an archive without commits, the module's version, or else when its file was made.
func version(info *debug.BuildInfo, made time.Time) string {
	if info != nil {
		var commit, mark string
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 10:
				commit = s.Value[:10]
			case s.Key == "vcs.modified" && s.Value == "true":
				mark = "+"
			}
		}
		if commit != "" {
			return commit + mark
		}
		if v := info.Main.Version; v != "" && v != "(devel)" {
			return v
		}
	}
	if made.IsZero() {
		return "?"
	}
	return made.UTC().Format("2006-01-02 15:04 UTC")
}

// fileTime is when the program's file was written: by the build, or by whoever put it there. Zero where it cannot be asked.
func fileTime() time.Time {
	path, err := os.Executable()
	if err != nil {
		return time.Time{}
	}
	stat, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return stat.ModTime()
}

// Disk is how full the disk of a directory is.
type Disk struct {
	Of    string `json:"of"` // temp, work or database: whose directory it is
	Path  string `json:"path"`
	Free  int64  `json:"free"`
	Total int64  `json:"total"`
}

// Certificate is when one ends.
type Certificate struct {
	Of       string    `json:"of"` // the name of a carrier, or "http"
	Name     string    `json:"name"`
	NotAfter time.Time `json:"not_after"`
}

// State is what a node sees around itself.
type State struct {
	Schema       int64         `json:"schema"` // the last migration that it knows; 0: it is older than this word
	Disks        []Disk        `json:"disks"`
	Certificates []Certificate `json:"certificates"`
	BackupMark   string        `json:"backup_mark"`         // the configured file, "" for none
	BackupAt     *time.Time    `json:"backup_at,omitempty"` // when it was touched; none where it is not there
}

// SeesDatabase tells whether the database's disk is among those that the node sees.
func (s State) SeesDatabase() bool {
	return slices.ContainsFunc(s.Disks, func(d Disk) bool { return d.Of == "database" })
}

// Status is a node as it last told.
type Status struct {
	Node
	SeenAt    time.Time
	Ago       time.Duration // by the database's clock
	ClockOff  time.Duration // its clock less the database's
	RoundTrip time.Duration // of one question to the database
	State     State
}

// silent is after how long without a word a node counts as gone.
const silent = 35 * time.Second

// Lives tells whether the node was heard of lately.
func (s Status) Lives() bool { return s.Ago < silent }

// Store reads what nodes told.
type Store struct{ db *sql.DB }

func NewStore(db *sql.DB) *Store { return &Store{db} }

func (n Node) String() string { return fmt.Sprintf("%s:%d", n.Host, n.PID) }
