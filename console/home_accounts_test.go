package console

import (
	"context"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/audit"
)

// An operator who made themself a policeman would read reports that nobody gave them: those whose reports they are see it.
func TestPoliceAndWardSeeAtHomeWhichOfTheirAccountsAnOperatorChanged(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.did(audit.Entry{At: h.Now().Add(-accountNews - time.Hour), Who: "operator", Role: "operator", Act: "user.reset", Object: "user:police", Detail: "chuyện cũ"})
	h.did(audit.Entry{At: h.Now(), Who: "police", Role: "police", Act: "user.password_change", Object: "user:police"})
	police, ward, operator := h.as(Police), h.as(Ward), h.as(Operator)
	if got := police.get("/").body; strings.Contains(got, `id="home-accounts"`) {
		t.Error("nothing happened to another's account, and something is told")
	}
	operator.post("/users/new", "name", "bong.ma", "full_name", "Bóng Ma", "role", "police")
	if got := police.part("accounts"); !strings.Contains(got, "Bóng Ma") || !strings.Contains(got, "do operator thực hiện") {
		t.Errorf("a policeman whom nobody knows:\n%s", got)
	}
	if got := ward.get("/").body; strings.Contains(got, "Bóng Ma") {
		t.Error("the ward is told of the police's accounts")
	}
	if got := h.as(Operator).get("/home/accounts"); got.status != 404 {
		t.Errorf("the operator: %d", got.status)
	}
	// Made a policeman for an hour and then a ward officer again: the account is none of theirs any more, and still told.
	who, _, err := h.users.Invite(ctx, Shell, "kin", Standing{FullName: "Kín Đáo", Role: Ward})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []Role{Police, Ward} {
		if got := operator.post("/users/"+id(who.ID), "full_name", "Kín Đáo", "role", string(role), "unit", "0"); got.status != 303 {
			t.Fatalf("%s: %d", role, got.status)
		}
	}
	if got := police.part("accounts"); strings.Count(got, "Kín Đáo") < 2 {
		t.Errorf("to police and back:\n%s", got)
	}
	// A colleague's account that somebody else may have taken over.
	second, _, err := h.users.Invite(ctx, Shell, "huy", Standing{FullName: "Lê Văn Huy", Role: Ward})
	if err != nil {
		t.Fatal(err)
	}
	operator.post("/users/"+id(second.ID)+"/reset", "reason", "quên mật khẩu")
	if got := ward.part("accounts"); !strings.Contains(got, "Lê Văn Huy") || !strings.Contains(got, "quên mật khẩu") {
		t.Errorf("a new code for a colleague:\n%s", got)
	}
	// What is told to the others of an office is no news to its owner, and old news to nobody.
	colleague := h.signedInAs("ca.hai", Police)
	if got := colleague.part("accounts"); strings.Contains(got, "chuyện cũ") || strings.Contains(got, "ca.hai") {
		t.Errorf("told to a colleague:\n%s", got)
	}
}

// signedInAs makes one more user of role.
func (h *house) signedInAs(name string, role Role) *browser {
	h.t.Helper()
	if _, err := h.users.Add(context.Background(), name, Standing{Role: role}, password); err != nil {
		h.t.Fatal(err)
	}
	return h.signedIn(name)
}
