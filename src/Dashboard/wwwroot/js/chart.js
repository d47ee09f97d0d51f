// uPlot in the product's tokens: promise as a labelled line, excluded and unknown time as hatched bands, direct labels, one crosshair per page.
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const font = () => `12px ${token("--font")}`;

function hatch(context, colour) {
  const size = 8 * devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const c = canvas.getContext("2d");
  c.strokeStyle = colour;
  c.globalAlpha = 0.35;
  c.lineWidth = devicePixelRatio;
  c.beginPath();
  c.moveTo(0, size); c.lineTo(size, 0);
  c.moveTo(-1, 1); c.lineTo(1, -1);
  c.moveTo(size - 1, size + 1); c.lineTo(size + 1, size - 1);
  c.stroke();
  return context.createPattern(canvas, "repeat");
}

// Times of the contract's zone, written by the browser; UTC when it does not know the zone.
function clock(zone) {
  const make = (fields) => {
    const common = { hourCycle: "h23", ...fields };
    try { return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...common }); } catch { return new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...common }); }
  };
  const minute = make({ hour: "2-digit", minute: "2-digit" });
  const day = make({ day: "numeric", month: "short" });
  const whole = make({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return {
    axis(seconds, span) {
      const at = new Date(seconds * 1000);
      if (span > 3 * 86400) return day.format(at);
      const text = minute.format(at);
      return span > 43200 && text === "00:00" ? day.format(at) : text;
    },
    whole: (seconds) => whole.format(new Date(seconds * 1000)),
  };
}

export function create(element, options) {
  let bands = [];
  let hoverBox = null;
  const times = clock(options.zone);
  const scale = 10 ** (options.decimals || 0);
  const write = (value) => (Math.ceil(value * scale - 1e-9) / scale).toLocaleString("en", { minimumFractionDigits: options.decimals || 0, maximumFractionDigits: options.decimals || 0 });
  const highest = Math.max(0, ...options.targets.map((t) => t.value));
  const series = [{}].concat(options.series.map((s) => ({
    label: s.label,
    stroke: () => token(s.colour),
    fill: s.fill ? () => `color-mix(in srgb, ${token(s.colour)} 18%, transparent)` : undefined,
    width: s.width || 1.5,
    spanGaps: false,
    points: { show: false },
  })));

  function drawBands(u) {
    const { ctx } = u;
    ctx.save();
    for (const [from, to, kind] of bands) {
      const x0 = Math.max(u.bbox.left, u.valToPos(from, "x", true));
      const x1 = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to, "x", true));
      if (x1 <= x0) continue;
      ctx.fillStyle = hatch(ctx, token(kind === "Excluded" ? "--maintenance" : "--unknown"));
      ctx.fillRect(x0, u.bbox.top, x1 - x0, u.bbox.height);
    }
    ctx.restore();
  }

  function drawOver(u) {
    const { ctx } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${12 * ratio}px ${token("--font")}`;
    for (const target of options.targets) {
      const y = u.valToPos(target.value, "y", true);
      if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) continue;
      ctx.strokeStyle = token("--text");
      ctx.globalAlpha = 0.75;
      ctx.lineWidth = ratio;
      ctx.setLineDash([5 * ratio, 4 * ratio]);
      ctx.beginPath(); ctx.moveTo(u.bbox.left, y); ctx.lineTo(u.bbox.left + u.bbox.width, y); ctx.stroke();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.fillStyle = token("--text");
      ctx.textAlign = "left";
      ctx.textBaseline = "bottom";
      ctx.fillText(target.label, u.bbox.left + 6 * ratio, y - 3 * ratio);
    }
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    const labels = options.series.map((s, i) => {
      const values = u.data[i + 1];
      for (let k = values.length - 1; k >= 0; k--) if (values[k] != null) return { text: s.label, colour: token("--muted"), y: u.valToPos(values[k], "y", true) };
      return null;
    }).filter(Boolean).sort((a, b) => a.y - b.y);
    // Downwards until none covers another, then back up from the axis where that ran out of the plot.
    const apart = 13 * ratio;
    for (let i = 1; i < labels.length; i++) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + apart);
    for (let i = labels.length - 1, floor = u.bbox.top + u.bbox.height; i >= 0; i--, floor -= apart) labels[i].y = Math.min(labels[i].y, floor);
    for (const label of labels) {
      ctx.fillStyle = label.colour;
      ctx.fillText(label.text, u.bbox.left + u.bbox.width + 6 * ratio, label.y);
    }
    ctx.restore();
  }

  function hover(u) {
    if (!hoverBox) {
      hoverBox = document.createElement("div");
      hoverBox.className = "chart-hover";
      u.over.appendChild(hoverBox);
    }
    const { idx, left } = u.cursor;
    if (idx == null || left < 0) { hoverBox.style.display = "none"; return; }
    const lines = options.series.map((s, i) => {
      const value = u.data[i + 1][idx];
      return `${s.label} ${value == null ? "—" : write(value)}${value == null ? "" : " " + options.unit}`;
    });
    hoverBox.replaceChildren(...[`${times.whole(u.data[0][idx])} ${options.zone}`, ...lines].map((text) => {
      const line = document.createElement("div");
      line.textContent = text;
      return line;
    }));
    hoverBox.style.display = "block";
    const right = left > u.over.clientWidth / 2;
    hoverBox.style.left = right ? "auto" : `${left + 12}px`;
    hoverBox.style.right = right ? `${u.over.clientWidth - left + 12}px` : "auto";
  }

  const axis = { stroke: () => token("--muted"), grid: { stroke: () => token("--line"), width: 1 }, ticks: { show: false }, font: font() };
  const plot = new window.uPlot({
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 64, 0, 0],
    cursor: { sync: { key: "forge" }, y: false, points: { size: 7 } },
    select: { show: false },
    legend: { show: false },
    scales: { x: { time: false, range: () => [options.from, options.to] }, y: { range: (u, low, high) => [0, Math.max(highest * 1.25, (high || (highest ? 0 : 1)) * 1.1)] } },
    axes: [
      { ...axis, values: (u, ticks) => ticks.map((t) => times.axis(t, options.to - options.from)), incrs: [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000], space: 70, size: 28 },
      { ...axis, values: (u, ticks) => ticks.map((t) => `${t.toLocaleString("en")} ${options.unit}`.trim()), size: 72, space: 36 },
    ],
    series,
    hooks: { drawClear: [drawBands], draw: [drawOver], setCursor: [hover] },
  }, [[], ...options.series.map(() => [])], element);

  const sizes = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: element.clientHeight }));
  sizes.observe(element);
  const unlisten = window.forgeTheme.listen(() => plot.redraw(false, true));
  return {
    update(from, to, data, newBands) {
      options.from = from;
      options.to = to;
      bands = newBands.map((b) => [b[0], b[1], b[2] === 1 ? "Excluded" : "Unknown"]);
      plot.setData(data, true);
    },
    stop() {
      sizes.disconnect();
      unlisten();
      plot.destroy();
    },
  };
}
