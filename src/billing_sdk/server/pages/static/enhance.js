// An enhancement only: every page works without it.
"use strict";

// A form is sent once; the server treats a second copy as the same act in any case.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-disabled", "true");
});

// A page that comes back from the history is usable again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
});

// The portal's entry page goes on by itself once a person looks at it: a scanner that only renders the page never sends it.
const entry = document.querySelector("form[data-opens-portal]");
if (entry) {
  const open = () => {
    if (document.visibilityState === "visible" && !entry.dataset.sent) entry.requestSubmit();
  };
  document.addEventListener("visibilitychange", open);
  open();
}
