package smpp

// A ServerHandler that is one of these too serves the operation; without it the peer is refused with ESME_RINVCMDID. Calls
// come in order with Submit's, by the same goroutine, and each call of respond, from any goroutine, sends one response.
// With a status other than StatusOK the response is a bare header.
type (
	// QueryHandler says what became of a message.
	QueryHandler interface {
		Query(p *Peer, q *QuerySM, respond func(*QuerySMResp, Status))
	}
	// CancelHandler takes messages back.
	CancelHandler interface {
		Cancel(p *Peer, m *CancelSM, respond func(Status))
	}
	// ReplaceHandler puts another text in place of a message's.
	ReplaceHandler interface {
		Replace(p *Peer, m *ReplaceSM, respond func(Status))
	}
	// DataHandler takes messages in their short form.
	DataHandler interface {
		Data(p *Peer, m *DataSM, respond func(SubmitResult))
	}
	// MultiHandler takes one message for many.
	MultiHandler interface {
		SubmitMulti(p *Peer, m *SubmitMulti, respond func(*SubmitMultiResp, Status))
	}
)

// serve hands a request to the handler; false where that does not know the operation.
func (p *Peer) serve(l *link, h Header, pdu PDU) bool {
	switch m := pdu.(type) {
	case *SubmitSM:
		p.server.h.Submit(p, m, func(r SubmitResult) { l.respond(h, r.Status, &SubmitSMResp{MessageID: r.MessageID}) })
		return true
	case *QuerySM:
		handler, ok := p.server.h.(QueryHandler)
		if ok {
			handler.Query(p, m, func(r *QuerySMResp, s Status) { l.respond(h, s, r) })
		}
		return ok
	case *CancelSM:
		handler, ok := p.server.h.(CancelHandler)
		if ok {
			handler.Cancel(p, m, func(s Status) { l.respond(h, s, &CancelSMResp{}) })
		}
		return ok
	case *ReplaceSM:
		handler, ok := p.server.h.(ReplaceHandler)
		if ok {
			handler.Replace(p, m, func(s Status) { l.respond(h, s, &ReplaceSMResp{}) })
		}
		return ok
	case *DataSM:
		handler, ok := p.server.h.(DataHandler)
		if ok {
			handler.Data(p, m, func(r SubmitResult) { l.respond(h, r.Status, &DataSMResp{MessageID: r.MessageID}) })
		}
		return ok
	case *SubmitMulti:
		handler, ok := p.server.h.(MultiHandler)
		if ok {
			handler.SubmitMulti(p, m, func(r *SubmitMultiResp, s Status) { l.respond(h, s, r) })
		}
		return ok
	}
	return false
}

// respond answers h with p, or with a bare status.
func (l *link) respond(h Header, s Status, p PDU) {
	if s != StatusOK {
		l.refuse(h, s)
		return
	}
	l.reply(h, p)
}
