package nodes

import "time"

// When the operator is told: on the page of the system and by `canhgiac doctor` alike.
const (
	ClockLimit      = 2 * time.Second
	CertificateSoon = 30 * 24 * time.Hour
	CertificateNow  = 7 * 24 * time.Hour
	diskShare       = 10 // per cent that are free
	fullShare       = 2
)

// Low says that the disk is nearly full.
func (d Disk) Low() bool { return d.Free*100 < d.Total*diskShare }

// Full says that a database or a recording may fail on it any time.
func (d Disk) Full() bool { return d.Free*100 < d.Total*fullShare }
