// Small bridges to what only the browser can do.
export function followTheme(dotnet) {
  window.forgeTheme.listen((theme) => dotnet.invokeMethodAsync("Shown", theme));
}

export function hotkeys(dotnet) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      dotnet.invokeMethodAsync("OpenPalette");
    }
  });
}

export function observeSize(element, dotnet) {
  const observer = new ResizeObserver(() => report());
  function report() {
    const box = element.getBoundingClientRect();
    dotnet.invokeMethodAsync("Resized", box.width, box.height);
  }
  observer.observe(element);
  report();
  return { stop: () => observer.disconnect() };
}

export function focus(selector) {
  const element = document.querySelector(selector);
  if (element) element.focus();
}

export function hidePopover(selector) {
  document.querySelector(selector)?.hidePopover();
}

export function showSelected(selector) {
  document.querySelector(selector)?.scrollIntoView({ block: "nearest" });
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// Offers a text as a file.
export function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* private window */ }
}

export function recall(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

export function reload() {
  location.reload();
}

export function hash() {
  return location.hash.replace(/^#/, "");
}

export function clearHash() {
  history.replaceState(null, "", location.pathname + location.search);
}

// Kiosk: keeps the screen awake, also after the tab was hidden for a moment.
export function kiosk() {
  let lock = null;
  async function acquire() {
    try { lock = await navigator.wakeLock?.request("screen"); } catch { lock = null; }
  }
  function visible() {
    if (document.visibilityState === "visible") acquire();
  }
  document.documentElement.classList.add("kiosk");
  document.addEventListener("visibilitychange", visible);
  acquire();
  return {
    stop() {
      document.removeEventListener("visibilitychange", visible);
      document.documentElement.classList.remove("kiosk");
      lock?.release();
    }
  };
}

// A modal on the browser's own dialog: focus stays inside, Escape asks to close, focus returns afterwards.
export function openModal(element, dotnet) {
  element.addEventListener("cancel", (event) => {
    event.preventDefault();
    dotnet.invokeMethodAsync("Cancelled");
  });
  const before = document.activeElement;
  if (!element.open) element.showModal();
  // The dialog is taken out of the page, not closed: the browser then forgets where the focus was.
  new MutationObserver((_, observer) => {
    if (element.isConnected) return;
    observer.disconnect();
    if (before?.isConnected && document.activeElement === document.body) before.focus();
  }).observe(document.body, { childList: true, subtree: true });
  element.querySelector("[autofocus], input, select, textarea, .button.primary, .button")?.focus();
}
