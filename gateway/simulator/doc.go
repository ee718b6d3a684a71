// Package simulator is the world outside the ward's gateway: an SMSC, the residents' handsets, and the voice provider
// that carries their calls. The demo, the tests and the bench meet it only over SMPP and signed webhooks, as they would
// meet a carrier.
package simulator
