// Runs before the first paint: resolves "system", "dark" or "light" and marks the document, so that nothing flashes.
(function () {
  const key = "forge-theme";
  const light = window.matchMedia("(prefers-color-scheme: light)");
  const listeners = new Set();
  function choice() {
    try { return localStorage.getItem(key) || "system"; } catch { return "system"; }
  }
  function resolved() {
    const wanted = new URLSearchParams(location.search).get("theme") || choice();
    return wanted === "light" || (wanted === "system" && light.matches) ? "light" : "dark";
  }
  function apply() {
    const theme = resolved();
    document.documentElement.dataset.theme = theme;
    listeners.forEach((listener) => listener(theme));
  }
  light.addEventListener("change", apply);
  apply();
  window.forgeTheme = {
    choice, resolved,
    set(value) {
      try { localStorage.setItem(key, value); } catch { /* private window: lasts for this page */ }
      apply();
    },
    listen(listener) { listeners.add(listener); return () => listeners.delete(listener); }
  };
})();
