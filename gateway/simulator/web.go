package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/gateway/sms"
)

// bodyLimit is more than any text a handset can compose.
const bodyLimit = 16 << 10

// handler is the control API:
//
//	GET  /handsets/{number}/events            the handset's screen and speaker, as server-sent events
//	POST /handsets/{number}/sms    {to,text,split}   split: udh, udh16, sar or payload
//	POST /handsets/{number}/call   {to,withheld,by}  by: "stringee", or TwiML
//	POST /handsets/{number}/keys   {digits}   0-9 * #
//	POST /handsets/{number}/hangup
//	POST /handsets/{number}/answer            takes the call that rings; hangup declines it
//	POST /2010-04-01/Accounts/{account}/Calls.json   the provider is asked for a call
//	POST /handsets/{number}/ussd   {code}     dials a code such as *8088#; {text} answers what is asked; {cancel:true} is the red button
//	GET  /messages?to=NUMBER                  what the handset holds
//	GET  /stats                               what the SMSC accepted, counted
//	PUT  /officer                  {outcome}  answer, no-answer, busy
//	POST /links/cut                           drops every SMPP link
//	GET  /recordings/{id}
//
// Refusals are {"error": words for the person at the page}.
func (s *Simulator) handler() http.Handler {
	r := mux.NewRouter()
	r.HandleFunc("/handsets/{number}/events", s.getEvents).Methods(http.MethodGet)
	r.HandleFunc("/handsets/{number}/sms", s.postSMS).Methods(http.MethodPost)
	r.HandleFunc("/handsets/{number}/call", s.postCall).Methods(http.MethodPost)
	r.HandleFunc("/handsets/{number}/keys", s.postKeys).Methods(http.MethodPost)
	r.HandleFunc("/handsets/{number}/hangup", s.postHangUp).Methods(http.MethodPost)
	r.HandleFunc("/handsets/{number}/answer", s.postAnswer).Methods(http.MethodPost)
	r.HandleFunc("/2010-04-01/Accounts/{account}/Calls.json", s.postCalls).Methods(http.MethodPost)
	r.HandleFunc("/handsets/{number}/ussd", s.postUSSD).Methods(http.MethodPost)
	r.HandleFunc("/messages", s.getMessages).Methods(http.MethodGet)
	r.HandleFunc("/stats", s.getStats).Methods(http.MethodGet)
	r.HandleFunc("/officer", s.putOfficer).Methods(http.MethodPut)
	r.HandleFunc("/links/cut", s.postCut).Methods(http.MethodPost)
	r.HandleFunc("/recordings/{id}", s.getRecording).Methods(http.MethodGet)
	// A page of another site, open in the same browser, must not act as a resident.
	return http.NewCrossOriginProtection().Handler(r)
}

func (s *Simulator) getEvents(w http.ResponseWriter, r *http.Request) {
	n, err := parseNumber(mux.Vars(r)["number"])
	if err != nil {
		refuse(w, err)
		return
	}
	events, stop := s.phone.watch(n)
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	// The browser learns that it is connected before anything happens.
	if _, err := fmt.Fprint(w, "retry: 1000\n\n"); err != nil || out.Flush() != nil {
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			data, err := json.Marshal(e)
			if err != nil {
				s.o.Log.Error("handset event", "err", err)
				return
			}
			if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Name, data); err != nil || out.Flush() != nil {
				return
			}
		}
	}
}

func (s *Simulator) postSMS(w http.ResponseWriter, r *http.Request) {
	var in struct {
		To, Text string
		Split    sms.Scheme
	}
	if !read(w, r, &in) {
		return
	}
	done(w, s.Text(mux.Vars(r)["number"], in.To, in.Text, in.Split))
}

func (s *Simulator) postCall(w http.ResponseWriter, r *http.Request) {
	var in struct {
		To       string
		Withheld bool
		By       string
	}
	if !read(w, r, &in) {
		return
	}
	if in.By == stringee {
		done(w, s.CallByStringee(mux.Vars(r)["number"], in.To, in.Withheld))
		return
	}
	done(w, s.Call(mux.Vars(r)["number"], in.To, in.Withheld))
}

func (s *Simulator) postKeys(w http.ResponseWriter, r *http.Request) {
	var in struct{ Digits string }
	if !read(w, r, &in) {
		return
	}
	if in.Digits == "" || len(in.Digits) > 32 || strings.Trim(in.Digits, "0123456789*#") != "" {
		refuse(w, errKeys)
		return
	}
	done(w, s.Press(mux.Vars(r)["number"], in.Digits))
}

