package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/gateway"
	"canhgiac/internal/postgres"
	"canhgiac/migrations"
)

// poolSize is for the pages, the API and the rest; the sender holds connections of its own besides.
const poolSize = 20

// openDatabase opens the pool and makes sure that somebody answers. Connections are renewed every few minutes, so that
// after a failover none stays with a server that has become a standby.
func openDatabase(ctx context.Context, c Config) (*sql.DB, error) {
	if c.Database.URL == "" {
		return nil, errors.New("database.url is empty: set it in the config file or as CANHGIAC_DATABASE_URL, or run `canhgiac demo`, which brings its own PostgreSQL")
	}
	db, err := postgres.Open(c.Database.URL)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(poolSize + gateway.Connections(len(c.Gateway.Carriers)))
	db.SetMaxIdleConns(poolSize)
	db.SetConnMaxLifetime(5 * time.Minute)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach the database of database.url: %w", err), db.Close())
	}
	return db, nil
}

// openMigrated opens the database and brings its schema up; several nodes may do so at once.
func openMigrated(ctx context.Context, c Config) (*sql.DB, error) {
	db, err := openDatabase(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := migrations.Up(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
