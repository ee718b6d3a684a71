package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"canhgiac/gateway"
)

type receiptsData struct {
	Carrier string // "" = all
	Rows    []gateway.UnclaimedRow
	Older   string // the address of the rows before these; "" = these are the last
}

const receiptsPerPage = 100

// systemReceipts shows what carriers told of messages that nobody here sent, or that are kept under another id.
func (c *Console) systemReceipts(w http.ResponseWriter, r *http.Request) error {
	d := receiptsData{Carrier: r.URL.Query().Get("carrier")}
	var before int64
	if s := r.URL.Query().Get("before"); s != "" {
		var err error
		if before, err = strconv.ParseInt(s, 10, 64); err != nil || before <= 0 {
			return errBadForm
		}
	}
	var err error
	if d.Rows, err = c.Gateway.Unclaimed(r.Context(), d.Carrier, before, receiptsPerPage+1); err != nil {
		return err
	}
	if len(d.Rows) > receiptsPerPage {
		d.Rows = d.Rows[:receiptsPerPage]
		d.Older = "/system/receipts?" + url.Values{"carrier": {d.Carrier}, "before": {fmt.Sprint(d.Rows[receiptsPerPage-1].ID)}}.Encode()
	}
	if err := c.audit(r.Context(), c.DB, r, "receipt.list", "receipts", d.Carrier); err != nil {
		return err
	}
	return c.render(w, r, "receipts", d)
}
