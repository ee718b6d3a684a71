// What every page has: the problem of a form takes the focus, menus close, a message can be put away, and a dialog opens
// over the page. Without scripts each of them still works as a plain page does.
(function () {
  'use strict';

  document.addEventListener('DOMContentLoaded', function () {
    var focus = document.querySelector('[data-focus]');
    if (focus) focus.focus();
    document.querySelectorAll('[data-dismiss]').forEach(function (b) { b.hidden = false; });
  });

  document.addEventListener('click', function (e) {
    document.querySelectorAll('.menu[open]').forEach(function (m) { if (!m.contains(e.target)) m.open = false; });
    var put = e.target.closest('[data-dismiss]');
    if (put) { put.closest('.toast').remove(); return; }
    // A link to a form's own page, data-dialog naming the <dialog> on this page that holds the same form.
    var link = e.target.closest('a[data-dialog]');
    var dialog = link && document.getElementById(link.dataset.dialog);
    if (dialog && dialog.showModal && !e.ctrlKey && !e.metaKey && !e.shiftKey) { e.preventDefault(); dialog.showModal(); }
    var close = e.target.closest('[data-close]');
    if (close && close.closest('dialog')) { e.preventDefault(); close.closest('dialog').close(); }
  });

  document.addEventListener('keydown', function (e) {
    var open = e.key === 'Escape' && document.querySelector('.menu[open]');
    if (!open) return;
    open.open = false;
    open.querySelector('summary').focus();
  });
})();
