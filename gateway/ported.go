package gateway

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"canhgiac/internal/audit"
	"canhgiac/residents"
)

// PortedList is a list of numbers that left the carrier of their prefix.
type PortedList struct {
	Name string // of the file
	By   string // user name, or "command"
}

// PortedResult counts what a list changed.
type PortedResult struct {
	Numbers int `json:"numbers"`
	Added   int `json:"added"`
	Changed int `json:"changed"`
}

// maxPortedErrors bounds the rows that are told one by one.
const maxPortedErrors = 20

// What is wrong with a list, in the words of the ward's staff. No number is repeated: the row says where it stands.
const (
	portedNoText   = "tệp không phải CSV dạng chữ: hãy lưu lại thành CSV UTF-8 rồi nhập lại"
	portedHeader   = `dòng đầu phải có hai cột "phone" và "carrier", ví dụ: phone,carrier`
	portedEmpty    = "tệp không có số nào: mỗi dòng cần một số và tên nhà mạng"
	portedPhone    = "dòng %d: không phải số di động Việt Nam; viết như 0901234567, 84901234567 hoặc +84901234567"
	portedCarrier  = "dòng %d: không có nhà mạng %q trong gateway.carriers; dùng một trong: %s"
	portedCells    = "dòng %d: thiếu cột; cần cả số và tên nhà mạng"
	portedQuotes   = "dòng %d: dấu ngoặc kép không khớp; xoá dấu thừa rồi nhập lại"
	portedTwice    = "dòng %d: số này đã ở dòng %d với nhà mạng khác; chỉ giữ lại một dòng"
	portedMore     = "… và %d dòng khác"
	portedNotTaken = "Chưa nhập số nào. Hãy sửa rồi nhập lại cả tệp:"
)

const stagePortedSQL = `create temporary table ported_stage (line int not null, phone text not null, carrier text not null) on commit drop`

const portedTwiceSQL = `
select max(line), min(line) from ported_stage group by phone having count(distinct carrier) > 1 order by 1 limit $1`

// addPortedSQL leaves what is known already as it is, so that the same list again changes nothing.
const addPortedSQL = `
with taken as (
	insert into ported_numbers (phone, carrier, source, at)
	select distinct phone, carrier, 'import', $1::timestamptz from ported_stage
	on conflict (phone) do update set carrier = excluded.carrier, source = excluded.source, at = excluded.at
	where ported_numbers.carrier <> excluded.carrier
	returning xmax = 0 as added
)
select (select count(distinct phone) from ported_stage), count(*) filter (where added), count(*) filter (where not added) from taken`

// ImportPorted takes a CSV of numbers and the carriers that they are with now, whole or not at all. A
// *residents.FileError says which rows stand in the way and what to do about them.
func (s *Store) ImportPorted(ctx context.Context, r io.Reader, l PortedList) (PortedResult, error) {
	var result PortedResult
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return result, fmt.Errorf("import ported numbers: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, stagePortedSQL); err != nil {
		return result, fmt.Errorf("import ported numbers: %w", err)
	}
	wrong, err := s.stagePorted(ctx, tx, r)
	if err != nil {
		return result, err
	}
	if len(wrong.list) == 0 {
		if err := wrong.addTwice(ctx, tx); err != nil {
			return result, err
		}
	}
	if len(wrong.list) > 0 {
		return result, wrong.error()
	}
	now := s.now().UTC()
	if err := tx.QueryRowContext(ctx, addPortedSQL, now).Scan(&result.Numbers, &result.Added, &result.Changed); err != nil {
		return result, fmt.Errorf("import ported numbers: %w", err)
	}
	if result.Numbers == 0 {
		return result, &residents.FileError{Text: portedEmpty}
	}
	// An expansion joins this table with a million numbers: its plan must know how large it is.
	if _, err := tx.ExecContext(ctx, `analyze ported_numbers`); err != nil {
		return result, fmt.Errorf("import ported numbers: %w", err)
	}
	err = audit.Write(ctx, tx, audit.Entry{At: now, Who: l.By, Role: "operator", Act: "ported.import", Object: "ported:" + l.Name,
		Detail: fmt.Sprintf("%d numbers, %d added, %d changed", result.Numbers, result.Added, result.Changed)})
	if err != nil {
		return result, err
	}
	return result, tx.Commit()
}

// wrongRows are what stands in the way of a list.
type wrongRows struct {
	list []string
	more int
}

