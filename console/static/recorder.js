// Records a line in the browser and hands it to the form's file field as a WAV of 16 kHz. The form is sent as any other, so that
// what was recorded goes the way of every upload: it is judged, levelled, and listened to before callers hear it.
(function () {
  'use strict';
  var RATE = 16000;
  var box = document.querySelector('[data-recorder]');
  if (!box || !navigator.mediaDevices || !window.MediaRecorder || !window.OfflineAudioContext) return;
  var form = box.closest('form');
  var button = box.querySelector('button');
  var said = box.querySelector('[role=status]');
  var file = form.querySelector('input[type=file]');
  var origin = form.querySelector('input[name=origin]');
  var meter = box.querySelector('meter');
  var recorder = null;
  var timer = 0;
  var clipped = false;
  box.hidden = false;

  button.addEventListener('click', function () {
    if (recorder) { recorder.stop(); return; }
    navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true } })
      .then(record).catch(function () { said.textContent = box.dataset.refused; });
  });

  // Another file than the recorded one is an upload.
  file.addEventListener('change', function () { origin.value = 'uploaded'; });

  function record(stream) {
    var parts = [];
    var unwatch = watch(stream);
    recorder = new MediaRecorder(stream);
    recorder.addEventListener('dataavailable', function (e) { parts.push(e.data); });
    recorder.addEventListener('stop', function () {
      clearInterval(timer);
      unwatch();
      stream.getTracks().forEach(function (t) { t.stop(); });
      recorder = null;
      button.textContent = box.dataset.idle;
      new Blob(parts).arrayBuffer().then(decode).then(keep).catch(function () { said.textContent = box.dataset.refused; });
    });
    recorder.start();
    button.textContent = box.dataset.busy;
    var begun = Date.now();
    timer = setInterval(function () {
      var seconds = Math.floor((Date.now() - begun) / 1000);
      if (seconds > Number(box.dataset.limit) + 10 && recorder) recorder.stop();
    }, 500);
  }

  // watch shows how loud it is while somebody speaks. The bar is for the eye; the words beside it, which a screen reader says,
  // change only when their meaning does. What distorted once stays distorted: the words say so to the end.
  function watch(stream) {
    var context = new AudioContext();
    var heard = context.createAnalyser();
    heard.fftSize = 8192; // longer than a look is from the next: no peak goes by unseen
    context.createMediaStreamSource(stream).connect(heard);
    var samples = new Float32Array(heard.fftSize);
    var loud = Date.now(); // when a voice was last heard
    clipped = false;
    meter.hidden = false;
    tell(box.dataset.wait);
    var looks = setInterval(function () {
      heard.getFloatTimeDomainData(samples);
      var peak = samples.reduce(function (most, v) { return Math.max(most, Math.abs(v)); }, 0);
      var level = peak > 0 ? Math.max(-60, 20 * Math.log10(peak)) : -60;
      meter.value = level;
      if (peak >= 0.99) clipped = true;
      if (level > -35) loud = Date.now();
      if (clipped) tell(box.dataset.clipped);
      else if (Date.now() - loud > 3000) tell(box.dataset.quiet);
      else if (level > -35) tell(box.dataset.good);
    }, 100);
    return function () {
      clearInterval(looks);
      meter.hidden = true;
      context.close();
    };
  }

  function tell(words) {
    if (said.textContent !== words) said.textContent = words;
  }

  function decode(bytes) {
    return new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes); // a context gives what it decodes at its own rate
  }

  function keep(sound) {
    var list = new DataTransfer();
    list.items.add(new File([wav(sound)], 'loi-thoai.wav', { type: 'audio/wav' }));
    file.files = list.files;
    origin.value = 'recorded';
    said.textContent = (clipped ? box.dataset.clipped + ' ' : '') + box.dataset.got.replace('0', sound.duration.toFixed(1));
  }

  function wav(sound) {
    var samples = sound.getChannelData(0);
    var out = new DataView(new ArrayBuffer(44 + 2 * samples.length));
    function text(at, s) { for (var i = 0; i < s.length; i++) out.setUint8(at + i, s.charCodeAt(i)); }
    text(0, 'RIFF'); out.setUint32(4, 36 + 2 * samples.length, true); text(8, 'WAVEfmt ');
    out.setUint32(16, 16, true); out.setUint16(20, 1, true); out.setUint16(22, 1, true);
    out.setUint32(24, RATE, true); out.setUint32(28, 2 * RATE, true); out.setUint16(32, 2, true); out.setUint16(34, 16, true);
    text(36, 'data'); out.setUint32(40, 2 * samples.length, true);
    for (var i = 0; i < samples.length; i++) out.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, samples[i])) * 32767, true);
    return out.buffer;
  }
})();
