package smpp

import "encoding/binary"

// field is one field of a body: the specification's name and the octets on the wire.
type field struct{ Name, Octets string }

type fieldList []field

func (l *fieldList) octets(name string, b ...byte) { *l = append(*l, field{name, string(b)}) }

func (l *fieldList) cstring(name, s string) {
	if s != "" {
		*l = append(*l, field{name, s + "\x00"})
	}
}

func (l *fieldList) address(which string, a Address) {
	name := map[string]string{"source": "source_addr", "dest": "destination_addr", "esme": "esme_addr"}[which]
	l.octets(which+"_addr_ton", a.TON)
	l.octets(which+"_addr_npi", a.NPI)
	l.cstring(name, a.Addr)
}

func (l *fieldList) text(b []byte) {
	l.octets("sm_length", byte(len(b)))
	if len(b) > 0 {
		l.octets("message", b...)
	}
}

func (l *fieldList) tlvs(tlvs TLVs) {
	for _, t := range tlvs {
		b := binary.BigEndian.AppendUint16(nil, uint16(t.Tag))
		l.octets("TLV", append(binary.BigEndian.AppendUint16(b, uint16(len(t.Value))), t.Value...)...)
	}
}

func (l *fieldList) source(m *SubmitSM) {
	l.cstring("service_type", m.ServiceType)
	l.address("source", m.Source)
}

func (l *fieldList) message(m *SubmitSM) {
	l.octets("esm_class", m.ESMClass)
	l.octets("protocol_id", m.ProtocolID)
	l.octets("priority_flag", m.Priority)
	l.cstring("schedule_delivery_time", m.Schedule)
	l.cstring("validity_period", m.Validity)
	l.octets("registered_delivery", m.RegisteredDelivery)
	l.octets("replace_if_present_flag", m.ReplaceIfPresent)
	l.octets("data_coding", m.DataCoding)
	l.octets("sm_default_msg_id", m.DefaultMsgID)
	l.text(m.ShortMessage)
	l.tlvs(m.TLVs)
}

// wireFields is p's body as SMPP §4 lays it out.
func wireFields(p PDU) fieldList {
	var l fieldList
	switch m := p.(type) {
	case *Bind:
		l.cstring("system_id", m.SystemID)
		l.cstring("password", m.Password)
		l.cstring("system_type", m.SystemType)
		l.octets("interface_version", m.InterfaceVersion)
		l.octets("addr_ton", m.AddrTON)
		l.octets("addr_npi", m.AddrNPI)
		l.cstring("address_range", m.AddressRange)
	case *BindResp:
		l.cstring("system_id", m.SystemID)
		l.tlvs(m.TLVs)
	case *Outbind:
		l.cstring("system_id", m.SystemID)
		l.cstring("password", m.Password)
	case *SubmitSM:
		l.source(m)
		l.address("dest", m.Dest)
		l.message(m)
	case *DeliverSM:
		return wireFields((*SubmitSM)(m))
	case *SubmitMulti:
		l.source(&m.SubmitSM)
		for _, d := range m.Dests {
			if d.List != "" {
				l.cstring("dl_name", d.List)
			} else {
				l.address("dest", d.Address)
			}
		}
		l.message(&m.SubmitSM)
	case *SubmitMultiResp:
		l.cstring("message_id", m.MessageID)
		for _, u := range m.Unsuccess {
			l.address("dest", u.Address)
			l.octets("error_status_code", binary.BigEndian.AppendUint32(nil, uint32(u.Status))...)
		}
		l.tlvs(m.TLVs)
	case *SubmitSMResp:
		l.cstring("message_id", m.MessageID)
		l.tlvs(m.TLVs)
	case *DeliverSMResp:
		l.cstring("message_id", m.MessageID)
		l.tlvs(m.TLVs)
	case *DataSMResp:
		l.cstring("message_id", m.MessageID)
		l.tlvs(m.TLVs)
	case *DataSM:
		l.source(&SubmitSM{ServiceType: m.ServiceType, Source: m.Source})
		l.address("dest", m.Dest)
		l.octets("esm_class", m.ESMClass)
		l.octets("registered_delivery", m.RegisteredDelivery)
		l.octets("data_coding", m.DataCoding)
		l.tlvs(m.TLVs)
	case *QuerySM:
		l.cstring("message_id", m.MessageID)
		l.address("source", m.Source)
	case *QuerySMResp:
		l.cstring("message_id", m.MessageID)
		l.cstring("final_date", m.FinalDate)
		l.octets("message_state", m.State)
		l.octets("error_code", m.ErrorCode)
	case *CancelSM:
		l.cstring("service_type", m.ServiceType)
		l.cstring("message_id", m.MessageID)
		l.address("source", m.Source)
		l.address("dest", m.Dest)
	case *ReplaceSM:
		l.cstring("message_id", m.MessageID)
		l.address("source", m.Source)
		l.cstring("schedule_delivery_time", m.Schedule)
		l.cstring("validity_period", m.Validity)
		l.octets("registered_delivery", m.RegisteredDelivery)
		l.octets("sm_default_msg_id", m.DefaultMsgID)
		l.text(m.ShortMessage)
	case *AlertNotification:
		l.address("source", m.Source)
		l.address("esme", m.ESME)
		l.tlvs(m.TLVs)
	}
	return l
}
