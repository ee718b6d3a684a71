package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"canhgiac/console"
	"canhgiac/residents"
)

// newUserCommand looks after who may sign in to the console. It needs no running server, so the first user is made by it.
func newUserCommand(load func() (Config, error)) *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Add, list and disable the people who sign in to the console"}
	with := func(do doUsers) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			db, err := openMigrated(cmd.Context(), c)
			if err != nil {
				return err
			}
			return errors.Join(do(cmd, args, usersHere{console.NewUsers(db, time.Now, mustHaveFactor(c)...), residents.NewStore(db, time.Now)}), db.Close())
		}
	}

	var who newcomer
	var fromStdin bool
	add := &cobra.Command{
		Use:   "add " + newcomerUsage + " [--password-stdin]",
		Short: "Add a user; the password is asked for, or read from standard input",
		Args:  cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, _ []string, users usersHere) error {
			as, err := who.standing(cmd.Context(), users.groups)
			if err != nil {
				return fmt.Errorf("user add: %w", err)
			}
			password, err := readPassword(cmd, fromStdin)
			if err != nil {
				return err
			}
			user, err := users.Add(cmd.Context(), who.name, as, password)
			if err != nil {
				return fmt.Errorf("user add: %w", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "added %s (%s)\n", user.Name, user.Role)
			return err
		}),
	}
	who.flags(add, "name", "role")

	list := &cobra.Command{
		Use: "list", Short: "List users", Args: cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, _ []string, users usersHere) error {
			all, err := users.List(cmd.Context())
			if err != nil {
				return err
			}
			units, err := users.groups.GroupNames(cmd.Context())
			if err != nil {
				return err
			}
			for _, u := range all {
				state := "active"
				if u.Disabled {
					state = "disabled"
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-24s %-9s %-9s %-9s %s\n", u.Name, u.Role, state, units[u.UnitID], u.FullName); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	disable := &cobra.Command{
		Use: "disable NAME", Short: "Disable a user and end their sessions", Args: cobra.ExactArgs(1),
		RunE: with(func(cmd *cobra.Command, args []string, users usersHere) error {
			id, err := users.IDOf(cmd.Context(), args[0])
			if err == nil {
				err = users.Disable(cmd.Context(), console.Shell, id, "")
			}
			if err != nil {
				return fmt.Errorf("user disable %s: %w", args[0], err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "disabled %s\n", args[0])
			return err
		}),
	}
	passwd := &cobra.Command{
		Use: "password NAME", Short: "Set a user's password, enable them, and end their sessions", Args: cobra.ExactArgs(1),
		RunE: with(func(cmd *cobra.Command, args []string, users usersHere) error {
			password, err := readPassword(cmd, fromStdin)
			if err != nil {
				return err
			}
			if err := users.SetPassword(cmd.Context(), args[0], password); err != nil {
				return fmt.Errorf("user password %s: %w", args[0], err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "password of %s is set\n", args[0])
			return err
		}),
	}
	factor := &cobra.Command{
		Use: "reset-factor NAME", Short: "Take a user's second factor and recovery codes away, and end their sessions", Args: cobra.ExactArgs(1),
		RunE: with(func(cmd *cobra.Command, args []string, users usersHere) error {
			if err := users.ResetFactor(cmd.Context(), strings.ToLower(args[0])); err != nil {
				return fmt.Errorf("user reset-factor %s: %w", args[0], err)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "second factor of %s is gone\n", args[0])
			return err
		}),
	}
	for _, c := range []*cobra.Command{add, passwd} {
		c.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from the first line of standard input")
	}
	cmd.AddCommand(newInviteCommand(with), newResetCommand(with), add, list, disable, passwd, factor)
	return cmd
}

// mustHaveFactor are the roles of console.totp.
func mustHaveFactor(c Config) []console.Role {
	roles := make([]console.Role, 0, len(c.Console.TOTP))
	for _, role := range c.Console.TOTP {
		roles = append(roles, console.Role(role))
	}
	return roles
}

// readPassword never takes a password from the command line, where other users of the machine could read it.
func readPassword(cmd *cobra.Command, fromStdin bool) (string, error) {
	if fromStdin {
		line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return "", errors.New("no terminal to ask for the password: use --password-stdin")
	}
	ask := func(prompt string) ([]byte, error) {
		fmt.Fprint(cmd.ErrOrStderr(), prompt)
		defer fmt.Fprintln(cmd.ErrOrStderr())
		return term.ReadPassword(in)
	}
	one, err := ask("Password: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	two, err := ask("Again: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if !bytes.Equal(one, two) {
		return "", errors.New("the two passwords differ")
	}
	return string(one), nil
}
