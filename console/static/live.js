// Live pages. An element says which topics it shows and how to fetch itself again:
//
//   <div id="rows" data-live="reports" data-live-at="417" data-part="/reports/rows">
//
// One EventSource carries the page's topics. When a topic's revision is not the one shown, its parts are fetched and take
// the places of the old ones; what else comes with a part takes the place of what has its id. Then document hears "part-shown".
// What arrives waits while a hand is on the page: while a pointer is pressed (its click would meet nothing, or another
// row), while words in a live part are selected (a number being copied), and while a field of a live part is in use. It
// says that it waits. Inside a live part, data-live-say is the line to read out after a change, and <details> stay open.
(function () {
  'use strict';
  var shown = {};      // topic: the revision on the page; null where the page does not say, and asks once it hears one
  var late = {};       // topics whose change has not reached the page yet
  var source = null;
  var tries = 0;
  var heard = Date.now();
  var lostSince = 0;
  var connectTimer, bannerTimer, lateTimer;
  var pressed = false;

  function by(id) { return document.getElementById(id); }
  function parts() { return document.querySelectorAll('[data-live], [data-live-with]'); }

  function topics() {
    document.querySelectorAll('[data-live]').forEach(function (el) {
      el.dataset.live.split(' ').forEach(function (name) {
        if (!(name in shown)) shown[name] = el.dataset.liveAt || null;
      });
    });
    return Object.keys(shown);
  }

  // The connection. Silence for 50 seconds is a lost one: the server says "alive" every 20.
  function connect() {
    clearTimeout(connectTimer);
    var names = topics();
    if (!names.length) return;
    if (source) source.close();
    heard = Date.now();
    source = new EventSource((document.documentElement.dataset.base || '') + '/live?' + names.map(function (n) { return 't=' + encodeURIComponent(n); }).join('&'));
    source.onopen = function () { tries = 0; alive(); };
    source.onerror = lost;
    source.addEventListener('alive', alive);
    // The sign-in was locked, opened or ended: idle.js covers the page, or uncovers it.
    source.addEventListener('signin', function (e) { document.dispatchEvent(new CustomEvent('signin', { detail: e.data })); });
    names.forEach(function (name) {
      source.addEventListener(name, function (e) {
        alive();
        if (shown[name] === e.data) return;
        shown[name] = e.data;
        fetchAgain([name]);
      });
    });
  }

  function alive() {
    heard = Date.now();
    lostSince = 0;
    clearTimeout(bannerTimer);
    by('live-lost').hidden = true;
  }

  // lost tries again after 1, 2, 4 ... 30 seconds, each somewhat shifted so that a restarted node does not meet all pages at once.
  function lost() {
    if (source) source.close();
    source = null;
    if (!lostSince) {
      lostSince = heard;
      // A restart of the program lasts a second or two: that much is not worth a word.
      bannerTimer = setTimeout(function () {
        by('live-since').textContent = new Date(lostSince).toLocaleTimeString('vi-VN', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Ho_Chi_Minh' });
        by('live-lost').hidden = false;
      }, 3000);
    }
    clearTimeout(connectTimer);
    connectTimer = setTimeout(connect, Math.min(30, Math.pow(2, tries++)) * (800 + 400 * Math.random()));
  }

  function now() { if (lostSince) { tries = 0; connect(); } }

  // What waits.
  function inUse() {
    if (pressed) return true;
    var at = document.activeElement, picked = getSelection();
    return Array.prototype.some.call(parts(), function (part) {
      if (at && at !== part && part.contains(at) && at.matches('input, select, textarea')) return true;
      if (picked && !picked.isCollapsed && part.contains(picked.anchorNode)) return true;
      return Array.prototype.some.call(part.querySelectorAll('input:not([type=hidden]), textarea'), function (f) {
        return f.type === 'checkbox' || f.type === 'radio' ? f.checked !== f.defaultChecked : f.value !== f.defaultValue;
      });
    });
  }

  function fetchAgain(names) {
    names.forEach(function (n) { late[n] = true; });
    settle();
  }

  function settle() {
    clearTimeout(lateTimer);
    var names = Object.keys(late);
    var wait = names.length > 0 && inUse();
    by('live-waits').hidden = !wait || pressed;
    if (wait) { lateTimer = setTimeout(settle, 1000); return; }
    late = {};
    document.querySelectorAll('[data-live][data-part]').forEach(function (part) {
      var moved = part.dataset.live.split(' ').filter(function (n) { return names.indexOf(n) >= 0; });
      if (moved.length) ask(part, moved);
    });
  }

  var asking = new Map(); // a part whose answer is on its way: the topics that have moved again since
  function ask(part, moved) {
    if (asking.has(part)) { asking.set(part, asking.get(part).concat(moved)); return; }
    asking.set(part, []);
    window.askPart(part.dataset.part, false).then(function (text) {
      if (text === null) return;
      // Between the question and the answer a hand may have come down, or a larger part with this one in it have come: then
      // the answer is thrown away, and what stands here now asked for again.
      if (inUse() || !part.isConnected) fetchAgain(moved); else show(part, text);
    }, function (failed) {
      // A change that could not be fetched is not forgotten: the page would show the old figure as if it were today's.
      if (failed.refused) return;
      moved.forEach(function (n) { late[n] = true; });
      clearTimeout(lateTimer);
      lateTimer = setTimeout(settle, 5000);
    }).then(function () {
      var again = asking.get(part);
      asking.delete(part);
      if (again.length) fetchAgain(again);
    });
  }

  function show(part, text) {
    var was = keep();
    var come = document.createElement('template');
    come.innerHTML = text;
    Array.prototype.slice.call(come.content.children).forEach(function (el) {
      var beside = el.id && el.id !== part.id && document.getElementById(el.id);
      if (beside) beside.replaceWith(el);
    });
    part.replaceWith(come.content);
    giveBack(was);
    document.dispatchEvent(new CustomEvent('part-shown'));
    var known = Object.keys(shown).length; // a part may have brought a topic of its own
    if (topics().length > known) connect();
  }

  // keep remembers what the new parts should look like as the old ones did: what is unfolded, and where the keyboard was.
  function nameOf(el) { return el.id || el.getAttribute('href') || (el.form ? el.form.getAttribute('action') : '') + ' ' + el.textContent.trim(); }
  function keep() {
    var kept = { open: {}, focus: '', said: {} };
    parts().forEach(function (part) {
      part.querySelectorAll('details[open] > summary').forEach(function (s) { kept.open[part.id + ' ' + s.textContent.trim()] = true; });
      part.querySelectorAll('[data-live-say]').forEach(function (s) { kept.said[s.textContent.trim()] = true; });
      if (document.activeElement !== part && part.contains(document.activeElement)) kept.focus = part.id + ' ' + nameOf(document.activeElement);
    });
    return kept;
  }
  function giveBack(was) {
    var words = [];
    parts().forEach(function (part) {
      part.querySelectorAll('details > summary').forEach(function (s) { if (was.open[part.id + ' ' + s.textContent.trim()]) s.parentNode.open = true; });
      part.querySelectorAll('[data-live-say]').forEach(function (s) { if (!was.said[s.textContent.trim()]) words.push(s.textContent.trim()); });
      if (was.focus && document.activeElement === document.body) part.querySelectorAll('a[href], button, summary').forEach(function (el) {
        if (was.focus === part.id + ' ' + nameOf(el)) el.focus({ preventScroll: true });
      });
    });
    if (words.length) by('live-said').textContent = words.join('. ');
  }

  document.addEventListener('pointerdown', function () { pressed = true; }, true);
  ['pointerup', 'pointercancel', 'dragend'].forEach(function (name) {
    document.addEventListener(name, function () { setTimeout(function () { pressed = false; settle(); }, 50); }, true); // the click comes first
  });
  window.addEventListener('blur', function () { pressed = false; });
  document.addEventListener('focusout', function () { if (Object.keys(late).length) setTimeout(settle, 50); });

  document.addEventListener('DOMContentLoaded', function () {
    var again = by('live-retry');
    if (again) again.addEventListener('click', now);
    connect();
  });
  // The locked page took this one's place, with topics of its own.
  document.addEventListener('page-replaced', function () {
    if (source) source.close();
    source = null;
    shown = {};
    late = {};
    connect();
  });
  setInterval(function () { if (source && Date.now() - heard > 50000) lost(); }, 5000);
  window.addEventListener('online', now);
  document.addEventListener('visibilitychange', function () { if (!document.hidden) now(); });
  // Without this a page that is kept for "back" holds its connection open; a browser has six for one site.
  window.addEventListener('pagehide', function () { clearTimeout(connectTimer); if (source) source.close(); source = null; });
  window.addEventListener('pageshow', function (e) { if (e.persisted) connect(); });
})();
