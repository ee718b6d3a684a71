// Parts of a page that are fetched again: by live.js when what they show has moved, and the preview beside a form that is
// being filled in (data-preview is who makes it, data-preview-of the form).
(function () {
  'use strict';

  // askPart gives the text of a part, null where it stands as it is (204). What no person's hand caused says so: the server must not take it for an act. Who may
  // not see the part any more is led where they belong, unless idle.js covers the page.
  window.askPart = function (from, byHand, options) {
    options = options || {};
    options.headers = { 'X-Part': '1' };
    if (!byHand) options.headers['X-Background'] = '1';
    return fetch(from, options).then(function (answer) {
      var door = answer.headers.get('X-Door');
      if (door && document.dispatchEvent(new CustomEvent('sent-away', { detail: door, cancelable: true }))) location.href = door;
      if (answer.ok && !door) return answer.status === 204 ? null : answer.text();
      var failed = new Error('part: ' + answer.status);
      failed.refused = door || answer.status === 401 || answer.status === 403;
      throw failed;
    });
  };

  var wait, flight;
  function typed(e) {
    var box = document.querySelector('[data-preview]');
    var form = e.target.form;
    if (!box || !form || form.id !== box.dataset.previewOf) return;
    clearTimeout(wait);
    wait = setTimeout(function () { show(box, form, e.isTrusted); }, e.type === 'change' ? 0 : 400);
  }
  function show(box, form, byHand) {
    if (flight) flight.abort();
    flight = new AbortController();
    window.askPart(box.dataset.preview, byHand, { method: 'POST', body: new URLSearchParams(new FormData(form)), signal: flight.signal }).then(function (text) {
      box.innerHTML = text;
    }, function () {}); // given up for a newer one, or failed: the next letter asks again
  }
  document.addEventListener('input', typed);
  document.addEventListener('change', typed);
})();
