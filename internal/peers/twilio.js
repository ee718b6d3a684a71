// The twilio library as a judge of our TwiML: commands on stdin, verdicts on stdout, a JSON line each.
'use strict';
const readline = require('readline');
const twilio = require('twilio');

const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

// build makes a document from nested verbs: [name, attributes, text or verbs].
function build(parent, verbs) {
  for (const [name, attributes, inner] of verbs) {
    if (name === 'Play') parent.play(attributes, inner);
    else if (name === 'Pause') parent.pause(attributes);
    else if (name === 'Redirect') parent.redirect(attributes, inner);
    else if (name === 'Record') parent.record(attributes);
    else if (name === 'Hangup') parent.hangup();
    else if (name === 'Reject') parent.reject(attributes);
    else if (name === 'Gather') build(parent.gather(attributes), inner);
    else if (name === 'Start') build(parent.start(attributes), inner);
    else if (name === 'Recording') parent.recording(attributes);
    else if (name === 'Dial') build(parent.dial(attributes), inner);
    else if (name === 'Number') parent.number(attributes, inner);
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const c = JSON.parse(line);
  if (c.sign) {
    say({ event: 'signed', signature: twilio.getExpectedTwilioSignature(c.sign.token, c.sign.url, c.sign.form) });
  } else if (c.validate) {
    say({ event: 'validated', valid: twilio.validateRequest(c.validate.token, c.validate.signature, c.validate.url, c.validate.form) ? 1 : 0 });
  } else if (c.build) {
    const response = new twilio.twiml.VoiceResponse();
    build(response, c.build);
    say({ event: 'built', document: response.toString() });
  }
});
