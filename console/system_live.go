package console

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	systemTopic = "system"
	systemEach  = 10 * time.Second // nodes tell of themselves no oftener
)

// systemRevision is what there is to do: what changes beside it, such as how long a link is down already, is no news.
func (c *Console) systemRevision(ctx context.Context) (string, error) {
	d, err := c.systemData(ctx)
	if err != nil {
		return "", err
	}
	revision := fmt.Sprint(len(d.Do))
	for _, one := range d.Do {
		revision += fmt.Sprint(" ", one.What, one.Name, one.N, one.Now)
	}
	return revision, nil
}

// seldom keeps an answer that is dear to find: a topic is asked every two seconds while a page is open.
func seldom(now func() time.Time, each time.Duration, ask func(context.Context) (string, error)) func(context.Context, string) (string, error) {
	var mu sync.Mutex
	var at time.Time
	var kept string
	return func(ctx context.Context, _ string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if t := now(); at.IsZero() || t.Sub(at).Abs() >= each {
			revision, err := ask(ctx)
			if err != nil {
				return "", err
			}
			kept, at = revision, t
		}
		return kept, nil
	}
}
