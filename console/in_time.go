package console

import (
	"context"
	"net/http"
	"time"
)

// pageTime is how long a page may take. Where the database is slow, locked or has no connection left, a person reads that
// it is so, and what waited for it lets go; a hundred that wait for ever take everything with them.
const pageTime = 15 * time.Second

var errBusy = problem{http.StatusServiceUnavailable, "error.busy"}

type lateKey struct{}

// inTime ends the work of a page when its time is over. What takes long by its nature says so by takesLong.
func (c *Console) inTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		late := time.AfterFunc(c.pageTime, func() { cancel(errBusy) })
		defer late.Stop()
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, lateKey{}, late)))
	})
}

// takesLong lifts the limit of r: for a stream, and for a file that comes or goes over a slow line.
func takesLong(r *http.Request) {
	if late, ok := r.Context().Value(lateKey{}).(*time.Timer); ok {
		late.Stop()
	}
}
