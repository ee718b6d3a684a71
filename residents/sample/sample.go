// Package sample holds the made-up list of the ward Thanh Khê, messy as real ones are, that the demo imports and the tests count.
package sample

import _ "embed"

// Residents is the list as a ward's office would send it: CSV, UTF-8 with a BOM.
//
//go:embed residents.csv
var Residents []byte

// Expected are the counts that importing Residents into 60 groups must give, as JSON.
//
//go:embed residents.expected.json
var Expected []byte
