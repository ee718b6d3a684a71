package conversations

import (
	"os"
	"testing"

	"canhgiac/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
