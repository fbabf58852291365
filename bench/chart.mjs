const WIDTH = 460;
const LABEL = 190;
const NUMBER = 60;
const ROW = 22;
const HEAD = 34;
const BAR = { ours: "#1a7f5a", theirs: "#9aa5b1" };

/** Panels of horizontal bars, two beside each other, as SVG. */
export function barChart(title, panels) {
  const rows = Math.max(...panels.map(({ bars }) => bars.length));
  const height = HEAD + rows * ROW + 16;
  const drawn = panels.map((panel, index) => {
    const x = (index % 2) * WIDTH;
    const y = Math.floor(index / 2) * height;
    return `<g transform="translate(${x} ${y})">${draw(panel)}</g>`;
  });
  const size = `width="${2 * WIDTH}" height="${Math.ceil(panels.length / 2) * height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function draw({ title, digits, bars }) {
  const most = Math.max(...bars.map(({ value }) => value));
  const lines = bars.map(({ label, ours, value }, index) => {
    const y = HEAD + index * ROW;
    const length = Math.max(1, ((WIDTH - LABEL - NUMBER) * value) / most);
    return [
      `<text x="${LABEL - 8}" y="${y + 12}" text-anchor="end" fill="#1f2933">${escaped(label)}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="16" fill="${ours ? BAR.ours : BAR.theirs}"/>`,
      `<text x="${(LABEL + length + 6).toFixed(1)}" y="${y + 12}" fill="#1f2933">${value.toFixed(digits)}</text>`,
    ].join("");
  });
  return `<text x="8" y="20" font-weight="bold" fill="#1f2933">${escaped(title)}</text>${lines.join("")}`;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
