package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"canhgiac/api"
)

// newTokenCommand lets other systems in and out of the API.
func newTokenCommand(load func() (Config, error)) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Let other systems use the API, or end that"}
	with := func(do func(cmd *cobra.Command, tokens *api.Tokens) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, _ []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			db, err := openMigrated(cmd.Context(), c)
			if err != nil {
				return err
			}
			return errors.Join(do(cmd, api.NewTokens(db, time.Now)), db.Close())
		}
	}

	var name string
	var scopes []string
	add := &cobra.Command{
		Use:   "add --name NAME --scope messages,reports",
		Short: "Make a token; its secret is printed this once",
		Long:  fmt.Sprintf("Make a token; its secret is printed this once. Scopes: %v", api.Scopes()),
		Args:  cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, tokens *api.Tokens) error {
			var may []api.Scope
			for _, s := range scopes {
				may = append(may, api.Scope(s))
			}
			secret, err := tokens.Add(cmd.Context(), name, may, "command")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
			return err
		}),
	}
	revoke := &cobra.Command{
		Use:   "revoke --name NAME",
		Short: "End a token at once",
		Args:  cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, tokens *api.Tokens) error {
			return tokens.Revoke(cmd.Context(), name, "command")
		}),
	}
	for _, sub := range []*cobra.Command{add, revoke} {
		sub.Flags().StringVar(&name, "name", "", "the system that calls")
		if err := sub.MarkFlagRequired("name"); err != nil {
			panic(err) // only a flag that is not there
		}
	}
	add.Flags().StringSliceVar(&scopes, "scope", nil, "what it may do, comma-separated")
	if err := add.MarkFlagRequired("scope"); err != nil {
		panic(err) // only a flag that is not there
	}
	cmd.AddCommand(add, revoke)
	return cmd
}
