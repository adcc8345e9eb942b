// Puts a pricing table where its tag stands:
// <script async src="https://billing.example/embed/pricing-table.js" data-key="spring" data-register-url="https://app.example/register"></script>
// Further attributes: data-lang, data-color-scheme (light or dark), data-cadence, data-title, data-target (a selector).
"use strict";

(() => {
  const tag = document.currentScript;
  if (!tag?.dataset.key) return;
  const { key, registerUrl, lang, colorScheme, cadence, title, target } = tag.dataset;
  const address = new URL(`pricing-tables/${encodeURIComponent(key)}`, tag.src);
  const asked = { register_url: registerUrl, lang: lang || document.documentElement.lang, color_scheme: colorScheme, cadence };
  for (const [name, value] of Object.entries(asked)) if (value) address.searchParams.set(name, value);

  const frame = document.createElement("iframe");
  // What people who hear the page are told of the frame, before anything of it is there.
  const titles = new Map([["ar", "جدول الأسعار"], ["de", "Preistabelle"], ["tr", "Fiyat tablosu"]]);
  const language = (lang || document.documentElement.lang || navigator.language).split("-")[0].toLowerCase();
  frame.title = title || titles.get(language) || "Pricing table";
  frame.width = "100%";
  frame.height = "640";
  frame.style.border = "0";
  if (colorScheme) frame.style.colorScheme = colorScheme;

  // Only the frame that this tag has made is listened to, and only as long as it shows the billing server.
  addEventListener("message", (event) => {
    if (event.origin !== address.origin || event.source !== frame.contentWindow) return;
    const height = Number(event.data?.pricingTableHeight);
    if (height > 0 && height < 20000) frame.height = String(Math.ceil(height));
  });
  frame.src = address.href;
  const place = target ? document.querySelector(target) : null;
  if (place) place.append(frame);
  else tag.after(frame);
})();
