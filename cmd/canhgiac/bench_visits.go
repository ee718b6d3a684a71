package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"canhgiac/console"
)

// visit is one address as one role asks for it.
type visit struct {
	role   console.Role
	client *http.Client
	url    string
	path   string
	status int
	bytes  int64
	first  time.Duration
	count  *atomic.Int64 // what the node asked its database so far
	asks   int64         // the fewest of this address: a part of the node may ask something meanwhile

	mu    sync.Mutex
	alone []time.Duration
	crowd []time.Duration
}

type visits struct {
	all     []*visit
	skipped []string
}

// asked are the filters, the deep pages and the searches that are measured beside the bare page.
var asked = map[string][]string{
	"/residents": {"?q=nguyen+thi+lan", "?q=Nguyễn", "?q=0905", "?q=4567", "?q=90123", "?q=khong+co+ai+ten+nay", "?page=2", "?page=3000",
		"?standing=opted_out", "?standing=no_consent&page=100", "?unit={group}", "?unit={group}&q=hoa", "?q=van&standing=consented&page=20"},
	"/reports":      {"?state=new", "?state=closed&page=100", "?kind=3", "?sent=partial", "?page=390"},
	"/reports/find": {"?code={code}"},
	"/inbox":        {"?seen=1", "?kept=unknown&page=10", "?seen=1&page=18"},
	"/audit": {"?who=user7", "?act=report.reveal", "?act=report.", "?kind=resident&ref=77", "?kind=report", "?addr=10.1.3.7", "?before=1000", "?who=nobody",
		"?who=user7&act=report.read&kind=session", "?to={day}"},
	"/statistics":  {"?by=month&from={day}", "?unit={group}"},
	"/menu/funnel": {"?origin=ussd", "?from={day}"},
	"/users":       {"?q=user7", "?page=15"},
	"/handset":     {"?q=hoa", "?q=0905123456"},
}

// streams never end, and belong to no page's time.
var streams = regexp.MustCompile(`^/live$|/events$`)

var variable = regexp.MustCompile(`\{(\w+)(:[^}]*)?\}`)

// idSQL finds what stands for a variable of a route: by the room that the path begins with, then by name.
var idSQL = map[string][]string{
	"/campaigns/{id}":                {`select max(id) from campaigns where state = 'running'`, `select min(id) from campaigns`, `select max(id) from campaigns where state = 'draft'`},
	"/residents/{id}":                {`select max(id) - 7 from residents`},
	"/reports/{code}":                {`select code from reports where origin = 'call' order by id limit 1 offset 17`, `select code from reports order by id desc limit 1`},
	"/menu/{id}":                     {`select 0`}, // the program's own version, which every house has
	"/prompts/{voice}":               {`select 'trung'`},
	"/prompts/trung/{line}":          {`select 'chao'`},
	"/prompts/trung/chao/{id}":       {`select max(id) from sounds where line = 'chao' and voice = 'trung'`},
	"/jobs/{id}":                     {`select max(id) from jobs where role = '{role}' or '{role}' = 'operator'`},
	"/users/{id}":                    {`select max(id) from console_users`},
	"/users/{name}":                  {`select max(name) from console_users`},
	"{group}":                        {`select max(id) from units where kind = 'group'`},
	"{code}":                         {`select max(code) from reports`},
	"{day}":                          {`select to_char(now() - interval '300 days', 'YYYY-MM-DD')`},
	"/reports/{code}/messages/{nth}": {`select '1'`},
	"/reports/{code}/calls/{nth}":    {`select '1'`},
}

// fill puts ids into a pattern, as role would be led to them; none where the bench has none.
func (w *benchWard) fill(ctx context.Context, role console.Role, pattern string) ([]string, error) {
	pattern = variable.ReplaceAllString(pattern, "{$1}")
	if !strings.Contains(pattern, "{") {
		return []string{pattern}, nil
	}
	for _, known := range []string{pattern, prefixOf(pattern), "{group}", "{code}", "{day}"} {
		at := strings.LastIndexByte(known, '{')
		if at < 0 || idSQL[known] == nil || !strings.Contains(pattern, known) {
			continue
		}
		var all []string
		for _, query := range idSQL[known] {
			var id *string
			if err := w.db.QueryRowContext(ctx, strings.ReplaceAll(query, "{role}", string(role))).Scan(&id); err != nil {
				return nil, fmt.Errorf("find an id for %s: %w", pattern, err)
			}
			if id == nil {
				continue
			}
			filled, err := w.fill(ctx, role, strings.Replace(pattern, known[at:], *id, 1))
			if err != nil {
				return nil, err
			}
			all = append(all, filled...)
		}
		return all, nil
	}
	return nil, nil
}

var homeParts = regexp.MustCompile(`id="home-(\w+)"`)

