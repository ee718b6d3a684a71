// An ESME of npm smpp that binds to 127.0.0.1:PORT (the first argument), steered by JSON lines as smsc.js is.
'use strict';
const readline = require('readline');
const smpp = require('smpp');

const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

let session = null;
let wasBound = false; // once: a link that is lost is then bound again
let leaving = false; // the link's end was wished

function connect() {
  const s = smpp.connect({ host: '127.0.0.1', port: Number(process.argv[2]) }, () => {
    s.bind_transceiver({ system_id: 'npm', password: process.argv[3] }, (resp) => {
      if (resp.command_status === 0) {
        wasBound = true;
        session = s;
      }
      say({ event: 'bound', status: resp.command_status, system_id: resp.system_id });
      for (const part of unanswered) submit(s, part);
    });
  });
  s.on('error', () => {});
  s.on('close', () => {
    session = null;
    say({ event: 'closed' });
    if (wasBound && !leaving) setTimeout(connect, 20);
  });
  s.on('enquire_link', (pdu) => s.send(pdu.response()));
  s.on('unbind', (pdu) => {
    leaving = true;
    s.send(pdu.response(), () => s.close());
  });
  s.on('deliver_sm', (pdu) => {
    const sm = pdu.short_message || {};
    const text = sm.message === undefined ? '' : sm.message.toString();
    say({
      event: 'deliver', source: pdu.source_addr, dest: pdu.destination_addr, esm_class: pdu.esm_class, coding: pdu.data_coding,
      text, udh: (sm.udh || []).map((e) => e.toString('hex')),
      receipted: pdu.receipted_message_id, state: pdu.message_state,
    });
    if ((pdu.esm_class & 0x3c) === smpp.ESM_CLASS.MC_DELIVERY_RECEIPT) receipt(pdu);
    else join(pdu, sm.udh || [], text);
    s.send(pdu.response());
  });
}

// Texts that are sent in parts, and their receipts.

const unanswered = new Set();
const byID = new Map(); // the part that the SMSC gave this id
let reference = 0;

// At most 70 UTF-16 units, or 67 in each of several parts; never half of a surrogate pair.
function split(text) {
  if (/^[A-Za-z0-9 .,:!?]*$/.test(text) && text.length <= 160) return [{ text, coding: 0 }];
  if (text.length <= 70) return [{ text, coding: 8 }];
  const parts = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + 67, text.length);
    if (text.charCodeAt(end - 1) >> 10 === 0x36) end--;
    parts.push({ text: text.slice(at, end), coding: 8 });
    at = end;
  }
  reference++;
  parts.forEach((p, i) => { p.udh = Buffer.from([5, 0, 3, reference, parts.length, i + 1]); });
  return parts;
}

function submit(s, part) {
  const pdu = {
    source_addr: part.source, destination_addr: part.dest, registered_delivery: 1, data_coding: part.coding,
    short_message: part.udh ? { udh: part.udh, message: part.text } : part.text,
  };
  if (part.udh) pdu.esm_class = smpp.ESM_CLASS.UDH_INDICATOR;
  s.submit_sm(pdu, (resp) => {
    unanswered.delete(part);
    if (resp.command_status !== 0) say({ event: 'refused', key: part.message.key, status: resp.command_status });
    else byID.set(resp.message_id, part);
  });
}

function receipt(pdu) {
  const part = byID.get(pdu.receipted_message_id);
  if (!part) {
    say({ event: 'unmatched', id: pdu.receipted_message_id });
    return;
  }
  part.message.parts.delete(part);
  if (part.message.parts.size === 0 && pdu.message_state === smpp.MESSAGE_STATE.DELIVERED) say({ event: 'delivered', key: part.message.key });
}

// Texts that come in parts.

const waiting = new Map();

function join(pdu, udh, text) {
  const whole = (t) => say({ event: 'message', source: pdu.source_addr, dest: pdu.destination_addr, text: t });
  const concat = udh.find((e) => e[0] === 0 || e[0] === 8);
  if (!concat) return whole(text);
  const [total, seq] = concat.subarray(-2);
  const key = pdu.source_addr + '/' + concat.subarray(2, -2).toString('hex');
  if (!waiting.has(key)) waiting.set(key, []);
  const parts = waiting.get(key);
  parts[seq - 1] = text;
  if (parts.filter((p) => p !== undefined).length === total) {
    waiting.delete(key);
    whole(parts.join(''));
  }
}

const commands = {
  // Without a coding the library would say 1 (IA5) for octets that are GSM-7.
  submit({ source, dest, text, coding }) {
    session.submit_sm({ source_addr: source, destination_addr: dest, short_message: text, data_coding: coding, registered_delivery: 1 }, (resp) => {
      say({ event: 'submitted', status: resp.command_status, id: resp.message_id });
    });
  },
  send({ key, source, dest, text }) {
    const message = { key, parts: new Set(split(text)) };
    for (const part of message.parts) {
      Object.assign(part, { message, source, dest });
      unanswered.add(part);
      if (session) submit(session, part);
    }
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
    leaving = true;
    session.unbind((resp) => say({ event: 'unbound', status: resp.command_status }));
  },
};

connect();
readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const c = JSON.parse(line);
    commands[c.do](c);
  })
  .on('close', () => process.exit(0)); // the test has ended
