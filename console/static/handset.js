// The keypad phone. It shows what the simulator's handset shows (server-sent events) and sends what is pressed.
(function () {
  'use strict';
  var phone = document.getElementById('phone');
  var words = JSON.parse(phone.dataset.words);
  var number = phone.dataset.number;
  var base = '/handset/' + encodeURIComponent(number) + '/';
  var $ = function (id) { return document.getElementById(id); };

  var texts = [];        // SMS, oldest first
  var view = 'home';     // home, dial, inbox, text, call, ussd
  var chosen = 0;        // in the inbox, from the newest
  var dialled = '';
  var unread = 0;
  var call = null;       // { id, state, to, since, lines, keys, ask, muted }
  var ussd = null;       // { text, asks, over, typed }

  // ---- sound -------------------------------------------------------------------------------------------------------

  var voice = $('voice');
  var queue = [];
  var blocked = false;
  var muted = false;

  function playNext() {
    if (blocked || !voice.paused && !voice.ended && voice.src) return;
    var next = queue.shift();
    if (!next) return;
    voice.src = next;
    voice.muted = muted;
    start();
  }

  function start() {
    var started = voice.play();
    if (!started) return;
    started.then(function () { blocked = false; $('sound-hint').hidden = true; }).catch(function (err) {
      if (err.name === 'NotAllowedError') {
        blocked = true;
        $('sound-hint').hidden = false;
      } else if (err.name !== 'AbortError') { // a sound that cannot be played must not hold up the next
        voice.removeAttribute('src');
        playNext();
      }
    });
  }

  voice.addEventListener('ended', function () { voice.removeAttribute('src'); playNext(); });
  $('sound-hint').addEventListener('click', wake);

  function hush() {
    queue = [];
    voice.pause();
    voice.removeAttribute('src');
    voice.load();
  }

  // The ward serves its own sounds: by path they come from this site, whatever name the provider calls it by.
  function soundAddress(url) {
    var u = new URL(url, location.href);
    return u.pathname.indexOf('/voice/sounds/') === 0 ? u.pathname + u.search : url;
  }

  // A press is what browsers wait for before a page may sound.
  var audio = null;
  function wake() {
    if (!audio && window.AudioContext) audio = new AudioContext();
    if (audio && audio.state === 'suspended') audio.resume();
    if (!blocked) return;
    blocked = false;
    $('sound-hint').hidden = true;
    if (voice.src) start(); else playNext();
  }
  function tone(frequencies, seconds, after, loud) {
    if (!audio || muted) return;
    var gain = audio.createGain();
    var at = audio.currentTime + (after || 0);
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(loud || 0.05, at + 0.008);
    gain.gain.setValueAtTime(loud || 0.05, at + seconds - 0.015);
    gain.gain.linearRampToValueAtTime(0, at + seconds);
    gain.connect(audio.destination);
    frequencies.forEach(function (f) {
      var o = audio.createOscillator();
      o.frequency.value = f;
      o.connect(gain);
      o.start(at);
      o.stop(at + seconds);
    });
  }
  var rows = [697, 770, 852, 941], columns = [1209, 1336, 1477], layout = '123456789*0#';
  function dtmf(key) {
    var i = layout.indexOf(key);
    tone([rows[Math.floor(i / 3)], columns[i % 3]], 0.14);
  }
  var ringer = null;
  function ringback(on) {
    clearInterval(ringer);
    ringer = null;
    if (!on) return;
    var once = function () { tone([425], 1, 0, 0.03); };
    once();
    ringer = setInterval(once, 4000);
  }

  // ---- the screen --------------------------------------------------------------------------------------------------

  var two = function (n) { return (n < 10 ? '0' : '') + n; };
  var zone = { timeZone: 'Asia/Ho_Chi_Minh' };
  var hourMinute = new Intl.DateTimeFormat('vi-VN', Object.assign({ hour: '2-digit', minute: '2-digit', hour12: false }, zone));
  var dayMonth = new Intl.DateTimeFormat('vi-VN', Object.assign({ day: '2-digit', month: '2-digit' }, zone));
  var wholeDay = new Intl.DateTimeFormat(document.documentElement.lang, Object.assign({ weekday: 'long', day: '2-digit', month: '2-digit' }, zone));
  function when(iso) {
    var d = new Date(iso);
    return dayMonth.format(d) === dayMonth.format(new Date()) ? hourMinute.format(d) : dayMonth.format(d);
  }
  function spaced(n) { // as people read them: 0901 234 567, and with an area code 0236 3111 222
    return n.replace(/^(0[35789]\d\d)(\d{3})(\d{3})$/, '$1 $2 $3').replace(/^(02\d\d)(\d{4})(\d{3})$/, '$1 $2 $3');
  }
  var isShort = function (text) { return text.length < 12; }; // digits are spoken one by one: they share a line
  function other(sms) { return sms.from === number ? '→ ' + spaced(sms.to) : spaced(sms.from); }
  function say(text) { $('say').textContent = text; }

  // goHome shows why it went there for a few seconds.
  var notice = '', noticeEnds = 0;
  function goHome(why) {
    notice = why;
    noticeEnds = Date.now() + 6000;
    show('home');
    say(why);
  }

  var lamp = null;
  function light() {
    phone.classList.add('lit');
    clearTimeout(lamp);
    lamp = setTimeout(function () { if (!call && !ussd) phone.classList.remove('lit'); }, 12000);
  }

  function show(name) {
    view = name;
    ['home', 'dial', 'inbox', 'text', 'call', 'ussd'].forEach(function (v) { $('view-' + v).hidden = v !== name; });
    draw();
  }

  function softKeys(left, right) {
    [['left', left], ['right', right]].forEach(function (s) {
      var label = s[1] ? words[s[1]] : '';
      $('soft-' + s[0]).textContent = label;
      $('key-' + s[0]).setAttribute('aria-label', label || '–');
      $('key-' + s[0]).disabled = !label;
    });
  }

  function draw() {
    $('lcd-note').hidden = unread === 0;
    phone.classList.toggle('call', !!call);
    phone.classList.toggle('ask', !!(call && call.ask));
    if (view === 'home') {
      var now = new Date();
      $('home-owner').textContent = phone.dataset.owner || (number ? spaced(number) : words.no_sim);
      $('home-clock').textContent = hourMinute.format(now);
      $('home-day').textContent = wholeDay.format(now);
      $('home-line').textContent = Date.now() < noticeEnds ? notice : number && phone.dataset.owner ? spaced(number) : '';
      softKeys('inbox', 'hotline');
    } else if (view === 'dial') {
      $('dial-digits').textContent = spaced(dialled);
      softKeys('call', 'clear');
    } else if (view === 'inbox') {
      drawInbox();
      softKeys(texts.length ? 'read' : '', 'back');
    } else if (view === 'text') {
      var sms = texts[texts.length - 1 - chosen];
      $('text-from').textContent = other(sms);
      $('text-at').textContent = when(sms.at);
      $('text-body').textContent = sms.text;
      softKeys('reply', 'back');
    } else if (view === 'call') {
      drawCall();
      softKeys(muted ? 'unmute' : 'mute', '');
    } else if (view === 'ussd') {
      $('ussd-text').textContent = ussd.text;
      $('ussd-typed').textContent = ussd.typed;
      $('ussd-typed').hidden = !ussd.asks;
      softKeys(ussd.asks ? 'send' : ussd.over ? 'close' : '', ussd.over ? '' : ussd.typed ? 'clear' : 'cancel');
    }
  }

  var rowsShown = 4;
  function drawInbox() {
    $('inbox-title').textContent = texts.length ? words.inbox + ' ' + (chosen + 1) + '/' + texts.length : words.inbox;
    var list = $('inbox');
    list.textContent = '';
    if (!texts.length) {
      var none = document.createElement('li');
      none.textContent = words.none;
      list.append(none);
      return;
    }
    var top = Math.max(0, Math.min(chosen - 1, texts.length - rowsShown));
    for (var i = top; i < Math.min(texts.length, top + rowsShown); i++) {
      var sms = texts[texts.length - 1 - i];
      var li = document.createElement('li');
      if (i === chosen) li.className = 'here';
      [[other(sms), ''], [when(sms.at), 'num'], [sms.text, 'what']].forEach(function (part) {
        var span = document.createElement('span');
        span.textContent = part[0];
        span.className = part[1];
        li.append(span);
      });
      list.append(li);
    }
  }

  function drawCall() {
    $('call-who').textContent = spaced(call ? call.to : '');
    var s = call && call.since ? Math.max(0, Math.floor((Date.now() - call.since) / 1000)) : 0;
    $('call-time').textContent = call && call.since ? two(Math.floor(s / 60)) + ':' + two(s % 60) : '';
    var box = $('call-text');
    var lines = call ? call.lines.join('\n') : '';
    if (box.textContent !== lines) {
      box.textContent = lines;
      box.scrollTop = box.scrollHeight;
    }
    var keys = document.createElement('bdi');
    keys.textContent = call ? call.keys : '';
    $('call-keys').replaceChildren(keys);
  }
  setInterval(function () { if (view === 'home' || view === 'call') draw(); }, 1000);

  // ---- what was heard, beside the phone ----------------------------------------------------------------------------

  var heard = $('heard');
  function note(kind, text) {
    if (!text) return;
    var last = heard.lastElementChild;
    if (kind === 'pressed' && last && last.className === 'pressed') {
      last.textContent += text;
    } else {
      heard.querySelectorAll('.now').forEach(function (li) { li.classList.remove('now'); });
      if (kind === 'spoken' && isShort(text) && last && last.dataset.short) {
        last.textContent += ' ' + text;
        last.classList.add('now');
      } else {
        var li = document.createElement('li');
        li.className = kind + (kind === 'spoken' ? ' now' : '');
        li.textContent = text;
        if (kind === 'spoken' && isShort(text)) li.dataset.short = '1';
        heard.append(li);
      }
    }
    while (heard.children.length > 200) heard.firstElementChild.remove();
    heard.scrollTop = heard.scrollHeight;
  }

  // ---- what the network brings -------------------------------------------------------------------------------------

  var handle = {
    sms: function (e) {
      // A page that was cut off for a while is told again what already stands on its screen.
      if (e.recent && texts.some(function (t) { return t.at === e.at && t.text === e.text; })) return;
      texts.push(e);
      if (texts.length > 100) texts.shift();
      if (e.recent || e.from === number) { if (view === 'inbox' || view === 'text') chosen++; draw(); return; }
      light();
      phone.classList.remove('shaken');
      void phone.offsetWidth; // begins the animation again
      phone.classList.add('shaken');
      tone([1400], 0.09); tone([1750], 0.12, 0.14);
      say(words.new + ' ' + other(e) + '. ' + e.text);
      if (call || ussd) { unread++; draw(); return; }
      chosen = 0;
      show('text');
    },
    call: function (e) {
      if (e.state === 'ringing' || e.state === 'in-progress') {
        if (!call || call.id !== e.call) {
          call = { id: e.call, to: e.to.replace(/^\+84/, '0'), lines: [], keys: '', ask: null };
          heard.textContent = '';
          note('mark', words.ringing);
        }
        if (e.state === 'ringing') { call.lines = [words.ringing]; say(words.ringing); }
        if (e.state === 'in-progress' && !call.since) { call.since = Date.parse(e.at); call.lines = [words.listening]; call.fresh = true; }
        ringback(e.state === 'ringing');
        light();
        show('call');
        return;
      }
      ringback(false);
      var why = e.reason === 'handset' ? words.you_ended : e.reason === 'error' ? words.error : e.state === 'busy' ? words.busy : words.ended;
      if (e.reason === 'handset') hush();
      note('mark', why);
      call = null;
      if (unread) { unread = 0; chosen = 0; show('text'); say(why); } else goHome(why);
      light();
    },
    prompt: function (e) {
      if (!call) return;
      ringback(false);
      if (call.fresh) { call.lines = []; call.fresh = call.short = false; }
      if (e.text) {
        if (isShort(e.text) && call.short) call.lines[call.lines.length - 1] += ' ' + e.text;
        else call.lines.push(e.text);
        call.short = isShort(e.text);
        if (call.lines.length > 40) call.lines.shift();
        note('spoken', e.text);
        say(e.text);
      }
      if (e.url) { queue.push(soundAddress(e.url)); playNext(); }
      draw();
    },
    ussd: function (e) {
      if (e.state === 'dialled') {
        heard.textContent = '';
        note('mark', e.text);
        showUSSD({ text: words.ussd_wait });
      } else if (e.state === 'answered') {
        note('pressed', e.text);
        showUSSD({ text: words.ussd_wait });
      } else if (e.text) { // asked, notice, ended
        note('spoken', e.text);
        showUSSD({ text: e.text, asks: e.state === 'asked', over: e.state !== 'asked' });
        say(e.text);
      } else { // cancelled, timeout, failed
        var why = words['ussd_' + e.state] || words.ussd_failed;
        note('mark', why);
        leaveUSSD(why);
      }
      light();
    },
    quiet: function () { hush(); },
    gather: function (e) {
      if (!call) return;
      call.ask = { digits: e.digits || 0, finish: e.finish || '' };
      call.keys = '';
      call.fresh = true; // the next words begin a new screen
      draw();
    },
    gathered: function () { if (call) { call.ask = null; call.fresh = true; draw(); } },
    record: function (e) {
      if (!call) return;
      tone([1000], 0.4);
      call.lines = [words.speak + ' ' + (e.finish ? e.finish.slice(-1) : '#')];
      call.keys = '';
      draw();
    },
    recorded: function () { tone([800], 0.15); },
    dial: function (e) {
      if (!call) return;
      ringback(e.state === 'ringing');
      var text = words['officer_' + e.state.replace('-', '_')];
      if (!text) return;
      call.lines = [text];
      call.fresh = true;
      note('mark', text);
      say(text);
      draw();
    }
  };

  // ---- USSD: a screen, what is typed under it, and one key to send it ----------------------------------------------

  function showUSSD(screen) {
    screen.typed = '';
    ussd = screen;
    show('ussd');
    $('ussd-text').scrollTop = 0;
  }
  function leaveUSSD(why) {
    ussd = null;
    if (unread) { unread = 0; chosen = 0; show('text'); say(why); } else goHome(why);
  }
  function sendUSSD() {
    if (ussd.over) { leaveUSSD(''); return; }
    if (!ussd.asks || !ussd.typed) return;
    ussd.asks = false; // until the network says so, a second press must not send it twice
    post('ussd', { text: ussd.typed }).catch(complainUSSD);
    draw();
  }
  function cancelUSSD() {
    if (ussd.over) { leaveUSSD(''); return; }
    post('ussd', { cancel: true }).catch(complainUSSD);
  }
  function complainUSSD(err) { ussd = null; complain(err); }
  function typeUSSD(k) {
    if (!ussd.asks) return;
    if (ussd.typed.length < 30) ussd.typed += k;
    draw();
  }

  // The page's own banner says it in words; a restart of a second or two is not worth them.
  var bannerTimer = null;
  function noSignal(is) {
    phone.classList.toggle('off', is);
    if (is) {
      bannerTimer = bannerTimer || setTimeout(function () { $('live-lost').hidden = false; }, 3000); // not anew at each retry
      return;
    }
    clearTimeout(bannerTimer);
    bannerTimer = null;
    $('live-lost').hidden = true;
  }

  var source = null;
  function connect() {
    if (!number) { phone.classList.add('off'); return; }
    source = new EventSource(base + 'events');
    source.onopen = function () { noSignal(false); };
    source.onerror = function () {
      noSignal(true);
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
    };
    Object.keys(handle).forEach(function (name) {
      source.addEventListener(name, function (m) { handle[name](JSON.parse(m.data)); });
    });
  }

  // ---- what is pressed ---------------------------------------------------------------------------------------------

  function post(act, body) {
    return fetch(base + act, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body || {}) }).then(function (r) {
      if (r.ok) return null;
      return r.json().catch(function () { return {}; }).then(function (b) { throw new Error(b.error || words.failed); });
    });
  }
  function complain(err) { goHome(err.message); }

  var line = Promise.resolve(); // keys go out one after another, in the order they were pressed
  function key(k) {
    wake();
    light();
    dtmf(k);
    if (ussd) { typeUSSD(k); return; }
    if (call) {
      call.keys += k;
      note('pressed', k);
      draw();
      line = line.then(function () { return post('keys', { digits: k }); }).catch(function () { /* the call has just ended */ });
      return;
    }
    if (view !== 'dial') dialled = '';
    if (dialled.length < 20) dialled += k;
    show('dial');
  }

  function green() {
    wake();
    light();
    if (ussd) { sendUSSD(); return; }
    if (call || !number) return;
    var to = view === 'dial' && dialled ? dialled : phone.dataset.hotline;
    if (view === 'text') {
      var sms = texts[texts.length - 1 - chosen];
      var back = sms.from === number ? sms.to : sms.from;
      if (/^0\d{8,}$/.test(back)) to = back;
    }
    dialled = '';
    if (/^\*.*#$/.test(to)) { post('ussd', { code: to }).catch(complain); return; }
    post('call', { to: to }).catch(complain);
  }

  function red() {
    wake();
    ringback(false);
    if (ussd) { cancelUSSD(); return; }
    if (call) { hush(); post('hangup').catch(function () { /* it has ended by itself */ }); return; }
    dialled = '';
    hush();
    show('home');
  }

  function left() {
    if (view === 'home') { chosen = 0; unread = 0; show('inbox'); }
    else if (view === 'dial') green();
    else if (view === 'inbox' && texts.length) show('text');
    else if (view === 'text') {
      var sms = texts[texts.length - 1 - chosen];
      var to = sms.from === number ? sms.to : sms.from;
      if (/^[\d+ ]+$/.test(to)) $('compose-to').value = to; // a sender's name cannot be answered
      $('compose-text').focus();
    } else if (view === 'ussd') sendUSSD();
    else if (view === 'call') { muted = !muted; voice.muted = muted; draw(); }
  }
  function right() {
    if (view === 'home') { dialled = phone.dataset.hotline; show('dial'); }
    else if (view === 'dial') { dialled = dialled.slice(0, -1); show(dialled ? 'dial' : 'home'); }
    else if (view === 'inbox') show('home');
    else if (view === 'text') show('inbox');
    else if (view === 'ussd' && ussd.typed) { ussd.typed = ussd.typed.slice(0, -1); draw(); }
    else if (view === 'ussd') cancelUSSD();
  }
  function roll(by) {
    var body = { text: 'text-body', call: 'call-text', ussd: 'ussd-text' }[view];
    if (body) $(body).scrollTop += by * 54;
    else if (view === 'inbox') { chosen = Math.max(0, Math.min(texts.length - 1, chosen + by)); draw(); }
    else if (view === 'home') left();
  }

  phone.addEventListener('click', function (e) {
    var b = e.target.closest('button');
    if (!b || !number) return;
    wake();
    light();
    if (b.dataset.key) return key(b.dataset.key);
    ({ 'key-green': green, 'key-red': red, 'key-left': left, 'key-right': right, 'key-up': function () { roll(-1); }, 'key-down': function () { roll(1); } })[b.id]();
  });

  document.addEventListener('keydown', function (e) {
    if (!number || e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) return;
    if (/^[0-9*#]$/.test(e.key)) { press(e.key); key(e.key); }
    else if (e.key === 'Enter' && !/^(BUTTON|A)$/.test(e.target.tagName)) green();
    else if (e.key === 'Escape') red();
    else if (e.key === 'Backspace' && (view === 'dial' || view === 'ussd' && ussd.typed)) right();
    else return;
    e.preventDefault();
  });
  function press(k) {
    var b = phone.querySelector('[data-key="' + k + '"]');
    b.classList.add('down');
    setTimeout(function () { b.classList.remove('down'); }, 120);
  }

  var code = $('dial-code');
  if (code) code.addEventListener('click', function () {
    code.blur(); // what is typed next is for the phone, Enter too
    if (!number || call || ussd) return;
    wake();
    light();
    dialled = code.dataset.code;
    phone.scrollIntoView({ block: 'nearest' }); // the button is under it, the screen at its top
    show('dial');
    green();
  });

  // ---- writing a text ----------------------------------------------------------------------------------------------

  document.querySelectorAll('.compose .chip').forEach(function (chip) {
    chip.addEventListener('click', function () { $('compose-text').value = chip.dataset.text; $('compose-text').focus(); });
  });
  $('compose').addEventListener('submit', function (e) {
    e.preventDefault();
    wake();
    var text = $('compose-text').value.trim();
    if (!text || !number) return;
    $('compose-send').disabled = true;
    post('sms', { to: $('compose-to').value, text: text }).then(function () {
      $('compose-text').value = '';
      $('compose-note').textContent = words.sent;
    }, function (err) { $('compose-note').textContent = err.message; }).then(function () { $('compose-send').disabled = false; });
  });
  $('officer').addEventListener('change', function () {
    fetch('/handset/officer', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ outcome: this.value }) });
  });

  // Without this a page that is kept for "back" holds its connection open; a browser has six for one site.
  window.addEventListener('pagehide', function () { if (source) source.close(); hush(); });
  window.addEventListener('pageshow', function (e) { if (e.persisted) connect(); });
  show('home');
  connect();
})();
