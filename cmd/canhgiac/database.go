package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	_ "github.com/lib/pq" // the driver, by its name "postgres"

	"canhgiac/migrations"
)

// openDatabase opens the pool and makes sure that somebody answers. lib/pq can keep a connection that a dropped socket
// has poisoned, so connections are renewed every few minutes.
func openDatabase(ctx context.Context, c Config) (*sql.DB, error) {
	if c.Database.URL == "" {
		return nil, errors.New("database.url is empty: set it in the config file or as CANHGIAC_DATABASE_URL, or run `canhgiac demo`, which brings its own PostgreSQL")
	}
	db, err := sql.Open("postgres", c.Database.URL)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20)
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
