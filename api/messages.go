package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/gateway/sms"
	"canhgiac/internal/audit"
	"canhgiac/residents"
)

type messageRequest struct {
	To     string     `json:"to"`
	Text   string     `json:"text"`
	SendBy *time.Time `json:"send_by"`
}

// longestLife of a message: a warning that comes after a week warns of nothing.
const longestLife = 7 * 24 * time.Hour

func (a *api) sendMessage(ctx context.Context, c *call) (answer, error) {
	var req messageRequest
	if err := c.decode(&req); err != nil {
		return answer{}, err
	}
	single, err := a.single(ctx, req)
	if err != nil {
		return answer{}, err
	}
	single.Key = fmt.Sprintf("api:%d:%s", c.token.ID, c.key) // doubles the guard of the Idempotency-Key, for a node that dies in between
	tx, err := a.DB.BeginTx(ctx, nil)
	if err != nil {
		return answer{}, err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	id, err := a.Gateway.Send(ctx, tx, single)
	if err != nil {
		return answer{}, err
	}
	entry := audit.Entry{At: a.Now(), Who: c.token.who(), Role: "api", Act: "message.send", Object: "message:" + id.String(), Addr: c.addr}
	if err := audit.Write(ctx, tx, entry); err != nil {
		return answer{}, err
	}
	if err := tx.Commit(); err != nil {
		return answer{}, err
	}
	return answer{http.StatusAccepted, prefix + "/messages/" + id.String(), struct {
		ID gateway.MessageID `json:"id"`
	}{id}}, nil
}

// single checks a request. Its text is held to what every message of the ward is: no link, no question for a secret.
func (a *api) single(ctx context.Context, req messageRequest) (gateway.Single, error) {
	var faults []fault
	parsed, err := residents.ParsePhone(req.To)
	switch {
	case req.To == "":
		faults = append(faults, fault{Field: "to", Code: "missing"})
	case err != nil:
		faults = append(faults, fault{Field: "to", Code: "phone_invalid"})
	case parsed.Kind != residents.Mobile:
		faults = append(faults, fault{Field: "to", Code: "not_mobile", Arg: string(parsed.Kind)})
	}
	text := sms.Normalise(req.Text)
	for _, p := range campaigns.CheckContent(campaigns.Content{Text: text, Plain: sms.Unaccent(text)}) {
		if p.Field == "text" {
			faults = append(faults, fault{Field: p.Field, Code: p.Code, Arg: p.Arg})
		}
	}
	if err == nil {
		why, refused, err := a.Gateway.RefusalFor(ctx, parsed.Phone, text)
		if err != nil {
			return gateway.Single{}, err
		}
		if refused {
			p := campaigns.CarrierProblem("text", why)
			faults = append(faults, fault{Field: p.Field, Code: p.Code, Arg: p.Arg, Detail: carrierDetail(p)})
		}
	}
	s := gateway.Single{To: parsed.Phone, Text: text, Purpose: gateway.API}
	if req.SendBy != nil {
		s.SendBy = req.SendBy.UTC()
		if now := a.Now(); !s.SendBy.After(now) || s.SendBy.After(now.Add(longestLife)) {
			faults = append(faults, fault{Field: "send_by", Code: "out_of_range", Arg: longestLife.String()})
		}
	}
	if len(faults) > 0 {
		return s, invalid(faults...)
	}
	return s, nil
}

type messageAnswer struct {
	ID               gateway.MessageID `json:"id"`
	To               residents.Phone   `json:"to"`
	State            gateway.State     `json:"state"`
	Error            string            `json:"error,omitempty"`
	Parts            int               `json:"parts"`
	Encoding         string            `json:"encoding"`
	Carrier          string            `json:"carrier"`
	CarrierMessageID string            `json:"carrier_message_id"`
	History          []gateway.Move    `json:"history"`
}

func (a *api) getMessage(ctx context.Context, c *call) (answer, error) {
	id, err := gateway.ParseMessageID(mux.Vars(c.Request)["id"])
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", gateway.ErrNotFound, err)
	}
	m, err := a.Gateway.Message(ctx, id)
	if err != nil {
		return answer{}, err
	}
	// What answers a resident's own act tells who acted: a receipt, who reported. Its ids are easily guessed.
	if (m.Purpose == gateway.Reply || m.Purpose == gateway.Receipt) && !c.token.mayAny([]Scope{Reports}) {
		return answer{}, fmt.Errorf("read message %d: %w", id, gateway.ErrNotFound)
	}
	return answer{Status: http.StatusOK, Body: messageAnswer{m.ID, m.To, m.State, m.Error, m.Size.Parts, m.Size.Encoding.String(),
		m.Carrier, m.CarrierMessageID, m.History}}, nil
}
