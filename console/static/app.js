// Live pages. An element says which topics it shows and how to fetch itself again:
//
//   <div id="rows" data-live="reports" data-live-at="417" hx-get="/reports/rows" hx-trigger="live-reports from:body">
//
// One EventSource carries the page's topics. When a topic's revision is not the one shown, body hears "live-<topic>".
(function () {
  'use strict';
  var shown = {};
  var source = null;
  var bannerTimer = null;

  function topics() {
    document.querySelectorAll('[data-live]').forEach(function (el) {
      el.dataset.live.split(' ').forEach(function (name) {
        if (!(name in shown)) shown[name] = el.dataset.liveAt || null;
      });
    });
    return Object.keys(shown);
  }

  function lost(is) {
    var banner = document.getElementById('live-lost');
    clearTimeout(bannerTimer);
    if (!is) { banner.hidden = true; return; }
    // A restart of the program lasts a second or two: that much is not worth a word.
    bannerTimer = setTimeout(function () { banner.hidden = false; }, 3000);
  }

  function connect() {
    var names = topics();
    if (!names.length) return;
    source = new EventSource('/live?' + names.map(function (n) { return 't=' + encodeURIComponent(n); }).join('&'));
    source.onopen = function () { lost(false); };
    source.onerror = function () {
      lost(true);
      // On an HTTP error the browser gives up; a node that is starting, or a proxy before it, answers so.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
    };
    names.forEach(function (name) {
      source.addEventListener(name, function (e) {
        if (shown[name] === e.data) return;
        var first = shown[name] === null;
        shown[name] = e.data;
        if (!first) htmx.trigger(document.body, 'live-' + name);
      });
    });
  }

  document.addEventListener('DOMContentLoaded', function () {
    var focus = document.querySelector('[data-focus]');
    if (focus) focus.focus();
    connect();
  });
  // Without this a page that is kept for "back" holds its connection open; a browser has six for one site.
  window.addEventListener('pagehide', function () { if (source) source.close(); });
  window.addEventListener('pageshow', function (e) { if (e.persisted) connect(); });
})();