func (w *wrongRows) add(format string, args ...any) {
	if len(w.list) < maxPortedErrors {
		w.list = append(w.list, fmt.Sprintf(format, args...))
		return
	}
	w.more++
}

func (w *wrongRows) addTwice(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, portedTwiceSQL, maxPortedErrors)
	if err != nil {
		return fmt.Errorf("import ported numbers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var line, first int
		if err := rows.Scan(&line, &first); err != nil {
			return fmt.Errorf("import ported numbers: %w", err)
		}
		w.add(portedTwice, line, first)
	}
	return rows.Err()
}

func (w *wrongRows) error() error {
	lines := append([]string{portedNotTaken}, w.list...)
	if w.more > 0 {
		lines = append(lines, fmt.Sprintf(portedMore, w.more))
	}
	return &residents.FileError{Text: strings.Join(lines, "\n")}
}

// stagePorted streams the file into the stage, and goes on past what is wrong, so that one look at the report is enough.
func (s *Store) stagePorted(ctx context.Context, tx *sql.Tx, r io.Reader) (wrong *wrongRows, err error) {
	file := bufio.NewReaderSize(r, 64<<10)
	first, err := file.Peek(2048)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read ported numbers: %w", err)
	}
	if bytes.IndexByte(first, 0) >= 0 || bytes.HasPrefix(first, []byte("PK")) {
		return nil, &residents.FileError{Text: portedNoText}
	}
	if bytes.HasPrefix(first, []byte("\ufeff")) {
		_, _ = file.Discard(len("\ufeff")) // it has been peeked at
	}
	rows := csv.NewReader(file)
	rows.FieldsPerRecord, rows.ReuseRecord, rows.TrimLeadingSpace = -1, true, true
	if line, _, _ := bytes.Cut(first, []byte("\n")); bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		rows.Comma = ';' // as spreadsheets here write it
	}
	phone, carrier, err := portedColumns(rows)
	if err != nil {
		return nil, err
	}
	stage, err := tx.PrepareContext(ctx, `copy ported_stage (line, phone, carrier) from stdin`)
	if err != nil {
		return nil, fmt.Errorf("import ported numbers: %w", err)
	}
	if wrong, err = s.copyPorted(ctx, stage, rows, phone, carrier); err != nil {
		return nil, errors.Join(err, stage.Close()) // lib/pq cannot roll back within a COPY
	}
	return wrong, stage.Close()
}

func portedColumns(rows *csv.Reader) (phone, carrier int, err error) {
	header, err := rows.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, &residents.FileError{Text: fmt.Sprintf(portedQuotes, 1)}
	}
	column := func(name string) int {
		return slices.IndexFunc(header, func(cell string) bool { return strings.EqualFold(strings.TrimSpace(cell), name) })
	}
	if phone, carrier = column("phone"), column("carrier"); phone < 0 || carrier < 0 {
		return 0, 0, &residents.FileError{Text: portedHeader}
	}
	return phone, carrier, nil
}

func (s *Store) copyPorted(ctx context.Context, stage *sql.Stmt, rows *csv.Reader, phone, carrier int) (*wrongRows, error) {
	wrong := &wrongRows{}
	for {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			wrong.add(portedQuotes, bad.StartLine) // what follows an open quote cannot be told apart
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read ported numbers: %w", err)
		}
		line, _ := rows.FieldPos(0)
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue
		}
		if len(cells) <= max(phone, carrier) {
			wrong.add(portedCells, line)
			continue
		}
		p, err := residents.ParsePhone(cells[phone])
		if err != nil || p.Kind != residents.Mobile {
			wrong.add(portedPhone, line)
			continue
		}
		name := strings.ToLower(strings.TrimSpace(cells[carrier]))
		if !slices.Contains(s.routes.names, name) {
			wrong.add(portedCarrier, line, name, strings.Join(s.routes.names, ", "))
			continue
		}
		if len(wrong.list) > 0 {
			continue // nothing will be taken
		}
		if _, err := stage.ExecContext(ctx, line, string(p.Phone), name); err != nil {
			return nil, fmt.Errorf("import ported numbers: %w", err)
		}
	}
	if _, err := stage.ExecContext(ctx); err != nil { // COPY tells of its errors at the end
		return nil, fmt.Errorf("import ported numbers: %w", err)
	}
	return wrong, nil
}
