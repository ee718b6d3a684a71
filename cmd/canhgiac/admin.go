package main

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// adminHandler serves what operators and their monitoring ask, on an address of its own.
func adminHandler(db *sql.DB, metrics *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := db.PingContext(ctx); err != nil {
			http.Error(w, "database: not reachable", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// listen opens a listener, and tells which key to change when the address is taken.
func listen(key, addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, taken(err, key)
	}
	return ln, nil
}

// taken adds to a failed listen which settings choose the address.
func taken(err error, keys ...string) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	var names []string
	for _, k := range keys {
		names = append(names, envPrefix+"_"+strings.ToUpper(strings.ReplaceAll(k, ".", "_")))
	}
	return fmt.Errorf("%w: is it running already? Else choose another address by %s, or in the config file", err, strings.Join(names, " or "))
}

// serveHTTP answers on ln until ctx ends, then lets requests finish for up to 2 s. The requests' contexts end with ctx,
// so that a live page's event stream does not hold up the stop. secure is nil for plain HTTP.
func serveHTTP(ctx context.Context, log *slog.Logger, ln net.Listener, secure *tls.Config, h http.Handler) error {
	srv := &http.Server{
		Handler:           h,
		TLSConfig:         secure,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // handshakes that strangers break off, mostly
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute, // an import may come over a slow line
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() {
		if secure != nil {
			failed <- srv.ServeTLS(ln, "", "")
		} else {
			failed <- srv.Serve(ln)
		}
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := srv.Shutdown(bounded)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	return err
}
