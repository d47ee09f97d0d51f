// The small tiles of the wallboard: nodes by id, changed in place from one batch per repaint. A component each would cost a diff of the whole wall every time.
const FIELD = "\u001f";
const RECORD = "\u001e";
const SIZES = ["heat", "compact", "small"];

/**
 * @param host element whose children belong to this module alone
 * @param words by level number: { levels: words, classes: css classes, names: of the enum }
 */
export function create(host, words) {
  const cells = new Map();
  const blocks = [];
  let stop = null;
  let past = false;

  function make(id) {
    const node = document.createElement("a");
    node.href = `sla/organizations/${id}`;
    node.dataset.organization = id;
    node.tabIndex = -1;
    const name = document.createElement("span");
    name.className = "name";
    const figure = document.createElement("span");
    figure.className = "fig";
    node.append(name, " ", figure);
    const cell = { node, name, figure, label: "", size: "heat", text: "", value: "", level: -1, heat: -1, open: 0 };
    cells.set(id, cell);
    return cell;
  }

  function dress(cell) {
    cell.node.className = `cell ${cell.size} ${words.classes[cell.level] ?? "is-nosla"}${cell.heat > 0 ? ` heat-${cell.heat}` : ""}`;
  }

  function describe(cell) {
    const violations = cell.open === 0 ? "" : `, ${cell.open} open ${cell.open === 1 ? "violation" : "violations"}`;
    const label = `${cell.text} ${cell.value || "—"} this month, ${past ? "was " : ""}${words.levels[cell.level]}${violations}`;
    if (label === cell.label) return;
    cell.label = label;
    cell.node.setAttribute("aria-label", label);
    if (cell.node.title) cell.node.title = label;
  }

  // id, level, heat step, open violations, uptime, name
  function change(record) {
    const [id, level, heat, open, value, text] = record.split(FIELD);
    const cell = cells.get(id) ?? make(id);
    if (cell.text !== text) cell.name.textContent = cell.text = text;
    if (cell.value !== value) cell.figure.textContent = cell.value = value;
    if (cell.level !== +level || cell.heat !== +heat) {
      if (cell.level !== +level) cell.node.dataset.health = words.names[+level];
      cell.level = +level;
      cell.heat = +heat;
      dress(cell);
    }
    cell.open = +open;
    describe(cell);
  }

  // Each block: size, columns, row height, gap, then the ids in order. Nodes that stay in order are not touched.
  function arrange(text) {
    const plans = text === "" ? [] : text.split(RECORD);
    while (blocks.length < plans.length) {
      const block = document.createElement("div");
      blocks.push(block);
      host.append(block);
    }
    while (blocks.length > plans.length) blocks.pop().remove();
    plans.forEach((plan, index) => {
      const [size, columns, height, gap, ...ids] = plan.split(FIELD);
      const block = blocks[index];
      const look = `block ${SIZES[+size]}`;
      if (block.className !== look) block.className = look;
      const style = `grid-template-columns:repeat(${columns},minmax(0,1fr));grid-auto-rows:${height}px;gap:${gap}px`;
      if (block.dataset.plan !== style) {
        block.dataset.plan = style;
        block.style.cssText = style;
      }
      block.dataset.columns = columns;
      let next = block.firstElementChild;
      for (const id of ids) {
        const cell = cells.get(id);
        if (!cell) continue;
        if (cell.size !== SIZES[+size]) {
          cell.size = SIZES[+size];
          dress(cell);
        }
        if (cell.node === next) {
          next = next.nextElementSibling;
          continue;
        }
        // One node left from before its place: take that one out instead of moving all that follow.
        if (next && next.nextElementSibling === cell.node) {
          const left = next;
          next = cell.node.nextElementSibling;
          left.remove();
          continue;
        }
        block.insertBefore(cell.node, next);
      }
      while (next) {
        const gone = next;
        next = next.nextElementSibling;
        gone.remove();
      }
    });
    if (!stop || !stop.isConnected) settle(host.querySelector(".cell"));
  }

  // One tab stop for the whole map; arrow keys move inside.
  function settle(node) {
    if (stop) stop.tabIndex = -1;
    stop = node;
    if (stop) stop.tabIndex = 0;
  }

  function keys(event) {
    const node = event.target.closest?.(".cell");
    if (!node) return;
    const all = [...host.querySelectorAll(".cell")];
    const columns = +node.parentElement.dataset.columns;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -all.length, End: all.length }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = all[Math.min(all.length - 1, Math.max(0, all.indexOf(node) + step))];
    settle(to);
    to.focus();
  }

  function hover(event) {
    const node = event.target.closest?.(".cell");
    if (node && !node.title) node.title = node.getAttribute("aria-label");
  }

  function focused(event) {
    const node = event.target.closest?.(".cell");
    if (node) settle(node);
  }

  host.addEventListener("keydown", keys);
  host.addEventListener("pointerover", hover);
  host.addEventListener("focusin", focused);

  return {
    /** One repaint: changed tiles, the new order or null, and whether the board is no longer current. */
    paint(changes, order, isPast) {
      if (isPast !== past) {
        past = isPast;
        cells.forEach(describe);
      }
      if (changes) changes.split(RECORD).forEach(change);
      if (order !== null) arrange(order);
    },
    stop() {
      host.removeEventListener("keydown", keys);
      host.removeEventListener("pointerover", hover);
      host.removeEventListener("focusin", focused);
      host.replaceChildren();
    },
  };
}
