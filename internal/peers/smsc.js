// An SMSC of npm smpp, steered by JSON lines: commands on stdin, events on stdout.
'use strict';
const readline = require('readline');
const smpp = require('smpp');

const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

let session = null; // the last that bound
let next = 0;

// What is on its way to the ESME: it goes out again on the next link, until it is answered.
const unanswered = new Set();

function give(one) {
  unanswered.add(one);
  session.deliver_sm(one.pdu, (resp) => {
    unanswered.delete(one);
    say({ ...one.acked, status: resp.command_status });
  });
}

// Text and header of a message as the library reads them.
function user(pdu) {
  const sm = pdu.short_message || {};
  return {
    text: sm.message === undefined ? '' : sm.message.toString(),
    udh: (sm.udh || []).map((e) => e.toString('hex')),
  };
}

const server = smpp.createServer((s) => {
  s.on('error', () => {});
  s.on('close', () => say({ event: 'closed' }));
  for (const kind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    s.on(kind, (pdu) => {
      if (pdu.password === 'wrong') {
        s.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
        s.close();
        return;
      }
      session = s;
      s.send(pdu.response({ system_id: 'npm-smpp' }));
      say({ event: 'bound', kind, system_id: pdu.system_id });
      unanswered.forEach(give);
    });
  }
  s.on('enquire_link', (pdu) => s.send(pdu.response()));
  s.on('unbind', (pdu) => {
    say({ event: 'unbind' });
    s.send(pdu.response(), () => s.close());
  });
  s.on('submit_sm', (pdu) => {
    if (pdu.ussd_service_op !== undefined) {
      s.send(pdu.response({ message_id: 'u' + (++next) }));
      say({ event: 'ussd', source: pdu.source_addr, dest: pdu.destination_addr, service: pdu.service_type, op: pdu.ussd_service_op,
        session: pdu.its_session_info === undefined ? '' : pdu.its_session_info.toString('hex'), ...user(pdu) });
      return;
    }
    if (pdu.destination_addr === '0') {
      s.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
      return;
    }
    const id = 'n' + (++next);
    say({ event: 'submit', id, source: pdu.source_addr, dest: pdu.destination_addr, coding: pdu.data_coding, ...user(pdu) });
    s.send(pdu.response({ message_id: id }));
    if (pdu.registered_delivery & 1) {
      give({
        acked: { event: 'receipt_acked', id },
        pdu: {
          source_addr: pdu.destination_addr,
          destination_addr: pdu.source_addr,
          esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
          short_message: `id:${id} sub:001 dlvrd:001 submit date:2608271404 done date:2608271405 stat:DELIVRD err:000 text:`,
          receipted_message_id: id,
          message_state: smpp.MESSAGE_STATE.DELIVERED,
        },
      });
    }
  });
});

const commands = {
  // A step of a USSD session; session: hex of its_session_info, none when left out.
  ussd({ source, dest, text, op, session: info }) {
    const pdu = { service_type: 'USSD', source_addr: source, source_addr_ton: 1, source_addr_npi: 1, destination_addr: dest, short_message: text,
      ussd_service_op: op };
    if (info) pdu.its_session_info = Buffer.from(info, 'hex');
    session.deliver_sm(pdu, (resp) => say({ event: 'ussd_acked', status: resp.command_status }));
  },
  // A message from a phone. header: hex of a user data header.
  mo({ source, dest, text, coding, header }) {
    const pdu = { source_addr: source, destination_addr: dest, short_message: text };
    if (coding !== undefined) pdu.data_coding = coding;
    if (header) {
      pdu.esm_class = smpp.ESM_CLASS.UDH_INDICATOR;
      pdu.short_message = { udh: Buffer.from(header, 'hex'), message: text };
    }
    give({ acked: { event: 'mo_acked' }, pdu });
  },
  enquire() {
    session.enquire_link((resp) => say({ event: 'alive', status: resp.command_status }));
  },
  unbind() {
    session.unbind((resp) => say({ event: 'unbound', status: resp.command_status }));
  },
  drop() {
    session.destroy();
  },
};

server.listen(0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const c = JSON.parse(line);
    commands[c.do](c);
  })
  .on('close', () => process.exit(0)); // the test has ended
