package console

import (
	"bytes"
	"fmt"
	"io/fs"
)

// joined are the files that are sent as one: each further file keeps a slow laptop from showing the page for some
// milliseconds, and a page that comes for the first time for many.
var joined = []joinedFile{
	{name: "console.css", parts: []joinedPart{{name: "app.css"}, {name: "ui.css"}, {name: "dark.css", media: "(prefers-color-scheme: dark)"}}},
	{name: "console-light.css", parts: []joinedPart{{name: "app.css"}, {name: "ui.css"}}},
	{name: "console-dark.css", parts: []joinedPart{{name: "app.css"}, {name: "ui.css"}, {name: "dark.css"}}},
	{name: "console.js", parts: []joinedPart{{name: "parts.js"}, {name: "live.js"}, {name: "idle.js"}, {name: "app.js"}}},
}

type joinedFile struct {
	name  string
	parts []joinedPart
}

type joinedPart struct {
	name  string
	media string // of a style: the screens that it is for, all where ""
}

func (j joinedFile) text() ([]byte, error) {
	var all bytes.Buffer
	for _, p := range j.parts {
		text, err := fs.ReadFile(staticFiles, "static/"+p.name)
		if err != nil {
			return nil, fmt.Errorf("console: join %s: %w", j.name, err)
		}
		if p.media != "" {
			fmt.Fprintf(&all, "@media %s {\n%s}\n", p.media, text)
			continue
		}
		all.Write(text)
	}
	return all.Bytes(), nil
}
