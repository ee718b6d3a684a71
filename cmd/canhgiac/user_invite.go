package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"canhgiac/console"
)

type withUsers = func(do func(cmd *cobra.Command, args []string, users *console.Users) error) func(*cobra.Command, []string) error

const handOver = "code %s, good for 72 hours: hand it over; it is typed in at /invitation\n"

// newInviteCommand is the shell's way to what the page Accounts does. A unit is given there.
func newInviteCommand(with withUsers) *cobra.Command {
	var name, fullName, role string
	cmd := &cobra.Command{
		Use:   "invite --name NAME --full-name NAME --role ward|police|operator",
		Short: "Invite a user: prints once a code by which they choose their password",
		Args:  cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, _ []string, users *console.Users) error {
			user, code, err := users.Invite(cmd.Context(), console.Shell, name, console.Standing{FullName: fullName, Role: console.Role(role)})
			if err != nil {
				return fmt.Errorf("user invite: %w", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "invited %s (%s)\n"+handOver, user.Name, user.Role, code)
			return err
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", "what they type at sign-in")
	cmd.Flags().StringVar(&fullName, "full-name", "", "as their colleagues know them")
	cmd.Flags().StringVar(&role, "role", "", "ward, police or operator")
	return cmd
}

func newResetCommand(with withUsers) *cobra.Command {
	return &cobra.Command{
		Use: "reset NAME", Short: "End a user's password and sessions, and print a code by which they choose another", Args: cobra.ExactArgs(1),
		RunE: with(func(cmd *cobra.Command, args []string, users *console.Users) error {
			id, err := users.IDOf(cmd.Context(), args[0])
			var code string
			if err == nil {
				code, err = users.Reset(cmd.Context(), console.Shell, id, "")
			}
			if err != nil {
				return fmt.Errorf("user reset %s: %w", args[0], err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), handOver, code)
			return err
		}),
	}
}
