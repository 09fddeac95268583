"use strict";
/* Comforts only: without scripts every plot keeps its <title> tooltips and its table. */
(() => {
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const tip = document.getElementById("tip");

  /* Tooltips: a mark's <title> moves into an attribute, or the browser would show both. */
  all("svg [data-t], svg title").forEach((node) => {
    const title = node.tagName === "title" ? node : null;
    const mark = title && title.parentNode;
    if (!mark || mark.tagName === "svg") return;
    mark.dataset.tip = title.textContent;
    title.remove();
  });
  const texts = {};
  all("[data-t][data-tip]").forEach((mark) => { texts[mark.dataset.t] ||= mark.dataset.tip; });
  all("#trials tr[data-t]").forEach((row) => {
    const [id, rung, score, , params, macs] = [...row.cells].map((cell) => cell.textContent.trim());
    texts[row.dataset.t] ||= `${id}: ${score}, rung ${rung}, ${params} params, ${macs} MACs`;
  });
  const showTip = (event, text) => {
    tip.textContent = text;
    tip.hidden = false;
    const wide = tip.offsetWidth, high = tip.offsetHeight;
    const x = Math.min(event.clientX + 14, innerWidth - wide - 8);
    const y = event.clientY + 18 + high > innerHeight ? event.clientY - high - 10 : event.clientY + 18;
    tip.style.left = Math.max(4, x) + "px";
    tip.style.top = y + "px";
  };
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest("[data-tip], svg [data-t]");
    const text = mark && (mark.dataset.tip || texts[mark.dataset.t] || "#" + mark.dataset.t);
    if (text) showTip(event, text); else tip.hidden = true;
  });

  /* The same network everywhere: hover shows it, a click keeps it. */
  const byTrial = new Map();
  all("[data-t]").forEach((node) => {
    const list = byTrial.get(node.dataset.t) || [];
    list.push(node);
    byTrial.set(node.dataset.t, list);
  });
  let kept = null, shown = null;
  const light = (trial, on) => (byTrial.get(trial) || []).forEach((node) => {
    node.classList.toggle("lit", on);
    if (on && node.parentNode.classList.contains("pl")) node.parentNode.append(node);
  });
  const show = (trial) => {
    if (trial === shown) return;
    if (shown && shown !== kept) light(shown, false);
    shown = trial;
    if (trial) light(trial, true);
  };
  document.addEventListener("pointerover", (event) => {
    const node = event.target.closest("[data-t]");
    show(node ? node.dataset.t : null);
  });
  document.addEventListener("click", (event) => {
    const node = event.target.closest("[data-t]");
    if (!node) return;
    const trial = node.dataset.t;
    if (kept) light(kept, false);
    kept = kept === trial ? null : trial;
    if (kept) light(kept, true);
  });

  /* Tables: a click on a head sorts; numbers by value, "-" last. */
  const value = (cell) => {
    const text = cell.textContent.trim();
    const m = text.replace(/,/g, "").match(/^#?(-?[0-9.]+(?:e[-+]?[0-9]+)?)\s*(k|M|G|KiB|MiB|GiB|ns|µs|ms)?/);
    if (!m) return { number: NaN, text };
    const unit = { k: 1e3, M: 1e6, G: 1e9, KiB: 1024, MiB: 1048576, GiB: 1073741824, ns: 1e-6, "µs": 0.001 }[m[2]] || 1;
    return { number: parseFloat(m[1]) * unit, text };
  };
  const compare = (a, b) => {
    if (isNaN(a.number) && isNaN(b.number)) return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
    if (isNaN(a.number)) return 1;
    return isNaN(b.number) ? -1 : a.number - b.number;
  };
  const sort = (head) => {
    const table = head.closest("table"), body = table.tBodies[0];
    const down = head.getAttribute("aria-sort") !== "descending";
    all("th", table).forEach((th) => th.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].map((row) => [value(row.cells[head.cellIndex]), row]);
    rows.sort((a, b) => {
      const missing = isNaN(a[0].number) !== isNaN(b[0].number);
      const order = compare(a[0], b[0]);
      return missing || !down ? order : -order;
    });
    rows.forEach((pair) => body.append(pair[1]));
  };
  all("table").forEach((table) => {
    if (table.tBodies[0].rows.length < 3) return;
    all("thead th", table).forEach((head) => {
      if (!head.textContent.trim()) return;
      head.classList.add("sorts");
      head.tabIndex = 0;
      head.addEventListener("click", () => sort(head));
      head.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        sort(head);
      });
    });
  });

  /* The CSV link gets a JSON twin. */
  const csv = document.getElementById("csv");
  if (csv) {
    const json = csv.cloneNode();
    json.id = "json";
    json.download = "trials.json";
    json.textContent = "as JSON";
    json.addEventListener("click", () => {
      const [head, ...rows] = decodeURIComponent(csv.href.slice(csv.href.indexOf(",") + 1)).split("\n")
        .map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)]
          .map((m) => m[1] === undefined ? m[2] : m[1].replace(/""/g, '"')));
      const word = (text) => text === "" ? null : isNaN(text) ? text : +text;
      const list = rows.map((row) => Object.fromEntries(row.map((text, i) => [head[i], word(text)])));
      json.href = "data:application/json;charset=utf-8," + encodeURIComponent(JSON.stringify(list));
    });
    csv.after(", ", json);
  }

  /* Parallel coordinates: drag along axes to keep the lines between; a click frees one. */
  all("g.parallel").forEach((group) => {
    const svg = group.closest("svg"), ranges = new Map(), boxes = new Map();
    const lines = all(".pl path", group).map((path) => ({
      trial: path.dataset.t,
      points: [...path.getAttribute("d").matchAll(/([\d.]+) ([\d.]+)/g)].map((m) => [+m[1], +m[2]]),
    }));
    const place = (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      return point.y;
    };
    const inside = (line) => [...ranges].every(([x, range]) => line.points.some((p) =>
      Math.abs(p[0] - x) < 1 && p[1] >= range[0] - 1 && p[1] <= range[1] + 1));
    const apply = () => lines.forEach((line) => {
      const out = !inside(line);
      (byTrial.get(line.trial) || []).forEach((node) => node.classList.toggle("out", out));
    });
    all(".pax", group).forEach((axis) => {
      const x = +axis.getAttribute("x") + 12;
      let from = null;
      const box = document.createElementNS(svg.namespaceURI, "rect");
      box.setAttribute("class", "brush");
      box.setAttribute("x", x - 7);
      box.setAttribute("width", 14);
      box.setAttribute("height", 0);
      group.append(box);
      axis.addEventListener("pointerdown", (event) => {
        from = place(event);
        axis.setPointerCapture(event.pointerId);
      });
      axis.addEventListener("pointermove", (event) => {
        if (from === null) return;
        const to = place(event), range = [Math.min(from, to), Math.max(from, to)];
        box.setAttribute("y", range[0]);
        box.setAttribute("height", range[1] - range[0]);
        if (range[1] - range[0] > 4) ranges.set(x, range); else ranges.delete(x);
        apply();
      });
      axis.addEventListener("pointerup", (event) => {
        if (from !== null && Math.abs(place(event) - from) <= 4) {
          ranges.delete(x);
          box.setAttribute("height", 0);
          apply();
        }
        from = null;
      });
    });
  });
})();
