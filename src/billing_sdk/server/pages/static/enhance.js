// An enhancement only: every page works without it.
"use strict";

// A form is sent once; the server treats a second copy as the same act in any case.
document.addEventListener("submit", (event) => {
  if (event.submitter?.formTarget) return; // a preview, which changes nothing
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

// A preview follows what is typed; without a script its button shows it.
const previewed = document.querySelector("form[data-previews]");
previewed?.addEventListener("change", (event) => {
  if (event.target.type !== "file") previewed.requestSubmit(previewed.querySelector("[data-preview]"));
});
