"""The comparison as an SVG picture, written by hand: one panel a figure, one bar a contender."""
from xml.sax.saxutils import escape

COLOURS = {"direct": "#8a8f98", "nginx": "#2f9e6e", "haproxy": "#4c7fd0", "weir": "#d9772b"}
PANEL_WIDTH, BAR, GAP, LEFT, TOP = 400, 18, 6, 78, 64


def number(value):
    """Three figures, thousands set apart."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def _panel(x, y, title, unit, values, target):
    """One figure. values: name -> number. The target's line lies over the bars and under the numbers."""
    bars, words = [], [f'<text x="{x}" y="{y}" class="t">{escape(title)}</text>']
    most = max(list(values.values()) + [target or 0, 1e-9])
    scale = (PANEL_WIDTH - LEFT - 110) / most
    row = y + 12
    for name, value in values.items():
        width = max(value * scale, 1)
        bars.append(f'<rect x="{x + LEFT}" y="{row}" width="{width:.1f}" height="{BAR}" rx="2" '
                    f'fill="{COLOURS.get(name, "#777")}"/>')
        words.append(f'<text x="{x + LEFT - 8}" y="{row + BAR - 5}" class="n">{escape(name)}</text>')
        words.append(f'<text x="{x + LEFT + width + 6:.1f}" y="{row + BAR - 5}" class="v">'
                     f'{number(value)} {escape(unit)}</text>')
        row += BAR + GAP
    if target:
        at = x + LEFT + target * scale
        bars.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y + 8}" y2="{row}" class="g"/>')
    return bars + words


def svg(title, subtitle, panels):
    """panels: list of (title, unit, {name: value}, target or None), shown in two columns."""
    tallest = max(len(p[2]) for p in panels)
    height_each = 40 + tallest * (BAR + GAP)
    rows = (len(panels) + 1) // 2
    width, height = 2 * PANEL_WIDTH + 60, TOP + rows * height_each + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        "<style>text{font-family:system-ui,sans-serif;fill:#24292f}.h{font-size:17px;font-weight:600}"
        ".s{font-size:12px;fill:#57606a}.t{font-size:13px;font-weight:600}.n{font-size:12px;text-anchor:end}"
        ".v{font-size:12px;fill:#57606a;paint-order:stroke;stroke:#fff;stroke-width:4px}"
        ".g{stroke:#b42318;stroke-dasharray:4 3}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="20" y="28" class="h">{escape(title)}</text>',
        f'<text x="20" y="46" class="s">{escape(subtitle)}</text>',
    ]
    for i, (name, unit, values, target) in enumerate(panels):
        x = 20 + (i % 2) * (PANEL_WIDTH + 20)
        y = TOP + 14 + (i // 2) * height_each
        parts += _panel(x, y, name, unit, values, target)
    return "\n".join(parts + ["</svg>", ""])
