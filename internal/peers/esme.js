// An ESME of npm smpp that binds to 127.0.0.1:PORT (the first argument), steered by JSON lines as smsc.js is.
'use strict';
const readline = require('readline');
const smpp = require('smpp');

const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

const session = smpp.connect({ host: '127.0.0.1', port: Number(process.argv[2]) }, () => {
  session.bind_transceiver({ system_id: 'npm', password: process.argv[3] }, (resp) => {
    say({ event: 'bound', status: resp.command_status, system_id: resp.system_id });
  });
});
session.on('error', () => {});
session.on('close', () => say({ event: 'closed' }));
session.on('enquire_link', (pdu) => session.send(pdu.response()));
session.on('unbind', (pdu) => session.send(pdu.response(), () => session.close()));
session.on('deliver_sm', (pdu) => {
  const sm = pdu.short_message || {};
  say({
    event: 'deliver', source: pdu.source_addr, dest: pdu.destination_addr, esm_class: pdu.esm_class, coding: pdu.data_coding,
    text: sm.message === undefined ? '' : sm.message.toString(), udh: (sm.udh || []).map((e) => e.toString('hex')),
    receipted: pdu.receipted_message_id, state: pdu.message_state,
  });
  session.send(pdu.response());
});

const commands = {
  // Without a coding the library would say 1 (IA5) for octets that are GSM-7.
  submit({ source, dest, text, coding }) {
    session.submit_sm({ source_addr: source, destination_addr: dest, short_message: text, data_coding: coding, registered_delivery: 1 }, (resp) => {
      say({ event: 'submitted', status: resp.command_status, id: resp.message_id });
    });
  },
  // Keeps window submits without a response until count have been sent.
  flood({ source, dest, text, count, window }) {
    let sent = 0;
    const next = () => {
      if (sent++ >= count) return;
      session.submit_sm({ source_addr: source, source_addr_ton: 5, destination_addr: dest, short_message: text, registered_delivery: 1 }, next);
    };
    for (let i = 0; i < window; i++) next();
  },
  enquire() {
    session.enquire_link((resp) => say({ event: 'alive', status: resp.command_status }));
  },
  unbind() {
    session.unbind((resp) => say({ event: 'unbound', status: resp.command_status }));
  },
};

readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const c = JSON.parse(line);
    commands[c.do](c);
  })
  .on('close', () => process.exit(0)); // the test has ended
