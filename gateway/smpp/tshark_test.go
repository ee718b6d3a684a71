package smpp

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tshark judges the codec field by field: name, place and octets. It is not asked where it is wrong:
//   - a data_sm_resp's TLVs when it refuses: they are not looked at
//   - empty strings: some are told of and some are not, and submit_multi's empty validity_period has another's name
//   - number_of_dests, dest_flag and no_unsuccess: they are passed over, but what they count is told of

func TestTsharkReadsWhatWeWrite(t *testing.T) {
	type judged struct {
		name  string
		frame []byte
		pdu   PDU
	}
	var all []judged
	for _, s := range samples {
		all = append(all, judged{s.name, frame(t, Header{Status: s.status, Sequence: 1}, s.pdu), s.pdu})
	}
	for name, draw := range drawings {
		drawn := rapid.Custom(func(t *rapid.T) PDU {
			rapid.Bool().Draw(t, "something, for the PDUs without a field")
			return draw(t)
		})
		for seed := range 10 {
			p := drawn.Example(seed)
			all = append(all, judged{fmt.Sprintf("%s %d", name, seed), frame(t, Header{Sequence: 1}, p), p})
		}
	}
	dump := &bytes.Buffer{}
	for _, j := range all {
		fmt.Fprintf(dump, "000000 % x\n", j.frame)
	}
	for i, got := range dissected(t, dump.Bytes(), len(all)) {
		j := all[i]
		want := append(fieldList{
			{"command_length", string(j.frame[:4])}, {"command_id", string(j.frame[4:8])}}, wireFields(j.pdu)...)
		if r, ok := j.pdu.(*DataSMResp); ok && binary.BigEndian.Uint32(j.frame[8:]) != 0 {
			want = want[:len(want)-len(r.TLVs)]
		}
		if diff := cmp.Diff(want, got.of(j.frame)); diff != "" {
			t.Errorf("%s, %x: %s", j.name, j.frame, diff)
		}
	}
}

// place is a field that tshark found, and where.
type place struct {
	name     string
	isString bool
	at, size int
}

type places []place

// of gives the octets at the places, but not those of empty strings.
func (p places) of(frame []byte) fieldList {
	var out fieldList
	for _, f := range p {
		if octets := string(frame[f.at : f.at+f.size]); octets != "\x00" || !f.isString {
			out = append(out, field{f.name, octets})
		}
	}
	return out
}

// names turns tshark's names into the specification's, for the fields that we write.
func names() (of map[string]string, isString map[string]bool) {
	of = map[string]string{"smpp.esm.submit.msg_mode": "esm_class", "smpp.regdel.receipt": "registered_delivery", "smpp.opt_param": "TLV"}
	isString = map[string]bool{}
	for _, name := range strings.Fields(`command_length command_id interface_version addr_ton addr_npi source_addr_ton source_addr_npi
		dest_addr_ton dest_addr_npi protocol_id priority_flag replace_if_present_flag data_coding sm_default_msg_id sm_length message
		error_status_code message_state error_code esme_addr_ton esme_addr_npi`) {
		of["smpp."+name] = name
	}
	for _, name := range strings.Fields(`system_id password system_type address_range service_type source_addr destination_addr dl_name
		schedule_delivery_time validity_period message_id final_date esme_addr`) {
		of["smpp."+name], of["smpp."+name+"_r"] = name, name // _r: a time that is relative
		isString[name] = true
	}
	return of, isString
}

// dissected runs tshark over the frames of a hex dump, each in a packet of its own.
func dissected(t *testing.T, dump []byte, n int) []places {
	t.Helper()
	dir := t.TempDir()
	hex, pcap := filepath.Join(dir, "frames.hex"), filepath.Join(dir, "frames.pcap")
	if err := os.WriteFile(hex, dump, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("text2pcap", "-q", "-T", "1000,2775", hex, pcap).CombinedOutput(); err != nil {
		t.Fatalf("text2pcap: %v %s", err, out)
	}
	var failed bytes.Buffer
	tshark := exec.Command("tshark", "-n", "-r", pcap, "-T", "pdml", "-J", "smpp")
	tshark.Stderr = &failed
	out, err := tshark.Output()
	if err != nil {
		t.Fatalf("tshark: %v %s", err, &failed)
	}
	type node struct {
		Name   string `xml:"name,attr"`
		Pos    string `xml:"pos,attr"`
		Size   string `xml:"size,attr"`
		Fields []node `xml:"field"`
	}
	var document struct {
		Packets []struct {
			Protocols []node `xml:"proto"`
		} `xml:"packet"`
	}
	if err := xml.Unmarshal(out, &document); err != nil {
		t.Fatalf("tshark's output: %v", err)
	}
	if len(document.Packets) != n {
		t.Fatalf("tshark saw %d packets of %d", len(document.Packets), n)
	}
	number := func(s string) int {
		v, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("tshark's output: %v", err)
		}
		return v
	}
	of, isString := names()
	var all []places
	for i, packet := range document.Packets {
		at := slices.IndexFunc(packet.Protocols, func(n node) bool { return n.Name == "smpp" })
		if at < 0 {
			t.Fatalf("tshark sees no SMPP in packet %d", i)
		}
		smpp := packet.Protocols[at]
		start := number(smpp.Pos)
		var found places
		var walk func([]node)
		walk = func(nodes []node) {
			for _, f := range nodes {
				name, ok := of[f.Name]
				if ok {
					found = append(found, place{name, isString[name], number(f.Pos) - start, number(f.Size)})
				}
				if name != "TLV" { // its octets say it all
					walk(f.Fields)
				}
			}
		}
		walk(smpp.Fields)
		slices.SortStableFunc(found, func(a, b place) int { return a.at - b.at })
		all = append(all, found)
	}
	return all
}

func TestTsharkKnowsTheSameStatuses(t *testing.T) {
	out, err := exec.Command("tshark", "-G", "values").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	theirs := map[Status]bool{}
	for line := range strings.Lines(string(out)) {
		// R smpp.command_status 0x58 0x58 Throttling error ...
		cells := strings.Split(strings.TrimSpace(line), "\t")
		if len(cells) != 5 || cells[1] != "smpp.command_status" || cells[4] == "[Reserved]" {
			continue
		}
		n, err := strconv.ParseUint(cells[2], 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		if n < 0x100 { // beyond are SMPP 5's and the carriers' own
			theirs[Status(n)] = true
		}
	}
	ours := map[Status]bool{}
	for s := range statuses {
		ours[s] = true
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Error(diff)
	}
}
