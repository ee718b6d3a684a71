// The police's list and home page: what is new since the page was opened is marked, and an urgent one rings when the officer asked for it.
(function () {
  'use strict';
  var button = document.querySelector('[data-sound]');
  if (!button) return;
  var sound = new Audio(button.dataset.sound);
  var known = {};

  function look(ring) {
    var rings = false;
    document.querySelectorAll('[data-item]').forEach(function (row) {
      var code = row.dataset.item;
      var urgent = 'urgent' in row.dataset;
      if (!(code in known)) known[code] = { fresh: ring, urgent: false };
      if (known[code].fresh) row.classList.add('fresh');
      if (urgent && !known[code].urgent && ring) rings = true; // also a report that becomes urgent while the caller speaks
      known[code].urgent = urgent;
    });
    if (rings && on()) play();
  }

  function on() { return button.getAttribute('aria-pressed') === 'true'; }

  function show(pressed) {
    button.setAttribute('aria-pressed', String(pressed));
    button.textContent = pressed ? button.dataset.on : button.dataset.off;
  }

  function play() {
    sound.currentTime = 0;
    // A browser plays nothing on a page that was not touched yet: then the button must not claim that it will ring.
    sound.play().catch(function () { show(false); });
  }

  button.addEventListener('click', function () {
    show(!on());
    localStorage.setItem('ring', on() ? '1' : '');
    if (on()) play(); // the officer hears what to listen for
  });
  show(localStorage.getItem('ring') === '1' && !!(navigator.userActivation && navigator.userActivation.hasBeenActive));
  look(false);
  document.addEventListener('part-shown', function () { look(true); });
})();
