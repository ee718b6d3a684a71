package peers

import (
	"os/exec"

	"github.com/chromedp/chromedp"
)

// Browser is how a test starts Chromium: the program of it that has no windows to draw around a page, which takes half of the
// processor's time. Where only the whole one is there, as off Debian, that one is started.
func Browser(more ...chromedp.ExecAllocatorOption) []chromedp.ExecAllocatorOption {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	if shell, err := exec.LookPath("chromium-headless-shell"); err == nil {
		options = append(options, chromedp.ExecPath(shell))
	}
	return append(options, more...)
}
