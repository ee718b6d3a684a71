// Command canhgiac is the whole program: the gateway, the hotline and the pages on one database, and the commands to
// look after them.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "canhgiac:", err)
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	var file string
	root := &cobra.Command{
		Use:           "canhgiac",
		Short:         "SMS, USSD and a hotline against scams, for people without smartphones",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&file, "config", "config.yaml", "the configuration file")
	load := newLoader(&file)
	root.AddCommand(
		newServeCommand(load),
		newDemoCommand(&file),
		newMigrateCommand(load),
		newImportCommand(load),
		newDoNotCallCommand(load),
		newPortedCommand(load),
		newRouteCommand(load),
		newCarriersCommand(load),
		newTokenCommand(load),
		newUserCommand(load),
		newSimulatorCommand(load),
		newDoctorCommand(load),
		newBenchCommand(),
	)
	return root
}

// newLog writes JSON lines to standard error. Phone numbers and texts never reach it: callers log ids.
func newLog(c Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // validated
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
