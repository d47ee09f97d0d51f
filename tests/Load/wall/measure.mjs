// node measure.mjs BASE EMAIL PASSWORD SEED SECONDS (SEED: totpSecret of data/demo-users.json): the wall in kiosk mode, its longest task, the main thread's share and each Chromium process' CPU from /proc.
import crypto from "node:crypto";
import fs from "node:fs";
import { chromium } from "playwright-core";

const [base, email, password, seed, seconds] = process.argv.slice(2);
// RFC 6238: six digits of HMAC-SHA-1 over the 30 s step.
const code = () => {
  const bits = [...seed].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = crypto.createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
};
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
const page = await context.newPage();
await page.goto(base + "/sign-in");
await page.fill("input[type=email]", email);
await page.fill("input[type=password]", password);
await page.keyboard.press("Enter");
await page.fill("input[autocomplete=one-time-code]", code());
await page.keyboard.press("Enter");
await page.waitForSelector("input[autocomplete=one-time-code]", { state: "detached" });
await page.addInitScript(() => {
  window.tasks = [];
  new PerformanceObserver((list) => list.getEntries().forEach((e) => window.tasks.push([e.startTime, e.duration]))).observe({ type: "longtask", buffered: true });
});
await page.goto(base + "/wallboard?kiosk=1");
await page.waitForSelector("[data-organization]");
await page.waitForTimeout(8000);
const session = await context.newCDPSession(page);
await session.send("Performance.enable");
const metrics = async () => Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));

/** CPU-seconds by kind of Chromium process, of this run alone: descendants of this script. */
function processes() {
  const all = new Map();
  for (const pid of fs.readdirSync("/proc").filter((p) => /^\d+$/.test(p))) {
    try {
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      all.set(pid, { command, parent: fields[1], seconds: (Number(fields[11]) + Number(fields[12])) / 100 });
    } catch { /* gone meanwhile */ }
  }
  const ours = (pid) => { for (let at = pid; all.has(at); at = all.get(at).parent) if (all.get(at).parent === String(process.pid)) return true; return false; };
  return new Map([...all].filter(([pid]) => ours(pid)).map(([pid, p]) => [pid, { kind: /--type=([a-z-]+)/.exec(p.command)?.[1] ?? "browser", seconds: p.seconds }]));
}

await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
const started = Date.now();
const [cpuBefore, before, mark] = [processes(), await metrics(), await page.evaluate(() => performance.now())];
await page.waitForTimeout(Number(seconds) * 1000);
const [cpuAfter, after] = [processes(), await metrics()];
const length = (Date.now() - started) / 1000;
// On a machine that is short of cores a task lasts longer than it works: its own CPU time tells the two apart.
const trace = JSON.parse((await browser.stopTracing()).toString()).traceEvents;
const mains = new Set(trace.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain").map((e) => `${e.pid}/${e.tid}`));
const worked = trace.filter((e) => /RunTask$/.test(e.name) && e.tdur && mains.has(`${e.pid}/${e.tid}`)).map((e) => e.tdur / 1000);
const { shown, tasks } = await page.evaluate((from) => ({ shown: document.querySelectorAll("[data-organization]").length, tasks: window.tasks.filter((t) => t[0] >= from).map((t) => t[1]) }), mark);
const share = (name) => (((after[name] - before[name]) / length) * 100).toFixed(1) + " %";
const byKind = {};
for (const [pid, { kind, seconds: used }] of cpuAfter) byKind[kind] = (byKind[kind] ?? 0) + used - (cpuBefore.get(pid)?.seconds ?? 0);
console.log(`${shown} tiles for ${length.toFixed(1)} s: longest task ${tasks.length ? Math.max(...tasks) + " ms" : "below 50 ms"}, ${tasks.length} above 50 ms`);
console.log(`longest task by CPU time of the main thread: ${Math.max(0, ...worked).toFixed(0)} ms (${worked.length} tasks)`);
console.log(`main thread busy ${share("TaskDuration")} of the wall clock (script ${share("ScriptDuration")}, layout ${share("LayoutDuration")}, style ${share("RecalcStyleDuration")}); script heap ${(after.JSHeapUsedSize / 1e6).toFixed(1)} MB`);
for (const [kind, used] of Object.entries(byKind)) console.log(`${kind}: ${((used / length) * 100).toFixed(1)} % of a core`);
await browser.close();
