// Tabs of one browser share one session: they tell each other that it ended, and that somebody is at work.
const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("forge-session") : null;

export function tell(what) {
  channel?.postMessage(what);
}

export function listen(dotnet) {
  if (channel) channel.onmessage = (message) => dotnet.invokeMethodAsync("Told", String(message.data));
}
