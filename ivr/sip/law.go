package sip

import "canhgiac/internal/g711"

// The two laws of G.711, by their static payload types (RFC 3551 §6). Vietnam's trunks are A-law; phones on a desk often
// offer µ-law alone.
type law uint8

const (
	uLaw law = 0
	aLaw law = 8
)

// hush is one sample of silence.
func (l law) hush() byte {
	if l == uLaw {
		return 0xff
	}
	return 0xd5
}

// laws are the tables of both: built once, read ever after.
type laws struct {
	linear [9][256]int16 // by law
	toU    [256]byte     // of an A-law sample
	toA    [256]byte     // of a µ-law sample
}

func newLaws() *laws {
	t := new(laws)
	for i := range 256 {
		t.linear[aLaw][i] = g711.FromALaw(byte(i))
		t.linear[uLaw][i] = g711.FromULaw(byte(i))
	}
	for i := range 256 {
		t.toU[i] = g711.ToULaw(t.linear[aLaw][i])
		t.toA[i] = g711.ToALaw(t.linear[uLaw][i])
	}
	return t
}

// convert gives the samples in another law; the same slice where nothing is to be done.
func (t *laws) convert(samples []byte, from, to law) []byte {
	if from == to {
		return samples
	}
	table := &t.toU
	if to == aLaw {
		table = &t.toA
	}
	out := make([]byte, len(samples))
	for i, s := range samples {
		out[i] = table[s]
	}
	return out
}

// loudness is the mean of the samples' size, 0 to 32767.
func (t *laws) loudness(samples []byte, l law) int {
	if len(samples) == 0 {
		return 0
	}
	sum := 0
	for _, s := range samples {
		sum += abs(int(t.linear[l][s]))
	}
	return sum / len(samples)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
