// Tells the page around the frame how high the table is. Only sites of registered applications can frame it at all
// (frame-ancestors), and a height is no secret: so it does not matter which of them hears it.
"use strict";

// All of it, with the room around the table: else the page scrolls within its frame.
const shown = document.body;
new ResizeObserver(() => {
  parent.postMessage({ pricingTableHeight: shown.getBoundingClientRect().height }, "*");
}).observe(shown);