func (s *Simulator) postHangUp(w http.ResponseWriter, r *http.Request) {
	done(w, s.HangUp(mux.Vars(r)["number"]))
}

func (s *Simulator) postAnswer(w http.ResponseWriter, r *http.Request) {
	done(w, s.PickUp(mux.Vars(r)["number"]))
}

func (s *Simulator) postUSSD(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code, Text string
		Cancel     bool
	}
	if !read(w, r, &in) {
		return
	}
	switch n := mux.Vars(r)["number"]; {
	case in.Cancel:
		done(w, s.CancelDialog(n))
	case in.Code != "":
		done(w, s.Dial(n, in.Code))
	default:
		done(w, s.Answer(n, in.Text))
	}
}

func (s *Simulator) getMessages(w http.ResponseWriter, r *http.Request) {
	n, err := parseNumber(r.URL.Query().Get("to"))
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"messages": append([]Event{}, s.phone.texts(n)...)})
}

func (s *Simulator) putOfficer(w http.ResponseWriter, r *http.Request) {
	var in Officer
	if !read(w, r, &in) {
		return
	}
	switch in.Outcome {
	case "answer", "no-answer", "busy":
		in.After, in.Talk = s.o.Officer.After, s.o.Officer.Talk
		s.SetOfficer(in)
		done(w, nil)
	default:
		refuse(w, errOutcome)
	}
}

func (s *Simulator) postCut(w http.ResponseWriter, _ *http.Request) {
	s.Cut()
	done(w, nil)
}

func (s *Simulator) getRecording(w http.ResponseWriter, r *http.Request) {
	wav, ok := s.recording(mux.Vars(r)["id"])
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	_, _ = w.Write(wav) // the caller left
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(into); err != nil {
		refuse(w, fmt.Errorf("%w: %v", errBody, err))
		return false
	}
	return true
}

func done(w http.ResponseWriter, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusAccepted, struct{}{})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller left
}

var (
	errBody      = errors.New("the body is not the JSON asked for")
	errKeys      = errors.New("want 1 to 32 keys of 0-9 * #")
	errOutcome   = errors.New("want answer, no-answer or busy")
	errCode      = errors.New("want a code such as *8088#")
	errDialog    = errors.New("the handset is in a USSD dialog")
	errNoDialog  = errors.New("the handset is in no USSD dialog")
	errNotAsked  = errors.New("nothing was asked yet")
	errNoGateway = errors.New("no gateway is bound")
	errSplit     = errors.New("want udh, udh16, sar or payload")
	errEmpty     = errors.New("the text is empty or too long")
)

// refusals give each error its status and what the person at the handset reads.
var refusals = []struct {
	err    error
	status int
	words  string
}{
	{errNumber, http.StatusBadRequest, "Số máy không đúng."},
	{errBody, http.StatusBadRequest, "Yêu cầu không đúng dạng."},
	{errKeys, http.StatusBadRequest, "Chỉ nhận các phím 0–9, * và #."},
	{errOutcome, http.StatusBadRequest, "Chỉ nhận answer, no-answer hoặc busy."},
	{errEmpty, http.StatusBadRequest, "Tin nhắn trống hoặc quá dài."},
	{errSplit, http.StatusBadRequest, "Chỉ nhận udh, udh16, sar hoặc payload."},
	{errBusy, http.StatusConflict, "Máy đang có cuộc gọi."},
	{errNotRung, http.StatusConflict, "Máy không đổ chuông."},
	{errNoCall, http.StatusConflict, "Máy không có cuộc gọi nào."},
	{errNoVoice, http.StatusServiceUnavailable, "Chưa nối tổng đài thoại."},
	{errCode, http.StatusBadRequest, "Mã phải có dạng *8088#."},
	{errDialog, http.StatusConflict, "Máy đang trong một phiên USSD."},
	{errNoDialog, http.StatusConflict, "Máy không có phiên USSD nào."},
	{errNotAsked, http.StatusConflict, "Xin chờ câu hỏi hiện lên."},
	{errNoGateway, http.StatusServiceUnavailable, "Chưa nối nhà mạng. Xin thử lại sau."},
}

func refuse(w http.ResponseWriter, err error) {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			answer(w, r.status, map[string]string{"error": r.words})
			return
		}
	}
	answer(w, http.StatusInternalServerError, map[string]string{"error": "Máy giả lập gặp lỗi."})
}
