package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/lib/pq"
	"golang.org/x/sync/semaphore"

	"canhgiac/internal/audit"
	"canhgiac/internal/passwords"
	"canhgiac/residents"
)

// Role decides which pages a user has.
type Role string

const (
	Ward     Role = "ward"     // UBND phường: campaigns, residents; never reports
	Police   Role = "police"   // Công an phường: reports
	Operator Role = "operator" // IT: accounts, the audit log
)

var everyone = []Role{Ward, Police, Operator}

var (
	ErrUserName = errors.New("a user's name has 2 to 40 of a-z, 0-9, dot, hyphen, underscore, and begins with a letter or digit")
	ErrUserRole = errors.New("a role is one of ward, police, operator")
	ErrPassword = errors.New("this password may not be chosen") // which rule of internal/passwords it breaks comes with it
	ErrTaken    = errors.New("a user of this name exists")
	ErrNoUser   = errors.New("no such user")
	ErrSignIn   = errors.New("name and password do not go together, or the user is disabled")
)

// User is who may sign in.
type User struct {
	ID       int64
	Name     string // typed at sign-in
	FullName string // "" when it was never told
	Role     Role
	UnitID   int64 // whose people they look after; 0: the whole ward
	Disabled bool

	scope residents.Scope
	proof string // changes with the password; a session holds it to end with it
}

// Users keeps who may sign in.
type Users struct {
	db     *sql.DB
	now    func() time.Time
	params *argon2id.Params
	factor []Role              // those who must have a second factor
	room   *semaphore.Weighted // each hash takes 64 MB: a crowd at the sign-in waits in line
}

// NewUsers takes the roles that must have a second factor (console.totp): beside it a password may be shorter.
func NewUsers(db *sql.DB, now func() time.Time, factor ...Role) *Users {
	params := *argon2id.DefaultParams
	params.Parallelism = 2 // the same hash costs the same on each machine, however many processors it has
	return &Users{db: db, now: now, params: &params, factor: factor, room: semaphore.NewWeighted(4)}
}

