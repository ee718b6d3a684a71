package residents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Noun is one of the plain words that code words are made of; the hotline has the sound of each.
type Noun struct{ Key, Word string }

// Nouns are things that everybody knows and no two of which sound alike. Once given out, a key is never taken away.
var Nouns = nouns("hoa sen, hoa mai, hoa đào, hoa cúc, hoa hồng, cây tre, cây đa, cây dừa, cây cau, cây khế, lá trầu, quả cam, quả chuối, " +
	"quả xoài, quả mít, quả bưởi, củ khoai, hạt gạo, bông lúa, bát cơm, bánh chưng, bánh xèo, nước mắm, ấm trà, con trâu, con ong, con gà, con vịt, " +
	"con cò, con rùa, con tôm, con cua, con mèo, con voi, con ngựa, con thuyền, chiếc nón, cái ghế, cái bàn, cái đèn, cái quạt, cái võng, cái chổi, " +
	"cái giếng, mái nhà, cánh cửa, cánh đồng, dòng sông, ngọn núi, bãi biển, mặt trời, mặt trăng, ngôi sao, đám mây, cơn mưa, ngọn gió, cầu vồng, " +
	"bếp lửa, sân đình, bến nước")

func nouns(list string) []Noun {
	var all []Noun
	for _, w := range strings.Split(list, ", ") {
		all = append(all, Noun{strings.ReplaceAll(Fold(w), " ", "_"), w})
	}
	return all
}

// CodeWord is what our calls to a household say first, so that it knows them from a scammer's: two nouns, by key. The zero
// value is none.
type CodeWord struct{ First, Second string }

// ErrCodeWord: not two different nouns of the list.
var ErrCodeWord = errors.New("a code word is two different nouns of the list")

func isNoun(key string) bool {
	for _, n := range Nouns {
		if n.Key == key {
			return true
		}
	}
	return false
}

// Words gives the two as they are said.
func (c CodeWord) Words() []string {
	var all []string
	for _, key := range []string{c.First, c.Second} {
		for _, n := range Nouns {
			if n.Key == key {
				all = append(all, n.Word)
			}
		}
	}
	return all
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

const codeWordSQL = `select first, second from code_words where phone = $1`

// CodeWordOf gives a household's code word, the zero value where it has none. q is the store's database or a transaction.
func CodeWordOf(ctx context.Context, q rowQuerier, p Phone) (CodeWord, error) {
	var c CodeWord
	err := q.QueryRowContext(ctx, codeWordSQL, string(p)).Scan(&c.First, &c.Second)
	if errors.Is(err, sql.ErrNoRows) {
		return CodeWord{}, nil
	}
	if err != nil {
		return CodeWord{}, fmt.Errorf("code word of a household: %w", err)
	}
	return c, nil
}

const setCodeWordSQL = `
insert into code_words (phone, first, second, chosen_at) values ($1, $2, $3, $4)
on conflict (phone) do update set first = excluded.first, second = excluded.second, chosen_at = excluded.chosen_at`

const dropCodeWordSQL = `delete from code_words where phone = $1`

// SetCodeWord keeps what a household chose; the zero value takes it away. Error: ErrCodeWord.
func (s *Store) SetCodeWord(ctx context.Context, tx *sql.Tx, p Phone, c CodeWord) error {
	if c == (CodeWord{}) {
		if _, err := tx.ExecContext(ctx, dropCodeWordSQL, string(p)); err != nil {
			return fmt.Errorf("drop a code word: %w", err)
		}
		return nil
	}
	if !isNoun(c.First) || !isNoun(c.Second) || c.First == c.Second {
		return ErrCodeWord
	}
	if _, err := tx.ExecContext(ctx, setCodeWordSQL, string(p), c.First, c.Second, s.now().UTC().Truncate(time.Microsecond)); err != nil {
		return fmt.Errorf("keep a code word: %w", err)
	}
	return nil
}
