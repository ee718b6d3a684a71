package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"canhgiac/campaigns"
	"canhgiac/console"
	"canhgiac/ivr/prompts"
	"canhgiac/residents"
	"canhgiac/residents/sample"
)

const (
	sampleWard   = "Thanh Khê"
	sampleGroups = 60
)

// sampleUser is a made-up person.
type sampleUser struct {
	Name     string
	Role     console.Role
	FullName string
	Unit     string // the group that they look after; "" is the whole ward
	Note     string
}

// sampleUsers: two at the ward, since nobody approves a campaign of their own; two of the police, one of them the officer of
// a single group, so that it is seen what such a one does not see.
func sampleUsers() []sampleUser {
	return []sampleUser{
		{"canbo", console.Ward, "Trần Thị Mai Hương", "", "ward office, writes campaigns"},
		{"lanhdao", console.Ward, "Lê Quang Thịnh", "", "ward office, approves them"},
		{"congan", console.Police, "Nguyễn Đức Bình", "", "ward police"},
		{"khuvuc", console.Police, "Đặng Quốc Tuấn", "Tổ 5", "area officer: sees Tổ 5 alone"},
		{"quantri", console.Operator, "Phạm Hoàng Nam", "", "operator"},
	}
}

var (
	sampleAuthor   = campaigns.User{Name: "canbo", Role: string(console.Ward)}
	sampleApprover = campaigns.User{Name: "lanhdao", Role: string(console.Ward)}
)

func (u sampleUser) standing(ctx context.Context, groups *residents.Store) (console.Standing, error) {
	who := newcomer{name: u.Name, fullName: u.FullName, role: string(u.Role), unit: u.Unit}
	return who.standing(ctx, groups)
}

// loadSampleWard brings in the ward Thanh Khê with its 60 groups, and its users; it gives the users that are new. What is
// already there stays as it is.
func (n *node) loadSampleWard(ctx context.Context, passwords map[string]string) ([]sampleUser, error) {
	if _, err := n.residents.LoadWard(ctx, sampleWard, sampleGroups); err != nil {
		return nil, fmt.Errorf("sample ward: %w", err)
	}
	there, err := n.users.List(ctx)
	if err != nil {
		return nil, err
	}
	var added []sampleUser
	for _, u := range sampleUsers() {
		if slices.ContainsFunc(there, func(have console.User) bool { return have.Name == u.Name }) {
			continue
		}
		as, err := u.standing(ctx, n.residents)
		if err == nil {
			_, err = n.users.Add(ctx, u.Name, as, passwords[u.Name])
		}
		if err != nil {
			return nil, fmt.Errorf("sample user %s: %w", u.Name, err)
		}
		added = append(added, u)
	}
	return added, nil
}

// loadDemo is the sample ward alive: its messy resident list, and the six reminders as an approved campaign that fires each
// minute, six minutes long at each start of the demo.
func (n *node) loadDemo(ctx context.Context, passwords map[string]string) error {
	if _, err := n.loadSampleWard(ctx, passwords); err != nil {
		return err
	}
	if err := n.importSample(ctx); err != nil {
		return fmt.Errorf("sample residents: %w", err)
	}
	contents, err := n.reminders()
	if err != nil {
		return err
	}
	_, err = n.campaigns.LoadSample(ctx, campaigns.SampleOptions{
		Contents: contents, Form: campaigns.Plain, Cron: "* * * * *", Hours: n.hours,
		Author: sampleAuthor, Approver: sampleApprover,
	})
	return err
}

// importSample takes the list in through the same door as a ward's own, once: a demo that starts again keeps what its
// visitors did to their residents.
func (n *node) importSample(ctx context.Context) error {
	some, err := n.residents.Search(ctx, residents.Filter{Size: 1})
	if err != nil || some.Total > 0 {
		return err
	}
	_, err = residents.NewImporter(n.db, n.now).Import(ctx, bytes.NewReader(sample.Residents), residents.ImportOptions{
		FileName: "residents.csv", Ward: sampleWard, By: sampleAuthor.Name, Role: sampleAuthor.Role,
	})
	return err
}

// draftReminders leaves the six reminders as a draft for the ward to look at, change and have approved, where there is no
// campaign yet.
func (n *node) draftReminders(ctx context.Context) error {
	some, err := n.campaigns.List(ctx, nil, 1)
	if err != nil || len(some) > 0 {
		return err
	}
	contents, err := n.reminders()
	if err != nil {
		return err
	}
	ward, err := n.residents.Ward(ctx)
	if err != nil {
		return err
	}
	c := n.campaigns.Blank()
	c.Name, c.Contents, c.Units, c.Cron = "Nhắc “4 không, 2 phải”", contents, []int64{ward.ID}, "0 8 * * 1"
	_, err = n.campaigns.Create(ctx, c, sampleAuthor)
	return err
}

// reminders are the six texts with this installation's sender name and hotline in them.
func (n *node) reminders() ([]campaigns.Content, error) {
	names := map[string]string{"brand": n.config.Words.Brand, "hotline": n.config.Words.Hotline}
	var contents []campaigns.Content
	for _, r := range n.words.Reminders() {
		text, err := prompts.Fill(r.Text, names)
		if err != nil {
			return nil, err
		}
		plain, err := prompts.Fill(r.Plain, names)
		if err != nil {
			return nil, err
		}
		contents = append(contents, campaigns.Content{Text: text, Plain: plain})
	}
	return contents, nil
}
