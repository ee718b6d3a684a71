package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"canhgiac/console"
	"canhgiac/residents"
)

type (
	// usersHere is what the commands of users work on; a unit is named by its group.
	usersHere struct {
		*console.Users
		groups *residents.Store
	}
	doUsers   = func(cmd *cobra.Command, args []string, users usersHere) error
	withUsers = func(do doUsers) func(*cobra.Command, []string) error
)

const handOver = "code %s, good for 72 hours: hand it over; it is typed in at /invitation\n"

// newcomer is a user as the flags describe one.
type newcomer struct{ name, fullName, role, unit string }

const newcomerUsage = "--name NAME --full-name NAME --role ward|police|operator [--unit GROUP]"

func (n *newcomer) flags(cmd *cobra.Command, required ...string) {
	cmd.Flags().StringVar(&n.name, "name", "", "what they type at sign-in")
	cmd.Flags().StringVar(&n.fullName, "full-name", "", "as their colleagues know them")
	cmd.Flags().StringVar(&n.role, "role", "", "ward, police or operator")
	cmd.Flags().StringVar(&n.unit, "unit", "", `the group that they look after, such as "Tổ 5"; without it the whole ward`)
	for _, flag := range required {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // only a flag that is not there
		}
	}
}

func (n *newcomer) standing(ctx context.Context, groups *residents.Store) (console.Standing, error) {
	as := console.Standing{FullName: n.fullName, Role: console.Role(n.role)}
	if n.unit == "" {
		return as, nil
	}
	var err error
	as.UnitID, err = groups.GroupByName(ctx, n.unit)
	return as, err
}

// newInviteCommand is the shell's way to what the page Accounts does.
func newInviteCommand(with withUsers) *cobra.Command {
	var who newcomer
	cmd := &cobra.Command{
		Use:   "invite " + newcomerUsage,
		Short: "Invite a user: prints once a code by which they choose their password",
		Args:  cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, _ []string, users usersHere) error {
			as, err := who.standing(cmd.Context(), users.groups)
			if err != nil {
				return fmt.Errorf("user invite: %w", err)
			}
			user, code, err := users.Invite(cmd.Context(), console.Shell, who.name, as)
			if err != nil {
				return fmt.Errorf("user invite: %w", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "invited %s (%s)\n"+handOver, user.Name, user.Role, code)
			return err
		}),
	}
	who.flags(cmd, "name", "full-name", "role")
	return cmd
}

func newResetCommand(with withUsers) *cobra.Command {
	return &cobra.Command{
		Use: "reset NAME", Short: "End a user's password and sessions, and print a code by which they choose another", Args: cobra.ExactArgs(1),
		RunE: with(func(cmd *cobra.Command, args []string, users usersHere) error {
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
