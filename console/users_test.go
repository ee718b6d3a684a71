package console

import (
	"context"
	"errors"
	"testing"

	"canhgiac/internal/passwords"
)

func TestAddUser(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	for _, c := range []struct {
		is, name string
		role     Role
		password string
		want     error
	}{
		{"a good one", "lan.nguyen", Ward, "vịt xiêm lội ao", nil},
		{"the same name in capitals", "Lan.Nguyen", Police, "vịt xiêm lội ao", ErrTaken},
		{"a name with a space", "lan nguyen", Ward, "vịt xiêm lội ao", ErrUserName},
		{"a name with diacritics", "hạnh", Ward, "vịt xiêm lội ao", ErrUserName},
		{"a role that is none", "hanh", "chief", "vịt xiêm lội ao", ErrUserRole},
		{"a short password", "hanh", Ward, "ngắn", ErrPassword},
		{"one of fourteen", "hanh", Ward, "vịt xiêm lội a", passwords.ErrShort},
		{"the name as the password", "hanhhanhhanh", Ward, "Hanh.Hanh.Hanh.Hanh", passwords.ErrSimple},
		{"the name and a year", "le.thi.bich.hanh", Ward, "LeThiBichHanh2026", passwords.ErrWords},
	} {
		if _, err := h.users.Add(ctx, c.name, Standing{Role: c.role}, c.password); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.is, err, c.want)
		}
	}
	if _, err := h.users.IDOf(ctx, "stranger"); !errors.Is(err, ErrNoUser) {
		t.Errorf("a stranger: %v", err)
	}
	h.disable("LAN.nguyen")
	all, err := h.users.List(ctx)
	if err != nil || len(all) != 4 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, u := range all {
		if u.Disabled != (u.Name == "lan.nguyen") {
			t.Errorf("%+v", u)
		}
	}
	if h.audited("user.add") != 4 || h.audited("user.disable") != 1 {
		t.Error("adding and disabling left no audit rows")
	}
}

func TestTheNamesOfTheWardsOwnUnitsMakeNoPassword(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	const place = "Sông Cổ Cò Mới Xanh 7"
	if _, err := h.users.Add(ctx, "ba", Standing{Role: Ward}, place); err != nil {
		t.Fatalf("a name of no unit: %v", err)
	}
	if _, err := h.Residents.LoadWard(ctx, "Sông Cổ Cò Mới Xanh", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := h.users.Add(ctx, "hai", Standing{Role: Ward}, place); !errors.Is(err, passwords.ErrWords) {
		t.Errorf("the ward's own name: %v", err)
	}
}
