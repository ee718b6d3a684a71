// A screen that was left locks itself. The server decides; this script covers the page at the moment, keeps what was half
// typed in this tab until the right person is back, and tells the server when somebody types or moves without asking for
// anything. On the locked page it rings for the police as their list does.
(function () {
  'use strict';
  var meta = document.querySelector('meta[name=stage]');
  var stage = meta.content;
  var idle = Number(meta.dataset.idle) * 1000;
  var acted = Date.now();
  var told = Date.now();

  document.addEventListener('sent-away', function (e) {
    if (e.detail.indexOf('/locked') !== 0) return;
    e.preventDefault();
    cover(false);
  });
  document.addEventListener('signin', function (e) {
    if (stage === 'locked') { if (e.detail === 'open') back(); else leave(); }
    else if (e.detail === 'locked') cover(false);
    else leave();
  });

  function act() {
    acted = Date.now();
    if (stage !== 'open' && stage !== 'setup' || !idle) return;
    if (acted - Number(localStorage.getItem('acted')) > 1000) localStorage.setItem('acted', String(acted));
    if (acted - told < Math.min(60000, idle / 4)) return;
    told = acted;
    fetch('/here', { method: 'POST', redirect: 'manual' }).then(function (a) { if (a.type === 'opaqueredirect') cover(false); }, function () {});
  }
  ['pointerdown', 'pointermove', 'keydown', 'wheel', 'input'].forEach(function (name) {
    document.addEventListener(name, function (e) { if (e.isTrusted) act(); }, { passive: true, capture: true });
  });

  // The other tabs of this browser are the same screen. A machine that slept finds out at its first tick.
  function watch() {
    if (stage !== 'open' && stage !== 'setup' || !idle) return;
    if (Date.now() - Math.max(acted, Number(localStorage.getItem('acted'))) >= idle) cover(true);
  }
  if (idle) setInterval(watch, Math.min(5000, idle / 4));

  // cover puts the locked page in the place of this one, within the same document: a browser lets a page ring only where
  // somebody has touched it.
  function cover(first, why) {
    if (stage !== 'open' && stage !== 'setup') return;
    stage = 'covered';
    keep();
    document.documentElement.classList.add('covered');
    var here = location.pathname + location.search;
    var to = '/locked?next=' + encodeURIComponent(here);
    var locked = first ? fetch('/lock', { method: 'POST', body: new URLSearchParams({ next: here, why: why || 'idle' }) }) : fetch(to);
    locked.then(function (a) {
      if (!a.ok || new URL(a.url).pathname !== '/locked') throw new Error('not locked');
      return a.text();
    }).then(function (text) {
      var page = new DOMParser().parseFromString(text, 'text/html');
      document.title = page.title;
      document.body.replaceWith(page.body);
      history.replaceState(null, '', to);
      document.documentElement.classList.remove('covered');
      stage = 'locked';
      document.dispatchEvent(new CustomEvent('page-replaced'));
      var field = document.querySelector('[data-focus], #password');
      if (field) field.focus();
      ring();
    }).catch(function () { location.replace(to); });
  }

  function back() { location.replace(document.querySelector('input[name=next]').value); }
  function leave() { document.documentElement.classList.add('covered'); location.replace('/signin'); }

  // What is typed and not sent yet. Passwords and files are left out.
  function fields(form) {
    return Array.prototype.filter.call(form.elements, function (f) {
      return f.name && ['password', 'file', 'hidden', 'submit', 'button'].indexOf(f.type) < 0;
    });
  }
  function forms() { return Array.prototype.filter.call(document.forms, function (f) { return f.method === 'post'; }); }
  function state(f) {
    if (f.type === 'checkbox' || f.type === 'radio') return f.checked;
    if (f.type === 'select-multiple') return Array.prototype.map.call(f.options, function (o) { return o.selected; });
    return f.value;
  }
  function keep() {
    var all = forms().map(function (form) {
      return { action: form.getAttribute('action'), fields: fields(form).map(function (f) { return { name: f.name, state: state(f) }; }) };
    });
    var open = document.activeElement && document.activeElement.id;
    sessionStorage.setItem('typed ' + location.pathname + location.search, JSON.stringify({ forms: all, focus: open }));
  }
  function restore() {
    var key = 'typed ' + location.pathname + location.search;
    var text = sessionStorage.getItem(key);
    if (!text) return;
    sessionStorage.removeItem(key);
    var kept = JSON.parse(text);
    forms().forEach(function (form, i) {
      var was = kept.forms[i];
      if (!was || was.action !== form.getAttribute('action')) return;
      var now = fields(form);
      was.fields.forEach(function (w, j) {
        var f = now[j];
        if (!f || f.name !== w.name || JSON.stringify(state(f)) === JSON.stringify(w.state)) return;
        if (f.type === 'checkbox' || f.type === 'radio') f.checked = w.state;
        else if (f.type === 'select-multiple') Array.prototype.forEach.call(f.options, function (o, n) { o.selected = w.state[n]; });
        else f.value = w.state;
        f.dispatchEvent(new Event('input', { bubbles: true }));
        f.dispatchEvent(new Event('change', { bubbles: true }));
      });
    });
    var field = kept.focus && document.getElementById(kept.focus);
    if (field) field.focus();
  }

  // The desk rings while it is locked, if the officer had it ring.
  var sound = null;
  var known = {};
  function waiting() { return Array.prototype.map.call(document.querySelectorAll('#waiting [data-item]'), function (el) { return el.dataset.item; }); }
  function ring() {
    var box = document.querySelector('#waiting');
    var button = document.querySelector('[data-ring]');
    if (!box || !button || stage !== 'locked') return;
    sound = new Audio(button.dataset.ring);
    waiting().forEach(function (item) { known[item] = true; });
    button.hidden = false;
    show(button, localStorage.getItem('ring') === '1' && !!(navigator.userActivation && navigator.userActivation.hasBeenActive));
    button.addEventListener('click', function () {
      show(button, button.getAttribute('aria-pressed') !== 'true');
      localStorage.setItem('ring', button.getAttribute('aria-pressed') === 'true' ? '1' : '');
      if (localStorage.getItem('ring')) play(button);
    });
    count();
  }
  function show(button, on) {
    button.setAttribute('aria-pressed', String(on));
    button.textContent = on ? button.dataset.on : button.dataset.off;
  }
  function play(button) {
    sound.currentTime = 0;
    sound.play().then(function () { button.dataset.rang = String(Number(button.dataset.rang || 0) + 1); }, function () { show(button, false); });
  }
  function count() {
    var n = waiting().length;
    document.title = document.title.replace(/^\(\d+\) /, '');
    if (n) document.title = '(' + n + ') ' + document.title;
  }
  document.addEventListener('part-shown', function () {
    if (stage !== 'locked') return;
    var button = document.querySelector('[data-ring]');
    var fresh = waiting().filter(function (item) { return !known[item]; });
    fresh.forEach(function (item) { known[item] = true; });
    count();
    if (fresh.length && button && button.getAttribute('aria-pressed') === 'true') play(button);
  });

  document.addEventListener('DOMContentLoaded', function () {
    if (stage === 'open' || stage === 'setup') {
      localStorage.setItem('acted', String(Date.now()));
      localStorage.setItem('opened', String(Date.now()));
    }
    if (stage === 'open') restore();
    if (stage === '') Object.keys(sessionStorage).forEach(function (key) { if (key.indexOf('typed ') === 0) sessionStorage.removeItem(key); });
    ring();
    document.querySelectorAll('[data-show]').forEach(function (button) {
      button.hidden = false;
      button.addEventListener('click', function () {
        var on = button.getAttribute('aria-pressed') !== 'true';
        button.setAttribute('aria-pressed', String(on));
        button.textContent = on ? button.dataset.hide : button.dataset.show;
        button.form.querySelectorAll('[data-secret]').forEach(function (f) { f.type = on ? 'text' : 'password'; });
      });
    });
    document.addEventListener('click', function (e) {
      if (!e.target.closest('[data-lock]')) return;
      e.preventDefault(); // a page that the form loads could not ring
      cover(true, 'button');
    });
  });
  // Another tab was unlocked: the server says whether this one is too.
  window.addEventListener('storage', function (e) { if (e.key === 'opened' && stage === 'locked') back(); });
  window.addEventListener('pageshow', function (e) { if (e.persisted) watch(); });
})();
