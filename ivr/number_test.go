package ivr

import "testing"

func TestNumbersOfALengthThatIsDialledHere(t *testing.T) {
	for number, want := range map[string]bool{
		"0905123456": true, "02363822333": true, "02438253536": true, "01239226196": true, "84905123456": true, "842363822333": true,
		"113": true, "156": true, "5656": true, "18001": true, "18001234": true, "19001234": true, "1900545413": true,
		"0015005550006": true, "0084905123456": true,
		"1": false, "12": false, "905123456": false, "090512345": false, "09051234567": false, "190012345": false, "123456": false,
		"0123456789012345678": false, "15005550006": false,
	} {
		if got := whole(number); got != want {
			t.Errorf("%s: %v", number, got)
		}
	}
}
