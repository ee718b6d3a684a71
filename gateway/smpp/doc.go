// Package smpp speaks SMPP 3.4: its PDUs, its frames, and both ends of a session that stays honest about every submit_sm.
//
// An Account keeps the binds to an SMSC up, each by a Client; a Server is the SMSC's end, for the simulator and the tests. Both stand on one
// link: a reader, a writer, a dispatcher of the peer's requests and a keeper of time, none of which holds a lock over I/O.
//
// The states of a link:
//
//	dialled/accepted --bind_resp ok--> bound --ctx ends, or the peer's unbind--> draining --nothing in flight--> unbinding --> closed
//	       \                             \                                           \                             /
//	        `-- silent, refused --> closed `-- read or write error, dead peer, bad length, no answers --------> closed
//
// "SMPP" in comments is the Short Message Peer to Peer Protocol Specification v3.4, issue 1.2.
package smpp
