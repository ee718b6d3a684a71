package migrations_test

import (
	"context"
	"database/sql"
	"os"
	"testing"

	_ "github.com/lib/pq"
	"golang.org/x/sync/errgroup"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/migrations"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestFourNodesMayStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	url := pgtest.EmptyURL(t)
	var nodes errgroup.Group
	for range 4 {
		nodes.Go(func() error {
			db, err := sql.Open("postgres", url)
			if err != nil {
				return err
			}
			defer db.Close()
			return migrations.Up(context.Background(), db)
		})
	}
	if err := nodes.Wait(); err != nil {
		t.Fatal(err)
	}
}
