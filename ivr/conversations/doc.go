// Package conversations holds whole talks of residents with the hotline, each told once in testdata/conversations.yaml, and
// holds every way to the hotline to them: TwiML, Stringee and NCCO by signed webhooks, SIP with its sound and keys over
// loopback, USSD by its screens. What is heard must be what the table says, and the same everywhere; what is kept afterwards
// must be the same to the last field.
//
// Out of each conversation more are made: it is hung up at every point.
package conversations
