package smpp

// The bodies, field by field in the order of SMPP §4. Sizes are the specification's, with the NUL.
const (
	systemIDSize     = 16
	passwordSize     = 9
	systemTypeSize   = 13
	addressRangeSize = 41
	serviceTypeSize  = 6
	addrSize         = 21 // and a distribution list's name
	longAddrSize     = 65 // data_sm, alert_notification
	idSize           = 65
	timeSize         = 17  // or 1
	maxText          = 254 // octets in short_message; it has no NUL
)

func (m *SubmitSM) appendBody(b []byte) ([]byte, error) {
	var err error
	b = m.appendSource(b, &err)
	b = appendAddress(b, &err, "destination_addr", m.Dest, addrSize)
	return m.appendMessage(b, err)
}

// appendSource and appendMessage are what submit_sm and submit_multi share: the fields before and after the destination.
func (m *SubmitSM) appendSource(b []byte, err *error) []byte {
	b = appendCString(b, err, "service_type", m.ServiceType, serviceTypeSize)
	return appendAddress(b, err, "source_addr", m.Source, addrSize)
}

func (m *SubmitSM) appendMessage(b []byte, err error) ([]byte, error) {
	b = append(b, m.ESMClass, m.ProtocolID, m.Priority)
	b = appendTime(b, &err, "schedule_delivery_time", m.Schedule)
	b = appendTime(b, &err, "validity_period", m.Validity)
	b = append(b, m.RegisteredDelivery, m.ReplaceIfPresent, m.DataCoding, m.DefaultMsgID)
	b = appendText(b, &err, m.ShortMessage)
	if err != nil {
		return b, err
	}
	return m.TLVs.append(b)
}

func (m *SubmitSM) decodeBody(r *fields) {
	m.decodeSource(r)
	m.Dest = r.address("destination_addr", addrSize)
	m.decodeMessage(r)
}

func (m *SubmitSM) decodeSource(r *fields) {
	m.ServiceType = r.cstring("service_type", serviceTypeSize)
	m.Source = r.address("source_addr", addrSize)
}

func (m *SubmitSM) decodeMessage(r *fields) {
	m.ESMClass = r.octet("esm_class")
	m.ProtocolID = r.octet("protocol_id")
	m.Priority = r.octet("priority_flag")
	m.Schedule = r.timeText("schedule_delivery_time")
	m.Validity = r.timeText("validity_period")
	m.RegisteredDelivery = r.octet("registered_delivery")
	m.ReplaceIfPresent = r.octet("replace_if_present_flag")
	m.DataCoding = r.octet("data_coding")
	m.DefaultMsgID = r.octet("sm_default_msg_id")
	m.ShortMessage = r.message()
	m.TLVs = r.tlvs(m.few[:0])
}

func (m *DeliverSM) appendBody(b []byte) ([]byte, error) { return (*SubmitSM)(m).appendBody(b) }
func (m *DeliverSM) decodeBody(r *fields)                { (*SubmitSM)(m).decodeBody(r) }

func appendIDAndTLVs(b []byte, field, id string, size int, t TLVs) ([]byte, error) {
	var err error
	if b = appendCString(b, &err, field, id, size); err != nil {
		return b, err
	}
	return t.append(b)
}

func (m *SubmitSMResp) appendBody(b []byte) ([]byte, error) {
	return appendIDAndTLVs(b, "message_id", m.MessageID, idSize, m.TLVs)
}
func (m *SubmitSMResp) decodeBody(r *fields) { m.MessageID, m.TLVs = r.lastCString(), r.tlvs(nil) }

func (m *DeliverSMResp) appendBody(b []byte) ([]byte, error) {
	return appendIDAndTLVs(b, "message_id", m.MessageID, idSize, m.TLVs)
}
func (m *DeliverSMResp) decodeBody(r *fields) { m.MessageID, m.TLVs = r.lastCString(), r.tlvs(nil) }

func (m *Bind) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendCString(b, &err, "system_id", m.SystemID, systemIDSize)
	b = appendCString(b, &err, "password", m.Password, passwordSize)
	b = appendCString(b, &err, "system_type", m.SystemType, systemTypeSize)
	b = append(b, m.InterfaceVersion, m.AddrTON, m.AddrNPI)
	b = appendCString(b, &err, "address_range", m.AddressRange, addressRangeSize)
	return b, err
}

func (m *Bind) decodeBody(r *fields) {
	m.SystemID = r.cstring("system_id", systemIDSize)
	m.Password = r.cstring("password", passwordSize)
	m.SystemType = r.cstring("system_type", systemTypeSize)
	m.InterfaceVersion = r.octet("interface_version")
	m.AddrTON = r.octet("addr_ton")
	m.AddrNPI = r.octet("addr_npi")
	m.AddressRange = r.cstring("address_range", addressRangeSize)
}

func (m *BindResp) appendBody(b []byte) ([]byte, error) {
	return appendIDAndTLVs(b, "system_id", m.SystemID, systemIDSize, m.TLVs)
}
func (m *BindResp) decodeBody(r *fields) { m.SystemID, m.TLVs = r.lastCString(), r.tlvs(nil) }

func (m *Outbind) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendCString(b, &err, "system_id", m.SystemID, systemIDSize)
	b = appendCString(b, &err, "password", m.Password, passwordSize)
	return b, err
}

func (m *Outbind) decodeBody(r *fields) {
	m.SystemID = r.cstring("system_id", systemIDSize)
	m.Password = r.cstring("password", passwordSize)
}

