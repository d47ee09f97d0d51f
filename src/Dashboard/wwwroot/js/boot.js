// Starts the dashboard. A wall screen that came up while its server was not there must not stay on the opening picture for ever: it says what is wrong and loads again as soon as the server answers.
(function () {
  const everyMs = 5000;
  const stuckMs = 30000;   // the runtime does not always say when a file of its own is missing
  const opening = () => document.querySelector(".boot:not(.is-failed)");
  function failed(reason) {
    const boot = opening();
    if (!boot) return;
    console.error("The dashboard did not start:", reason);
    boot.classList.add("is-failed");
    boot.querySelector(".boot-line").textContent = "The dashboard could not be loaded. Trying again by itself.";
    const again = () => fetch("healthz/live", { cache: "no-store" })
      .then((answer) => answer.ok ? location.reload() : setTimeout(again, everyMs))
      .catch(() => setTimeout(again, everyMs));
    setTimeout(again, everyMs);
  }
  function watch(before) {
    if (!opening()) return;
    const progress = getComputedStyle(document.documentElement).getPropertyValue("--blazor-load-percentage");
    if (progress === before) failed("no progress for half a minute");
    else setTimeout(() => watch(progress), stuckMs);
  }
  window.addEventListener("unhandledrejection", (event) => failed(event.reason));
  if (!window.Blazor) return failed("its first file is missing");
  window.Blazor.start().catch(failed);
  watch(null);
})();
