package postgres

import "database/sql/driver"

// Guarded is c as Open uses it.
func Guarded(c driver.Connector) driver.Connector { return guard{c} }
