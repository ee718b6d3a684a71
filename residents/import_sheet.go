package residents

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// FileError says why a file is no list of residents, in the words of the ward's staff.
type FileError struct{ Text string }

func (e *FileError) Error() string { return e.Text }

// sheet is a list as it was written, blank rows left out.
type sheet struct {
	comma rune // between cells, for writing rejects the way the file came
	rows  []sheetRow
	fixed bool // every row of a CSV has as many cells as its header; a spreadsheet leaves out empty ones at the end
}

type sheetRow struct {
	number int // as a spreadsheet counts, from 1
	cells  []string
	broken bool // quotes that do not match: cells holds the raw line alone
}

// readSheet tells the kind of file by its first bytes: names of files lie.
func readSheet(data []byte) (*sheet, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, &FileError{wordEmpty}
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readXLSX(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, &FileError{wordOldExcel}
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, &FileError{wordUTF16}
	}
	if nul := bytes.Count(data, []byte{0}); nul*3 > len(data) {
		return nil, &FileError{wordUTF16}
	} else if nul > 0 {
		return nil, &FileError{wordBinary}
	}
	if !utf8.Valid(data) {
		return nil, &FileError{fmt.Sprintf(wordNotUTF8, 1+bytes.Count(data[:invalidAt(data)], []byte("\n")))}
	}
	return readCSV(data)
}

func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}

// maxBroken: each broken row makes the reader start again, which a hostile file could ask for on every line.
const maxBroken = 1000

func readCSV(data []byte) (*sheet, error) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n")) // old Mac line ends; a bare CR inside quotes becomes a line break
	s := &sheet{comma: delimiter(data), fixed: true}
	row, broken := 1, 0
	for len(data) > 0 {
		r := csv.NewReader(bytes.NewReader(data))
		r.Comma, r.FieldsPerRecord = s.comma, -1
		line, start := 1, int64(0) // within data
		for {
			cells, err := r.Read()
			if errors.Is(err, io.EOF) {
				return s, nil
			}
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				// A quote that never closes swallows all that follows, so give up this line alone and start again after it.
				row += bad.StartLine - line
				raw, rest, _ := bytes.Cut(skipLines(data[start:], bad.StartLine-line), []byte("\n"))
				s.rows = append(s.rows, sheetRow{number: row, cells: []string{string(raw)}, broken: true})
				if broken++; broken > maxBroken {
					return nil, &FileError{fmt.Sprintf(wordQuotes, s.rows[0].number)}
				}
				data, row = rest, row+1
				break
			}
			if err != nil {
				return nil, err
			}
			at, _ := r.FieldPos(0)
			row += at - line // blank lines, which the reader skips and a spreadsheet counts
			s.add(row, cells)
			row, line, start = row+1, at+1, r.InputOffset()
			for _, c := range cells {
				line += strings.Count(c, "\n") // a cell of several lines is one row of a spreadsheet
			}
		}
	}
	return s, nil
}

func skipLines(data []byte, n int) []byte {
	for ; n > 0; n-- {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	return data
}

// delimiter finds what stands between cells: Vietnamese Excel writes semicolons. It looks at the first lines outside quotes.
func delimiter(data []byte) rune {
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		quoted, n := false, 0
		for _, b := range data[:min(len(data), 2048)] {
			switch {
			case b == '"':
				quoted = !quoted
			case !quoted && rune(b) == c:
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	return best
}

// A spreadsheet has up to 16,384 columns and 1,048,576 rows, and a cell in the last ones makes a few bytes into gigabytes.
const (
	maxColumns = 200
	maxRows    = 300_000 // more people than any ward has
	maxUnfold  = 256 << 20
)

// unfolded is how large a workbook says that its parts are; the reader of zips holds each to what it says.
func unfolded(data []byte) (size uint64) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0 // no workbook, which its reader will say
	}
	for _, f := range z.File {
		size += min(f.UncompressedSize64, maxUnfold+1) // the sum of a few lies must not overflow
	}
	return size
}

// readXLSX reads the first sheet. Values come raw: a cell's format would show 901234567 as 9.01E+08 or 901,234,567.
func readXLSX(data []byte) (*sheet, error) {
	if unfolded(data) > maxUnfold {
		return nil, &FileError{fmt.Sprintf(wordUnfolds, maxUnfold>>20)}
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnfold, UnzipXMLSizeLimit: 16 << 20})
	if err != nil {
		return nil, &FileError{wordBadExcel}
	}
	defer f.Close()
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return nil, &FileError{wordBadExcel}
	}
	defer rows.Close()
	s := &sheet{comma: ','}
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			return nil, &FileError{wordBadExcel}
		}
		if n > maxRows {
			return nil, &FileError{fmt.Sprintf(wordManyRows, maxRows)}
		}
		s.add(n, slices.Clone(cells[:min(len(cells), maxColumns)]))
	}
	if rows.Error() != nil {
		return nil, &FileError{wordBadExcel}
	}
	if len(s.rows) == 0 {
		return nil, &FileError{wordEmpty}
	}
	return s, nil
}

func (s *sheet) add(number int, cells []string) {
	if strings.TrimSpace(strings.Join(cells, "")) != "" {
		s.rows = append(s.rows, sheetRow{number: number, cells: cells})
	}
}
