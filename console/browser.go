package console

import "strings"

// browserOf says in names that people know what a User-Agent header means; "" for what it does not tell. The order is
// that of who claims to be whom: Cốc Cốc and Edge say Chrome, Chrome says Safari.
func browserOf(agent string) (browser, system string) {
	first := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	return first("coc_coc_browser", "Cốc Cốc", "Edg", "Edge", "OPR/", "Opera", "SamsungBrowser", "Samsung Internet", "Firefox/", "Firefox", "FxiOS", "Firefox",
			"CriOS", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari"),
		first("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "CrOS", "ChromeOS", "Mac OS X", "macOS", "Linux", "Linux")
}
