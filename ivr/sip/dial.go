package sip

import (
	"context"

	"canhgiac/ivr"
)

func (c *call) dial(ctx context.Context, d ivr.Dial) (ivr.Input, error) {
	return ivr.Input{Kind: ivr.InputDialed, Status: "failed"}, nil
}

func (c *call) record(ctx context.Context, r ivr.Record) (ivr.Input, error) {
	return ivr.Input{Kind: ivr.InputSilence}, nil
}
