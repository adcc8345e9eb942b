// Returns what is wrong with the page in front: text too faint to read, fields without a label, too wide, no heading.
() => {
  const faults = [];
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);

  const luminance = ([red, green, blue]) => {
    const linear = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };

  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
      if (alpha > 0) return [red, green, blue];
    }
    return [255, 255, 255];
  };

  // WCAG 2.2, success criterion 1.4.3.
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility()) continue;
    const [brighter, darker] = [luminance(channels(getComputedStyle(element).color)), luminance(backgroundOf(element))]
      .sort((one, other) => other - one);
    const contrast = (brighter + 0.05) / (darker + 0.05);
    if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(2)}: ${node.textContent.trim()}`);
  }

  for (const field of document.querySelectorAll("input:not([type=hidden])")) {
    if (!field.labels.length) faults.push(`no label: ${field.name}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`too wide: ${document.documentElement.scrollWidth}`);
  if (document.querySelectorAll("h1").length !== 1) faults.push("not exactly one main heading");
  if (document.querySelectorAll("main").length !== 1) faults.push("not exactly one main landmark");
  return faults;
}
