// Stands in front of a running product and replaces its live hub by a synthetic board.
// node feed.mjs TARGET PORT TILES CHANGES_PER_SECOND LEVEL_CHANGES_PER_SECOND; SIGUSR2 stops and resumes frames and heartbeats.
import http from "node:http";
import { WebSocketServer } from "ws";

const target = new URL(process.argv[2]);
const [port, count, rate, flips] = process.argv.slice(3).map(Number);
const END = "\u001e";
const FIRST = ["Amber", "Birch", "Cedar", "Coral", "Dune", "Echo", "Falcon", "Harbor"];
const SECOND = ["Labs", "Motors", "Foods", "Bank", "Hotels"];
let seed = 7;
const random = (below) => Math.floor(((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648) * below);
const tiles = Array.from({ length: count }, (_, i) => tile(i, i < 6 ? "Critical" : i < 20 ? "Warning" : "Good"));
const sequences = new Array(count).fill(1);
let sequence = 1;
let paused = false;

function tile(i, health) {
  const now = new Date().toISOString();
  const broken = health === "Critical" || health === "Warning";
  return {
    organizationId: "eu-" + i.toString(36).padStart(10, "0"), name: `${FIRST[i % 8]} ${SECOND[(i >> 3) % 5]} ${i}`, region: "EU", plan: "ENTERPRISE", isEnterprise: true, monitored: true, health,
    uptimeMonthPpm: 999000 + random(999), uptimeMonthMinPpm: 998000, uptimeMonthMaxPpm: 999990, targetPpm: 999500, budgetUsedPpm: random(700000), allowedBadSlots: 133, badSlots: 20,
    budgetExhausted: false, p99Ms5m: 60 + random(80), p99TargetMs: 100, errorPpm5m: random(4000), errorTargetPpm: 10000, requestsPerSecond: 40 + random(10), uptime30dPpm: 999700, p99Ms30d: 88,
    violations30d: 1, coveragePpm: 990000, coverage30dPpm: 980000,
    open: broken ? [{ id: i.toString(16).padStart(32, "0"), metric: "UPTIME", impact: health === "Critical" ? "MAJOR" : "MINOR", startTime: now, badSeconds: 70, pending: false, unverified: false }] : [],
    dataAt: now, staleAfterMs: 30000, computedAt: now, provisionalHealthReason: "every promise is kept", isDemo: false,
  };
}

const delta = (i) => ({ thing: "sla.tile/" + tiles[i].organizationId, epoch: 1, sequence: sequences[i], content: { type: "sla.tile", tile: tiles[i] } });
const server = http.createServer((request, response) => {
  if (request.url.startsWith("/hubs/live/negotiate")) {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ negotiateVersion: 1, connectionId: "a", connectionToken: "a", availableTransports: [{ transport: "WebSockets", transferFormats: ["Text"] }] }));
    return;
  }
  const headers = { ...request.headers, host: target.host };
  if (headers.origin) headers.origin = target.origin;
  const onward = http.request({ host: target.hostname, port: target.port, path: request.url, method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
});
const browsers = new Set();
const tell = (message) => { if (!paused) browsers.forEach((socket) => socket.send(JSON.stringify(message) + END)); };
new WebSocketServer({ server, path: "/hubs/live" }).on("connection", (socket) => {
  let shaken = false;
  socket.on("close", () => browsers.delete(socket));
  socket.on("message", (data) => data.toString().split(END).filter(Boolean).map((part) => JSON.parse(part)).forEach((message) => {
    if (!shaken) {
      shaken = true;
      socket.send("{}" + END);
    } else if (message.type === 1 && message.target === "Start") {
      const snapshot = { nodeEpoch: "node", sequence, serverTime: new Date().toISOString(), things: tiles.map((_, i) => delta(i)) };
      socket.send(JSON.stringify({ type: 3, invocationId: message.invocationId, result: { snapshot, resume: null } }) + END);
      browsers.add(socket);
    }
  }));
});
process.on("SIGUSR2", () => { paused = !paused; });
setInterval(() => tell({ type: 1, target: "heartbeat", arguments: [{ nodeEpoch: "node", sequence, serverTime: new Date().toISOString(), feedAgeMs: 50, version: "1" }] }), 2000);
let tick = 0;
let at = 0;
setInterval(() => {
  if (browsers.size === 0 || paused) return;
  const from = sequence + 1;
  const deltas = [];
  tick++;
  for (let k = 0; k < rate / 10; k++) {
    const i = at++ % count;
    const was = tiles[i].health;
    const flip = k < flips / 10 && (flips >= 10 || tick % Math.round(10 / flips) === 0);
    tiles[i] = tile(i, flip ? (was === "Good" ? ["Critical", "Warning", "Warning"][random(3)] : "Good") : was);
    sequences[i]++;
    sequence++;
    deltas.push(delta(i));
  }
  tell({ type: 1, target: "frame", arguments: [{ nodeEpoch: "node", from, to: sequence, serverTime: new Date().toISOString(), deltas }] });
}, 100);
server.listen(port, "127.0.0.1", () => console.log(`${count} tiles at http://127.0.0.1:${port}`));