// addresses are those of a page that role has; the parts of a home page are named by that page alone.
func (w *benchWard) addresses(ctx context.Context, role console.Role, client *http.Client, pattern string) (all []string, err error) {
	if pattern != "/home/{section}" {
		return w.fill(ctx, role, pattern)
	}
	resp, err := client.Get(w.server.URL + "/")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	for _, part := range homeParts.FindAllSubmatch(body, -1) {
		all = append(all, "/home/"+string(part[1]))
	}
	return all, err
}

// prefixOf is the pattern up to its first variable.
func prefixOf(pattern string) string { return pattern[:strings.IndexByte(pattern, '}')+1] }

// visits signs in as each role and gives what there is to ask for: the console's own list of pages.
func (w *benchWard) visits(ctx context.Context) (*visits, error) {
	v := &visits{}
	for _, u := range sampleUsers() {
		if u.Name == sampleApprover.Name || u.Unit != "" {
			continue // sees what another one sees, or a part of it
		}
		client, err := w.signIn(ctx, u.Name)
		if err != nil {
			return nil, err
		}
		for _, page := range w.node.console.Pages() {
			if page.Method != http.MethodGet || !slices.Contains(page.Roles, u.Role) || streams.MatchString(page.Path) {
				continue
			}
			paths, err := w.addresses(ctx, u.Role, client, page.Path)
			if err != nil {
				return nil, err
			}
			if len(paths) == 0 {
				v.skipped = append(v.skipped, string(u.Role)+" "+page.Path)
			}
			for _, path := range paths {
				v.add(w, u.Role, client, path)
				for _, query := range asked[path] {
					filled, err := w.fill(ctx, u.Role, path+query)
					if err != nil {
						return nil, err
					}
					v.add(w, u.Role, client, filled...)
				}
			}
		}
	}
	return v, nil
}

func (v *visits) add(w *benchWard, role console.Role, client *http.Client, paths ...string) {
	for _, path := range paths {
		v.all = append(v.all, &visit{role: role, client: client, url: w.server.URL + path, path: path, count: &w.asks.asked})
	}
}

func (w *benchWard) signIn(ctx context.Context, name string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form := url.Values{"name": {name}, "password": {w.password}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.URL+"/signin", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("sign in as %s: %s", name, resp.Status)
	}
	return client, nil
}

func (v *visit) get(ctx context.Context) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	resp, err := v.client.Do(r)
	if err != nil {
		return 0, fmt.Errorf("GET %s: %w", v.path, err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return 0, fmt.Errorf("GET %s: %w", v.path, err)
	}
	took := time.Since(start)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status, v.bytes = resp.StatusCode, n
	return took, nil
}

// enough bounds what one slow page may take of the whole.
const enough = 4 * time.Second

// alone asks for one address after the other.
func (v *visits) alone(ctx context.Context, times int) (err error) {
	for _, one := range v.all {
		if one.first, err = one.get(ctx); err != nil {
			return err
		}
		for start := time.Now(); len(one.alone) < times && (len(one.alone) < 5 || time.Since(start) < enough); {
			before := one.count.Load()
			took, err := one.get(ctx)
			if err != nil {
				return err
			}
			one.alone = append(one.alone, took)
			if asked := one.count.Load() - before; one.asks == 0 || asked < one.asks {
				one.asks = asked
			}
		}
	}
	return nil
}

// together has several clients ask for all addresses, each in an order of its own.
func (v *visits) together(ctx context.Context, clients, times int) (c clientTime, err error) {
	g, ctx := errgroup.WithContext(ctx)
	start, n := time.Now(), times*len(v.all)
	for i := range clients {
		g.Go(func() error {
			order := rand.New(rand.NewPCG(1, uint64(i))).Perm(n)
			for _, k := range order[:n/clients] {
				one := v.all[k%len(v.all)]
				took, err := one.get(ctx)
				if err != nil {
					return err
				}
				one.mu.Lock()
				one.crowd = append(one.crowd, took)
				one.mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return c, err
	}
	var all []time.Duration
	for _, one := range v.all {
		all = append(all, one.crowd...)
	}
	return clientTime{Clients: clients, Rate: float64(len(all)) / time.Since(start).Seconds(), P50: share(all, 0.5), P95: share(all, 0.95)}, nil
}

func (v *visit) time() pageTime {
	return pageTime{Role: v.role, Path: v.path, Status: v.status, KB: float64(v.bytes) / 1024, Asks: int(v.asks), First: ms(v.first),
		P50: share(v.alone, 0.5), P95: share(v.alone, 0.95), Max: share(v.alone, 1), Crowd: share(v.crowd, 0.95)}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// share is how many milliseconds so large a part of the times took at most.
func share(times []time.Duration, part float64) float64 {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return ms(sorted[max(int(part*float64(len(sorted))+0.999)-1, 0)])
}