func (m *DataSM) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendCString(b, &err, "service_type", m.ServiceType, serviceTypeSize)
	b = appendAddress(b, &err, "source_addr", m.Source, longAddrSize)
	b = appendAddress(b, &err, "destination_addr", m.Dest, longAddrSize)
	if err != nil {
		return b, err
	}
	return m.TLVs.append(append(b, m.ESMClass, m.RegisteredDelivery, m.DataCoding))
}

func (m *DataSM) decodeBody(r *fields) {
	m.ServiceType = r.cstring("service_type", serviceTypeSize)
	m.Source = r.address("source_addr", longAddrSize)
	m.Dest = r.address("destination_addr", longAddrSize)
	m.ESMClass = r.octet("esm_class")
	m.RegisteredDelivery = r.octet("registered_delivery")
	m.DataCoding = r.octet("data_coding")
	m.TLVs = r.tlvs(nil)
}

func (m *DataSMResp) appendBody(b []byte) ([]byte, error) {
	return appendIDAndTLVs(b, "message_id", m.MessageID, idSize, m.TLVs)
}
func (m *DataSMResp) decodeBody(r *fields) { m.MessageID, m.TLVs = r.lastCString(), r.tlvs(nil) }

func (m *QuerySM) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendCString(b, &err, "message_id", m.MessageID, idSize)
	b = appendAddress(b, &err, "source_addr", m.Source, addrSize)
	return b, err
}

func (m *QuerySM) decodeBody(r *fields) {
	m.MessageID = r.cstring("message_id", idSize)
	m.Source = r.address("source_addr", addrSize)
}

func (m *QuerySMResp) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendCString(b, &err, "message_id", m.MessageID, idSize)
	b = appendTime(b, &err, "final_date", m.FinalDate)
	return append(b, m.State, m.ErrorCode), err
}

func (m *QuerySMResp) decodeBody(r *fields) {
	if r.refused && !r.more() {
		return
	}
	m.MessageID = r.cstring("message_id", idSize)
	m.FinalDate = r.timeText("final_date")
	m.State = r.octet("message_state")
	m.ErrorCode = r.octet("error_code")
}

func (m *ReplaceSM) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendCString(b, &err, "message_id", m.MessageID, idSize)
	b = appendAddress(b, &err, "source_addr", m.Source, addrSize)
	b = appendTime(b, &err, "schedule_delivery_time", m.Schedule)
	b = appendTime(b, &err, "validity_period", m.Validity)
	b = appendText(append(b, m.RegisteredDelivery, m.DefaultMsgID), &err, m.ShortMessage)
	return b, err
}

func (m *ReplaceSM) decodeBody(r *fields) {
	m.MessageID = r.cstring("message_id", idSize)
	m.Source = r.address("source_addr", addrSize)
	m.Schedule = r.timeText("schedule_delivery_time")
	m.Validity = r.timeText("validity_period")
	m.RegisteredDelivery = r.octet("registered_delivery")
	m.DefaultMsgID = r.octet("sm_default_msg_id")
	m.ShortMessage = r.message()
}

func (m *CancelSM) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendCString(b, &err, "service_type", m.ServiceType, serviceTypeSize)
	b = appendCString(b, &err, "message_id", m.MessageID, idSize)
	b = appendAddress(b, &err, "source_addr", m.Source, addrSize)
	b = appendAddress(b, &err, "destination_addr", m.Dest, addrSize)
	return b, err
}

func (m *CancelSM) decodeBody(r *fields) {
	m.ServiceType = r.cstring("service_type", serviceTypeSize)
	m.MessageID = r.cstring("message_id", idSize)
	m.Source = r.address("source_addr", addrSize)
	m.Dest = r.address("destination_addr", addrSize)
}

func (m *AlertNotification) appendBody(b []byte) ([]byte, error) {
	var err error
	b = appendAddress(b, &err, "source_addr", m.Source, longAddrSize)
	b = appendAddress(b, &err, "esme_addr", m.ESME, longAddrSize)
	if err != nil {
		return b, err
	}
	return m.TLVs.append(b)
}

func (m *AlertNotification) decodeBody(r *fields) {
	m.Source = r.address("source_addr", longAddrSize)
	m.ESME = r.address("esme_addr", longAddrSize)
	m.TLVs = r.tlvs(nil)
}

// The rest have no body; what a peer puts there is left alone.

func (*Unbind) appendBody(b []byte) ([]byte, error)          { return b, nil }
func (*UnbindResp) appendBody(b []byte) ([]byte, error)      { return b, nil }
func (*GenericNack) appendBody(b []byte) ([]byte, error)     { return b, nil }
func (*EnquireLink) appendBody(b []byte) ([]byte, error)     { return b, nil }
func (*EnquireLinkResp) appendBody(b []byte) ([]byte, error) { return b, nil }
func (*CancelSMResp) appendBody(b []byte) ([]byte, error)    { return b, nil }
func (*ReplaceSMResp) appendBody(b []byte) ([]byte, error)   { return b, nil }
func (*Unbind) decodeBody(*fields)                           {}
func (*UnbindResp) decodeBody(*fields)                       {}
func (*GenericNack) decodeBody(*fields)                      {}
func (*EnquireLink) decodeBody(*fields)                      {}
func (*EnquireLinkResp) decodeBody(*fields)                  {}
func (*CancelSMResp) decodeBody(*fields)                     {}
func (*ReplaceSMResp) decodeBody(*fields)                    {}