var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,39}$`)

const addUserSQL = `
insert into console_users (name, full_name, role, unit_id, password, created_at) values ($1, $2, $3, nullif($4::bigint, 0), $5, $6) returning id`

// Add makes a user with a password; a full name may be told later. Names are kept in lower case. It is the shell's, and the
// audit row says so.
func (u *Users) Add(ctx context.Context, name string, as Standing, password string) (User, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if !userName.MatchString(name) {
		return User{}, ErrUserName
	}
	if !has(everyone, as.Role) {
		return User{}, ErrUserRole
	}
	user := User{Name: name, FullName: as.FullName, Role: as.Role}
	hash, err := u.hash(ctx, user, password)
	if err != nil {
		return User{}, fmt.Errorf("add user %s: %w", name, err)
	}
	err = u.audited(ctx, "user.add", name, func(tx *sql.Tx) (string, error) {
		as, units, err := u.settle(ctx, tx, as, 0)
		if err != nil {
			return "", err
		}
		user.FullName, user.UnitID = as.FullName, as.UnitID
		detail := changed(change{"full_name", "", as.FullName}, change{"role", "", string(as.Role)}, change{"unit", "", units[1]})
		return detail, tx.QueryRowContext(ctx, addUserSQL, name, as.FullName, as.Role, as.UnitID, hash, u.now().UTC()).Scan(&user.ID)
	})
	if e := (*pq.Error)(nil); errors.As(err, &e) && e.Code.Name() == "unique_violation" {
		return User{}, ErrTaken
	}
	return user, err
}

// placesSQL: what a desk's password is made of first is the name of the place. Groups are numbers, and not asked for.
const placesSQL = `select array(select distinct name from units where kind <> 'group')`

// hash takes a new password of who's. One that was chosen under older rules stays good (NIST SP 800-63B-4 §3.1.1.2: no
// change without a reason); only a new one is held to today's.
func (u *Users) hash(ctx context.Context, who User, password string) (string, error) {
	around := []string{who.Name, who.FullName}
	var places []string
	if err := u.db.QueryRowContext(ctx, placesSQL).Scan(pq.Array(&places)); err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	if err := passwords.Check(password, u.least(who.Role), append(around, places...)...); err != nil {
		return "", fmt.Errorf("%w: %w", ErrPassword, err)
	}
	if err := u.room.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	defer u.room.Release(1)
	return argon2id.CreateHash(passwords.Normal(password), u.params)
}

// least is how many characters a new password of role has: fewer where a second factor must stand beside it. One that is
// set up by choice shortens nothing, since it may be taken away again.
func (u *Users) least(role Role) int {
	if has(u.factor, role) {
		return passwords.Beside
	}
	return passwords.Alone
}

const setPasswordSQL = `update console_users set password = $2, disabled_at = null where name = $1`

// SetPassword also lets a disabled user in again, and ends the sessions that the old password opened.
func (u *Users) SetPassword(ctx context.Context, name, password string) error {
	name = strings.ToLower(name)
	who, err := u.byName(ctx, name)
	if err != nil {
		return err
	}
	hash, err := u.hash(ctx, who, password)
	if err != nil {
		return err
	}
	return u.audited(ctx, "user.password", name, func(tx *sql.Tx) (string, error) {
		return "", one(tx.ExecContext(ctx, setPasswordSQL, name, hash))
	})
}

const signedInSQL = `update console_users set signed_in_at = $2 where id = $1`

func (u *Users) signedIn(ctx context.Context, tx *sql.Tx, id int64) error {
	if _, err := tx.ExecContext(ctx, signedInSQL, id, u.now().UTC()); err != nil {
		return fmt.Errorf("user %d signs in: %w", id, err)
	}
	return nil
}

const namedSQL = `select id, name, full_name, role, coalesce(unit_id, 0), disabled_at is not null from console_users where name = $1`

func (u *Users) byName(ctx context.Context, name string) (User, error) {
	var user User
	err := u.db.QueryRowContext(ctx, namedSQL, name).Scan(&user.ID, &user.Name, &user.FullName, &user.Role, &user.UnitID, &user.Disabled)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoUser
	}
	if err != nil {
		return User{}, fmt.Errorf("user %s: %w", name, err)
	}
	return user, nil
}

func one(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrNoUser, err)
	}
	return nil
}

// audited does what the shell asked for with its audit row.
func (u *Users) audited(ctx context.Context, act, name string, do func(*sql.Tx) (detail string, err error)) error {
	tx, err := u.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s %s: %w", act, name, err)
	}
	defer func() { _ = tx.Rollback() }()
	detail, err := do(tx)
	if err != nil {
		return fmt.Errorf("%s %s: %w", act, name, err)
	}
	if err := audit.Write(ctx, tx, Shell.entry(u.now(), act, name, detail)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s %s: %w", act, name, err)
	}
	return nil
}

const listUsersSQL = `
select id, name, full_name, role, coalesce(unit_id, 0), disabled_at is not null from console_users
order by disabled_at is not null, array_position(array['operator', 'ward', 'police'], role), name`

// List gives everybody in the order of the accounts page.
func (u *Users) List(ctx context.Context) ([]User, error) {
	rows, err := u.db.QueryContext(ctx, listUsersSQL)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer rows.Close()
	var all []User
	for rows.Next() {
		var user User
		if err := rows.Scan(&user.ID, &user.Name, &user.FullName, &user.Role, &user.UnitID, &user.Disabled); err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		all = append(all, user)
	}
	return all, rows.Err()
}

const userIDSQL = `select id from console_users where name = $1`

// IDOf finds an account by what its owner types at sign-in.
func (u *Users) IDOf(ctx context.Context, name string) (int64, error) {
	var id int64
	err := u.db.QueryRowContext(ctx, userIDSQL, strings.ToLower(strings.TrimSpace(name))).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNoUser
	}
	if err != nil {
		return 0, fmt.Errorf("user %s: %w", name, err)
	}
	return id, nil
}

const userIDsSQL = `select name, id from console_users where name = any($1)`

// idsOf gives the ids of those of names that are accounts.
func (u *Users) idsOf(ctx context.Context, names []string) (map[string]int64, error) {
	ids := map[string]int64{}
	if len(names) == 0 {
		return ids, nil
	}
	rows, err := u.db.QueryContext(ctx, userIDsSQL, pq.Array(names))
	if err != nil {
		return nil, fmt.Errorf("ids of users: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var id int64
		if err := rows.Scan(&name, &id); err != nil {
			return nil, fmt.Errorf("ids of users: %w", err)
		}
		ids[name] = id
	}
	return ids, rows.Err()
}

const userSQL = `
select id, name, full_name, role, coalesce(unit_id, 0), encode(sha256(password::bytea), 'hex')
from console_users where id = $1 and disabled_at is null and password <> ''`

func (u *Users) byID(ctx context.Context, id int64) (User, error) {
	var user User
	err := u.db.QueryRowContext(ctx, userSQL, id).Scan(&user.ID, &user.Name, &user.FullName, &user.Role, &user.UnitID, &user.proof)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoUser
	}
	if err != nil {
		return User{}, fmt.Errorf("user %d: %w", id, err)
	}
	return user, nil
}

// credentialsSQL: who was invited and has chosen no password yet is nobody.
const credentialsSQL = `
select id, name, full_name, role, coalesce(unit_id, 0), password, encode(sha256(password::bytea), 'hex')
from console_users where name = $1 and disabled_at is null and password <> ''`

// nobody is hashed against when no user has the name, so that a wrong name takes as long as a wrong password.
const nobody = "$argon2id$v=19$m=65536,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdA$kQm1B8Sx7mLVAPX2YQlv7LQ4oWQkXKq7vYz1Gk3o8d4"

// check gives the user whose name and password these are, or ErrSignIn.
func (u *Users) check(ctx context.Context, name, password string) (User, error) {
	var user User
	hash := nobody
	err := u.db.QueryRowContext(ctx, credentialsSQL, name).Scan(&user.ID, &user.Name, &user.FullName, &user.Role, &user.UnitID, &hash, &user.proof)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, fmt.Errorf("credentials: %w", err)
	}
	if err := u.room.Acquire(ctx, 1); err != nil {
		return User{}, fmt.Errorf("credentials: %w", err)
	}
	defer u.room.Release(1)
	match, err := argon2id.ComparePasswordAndHash(passwords.Normal(password), hash)
	if err != nil {
		return User{}, fmt.Errorf("credentials: %w", err)
	}
	if !match || user.ID == 0 {
		return User{}, ErrSignIn
	}
	return user, nil
}
