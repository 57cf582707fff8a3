"""Bar charts as plain SVG."""

from html import escape

WIDTH, LABEL, BAR, GAP, HEAD = 760, 250, 22, 8, 44
COLOURS = ("#1f6feb", "#8250df", "#bf8700", "#57606a")


def bars(title, unit, groups, path):
    """`groups`: (label, [(series, value)]) in the order drawn; lengths are linear from zero."""
    most = max((value for _, series in groups for _, value in series if value), default=1)
    rows, y = [], HEAD
    names = list(dict.fromkeys(name for _, series in groups for name, _ in series))
    for label, series in groups:
        rows.append(f'<text x="8" y="{y + 15}" font-weight="600">{escape(label)}</text>')
        y += BAR
        for name, value in series:
            length = (value or 0) / most * (WIDTH - LABEL - 110)
            colour = COLOURS[names.index(name) % len(COLOURS)]
            rows.append(f'<text x="20" y="{y + 15}">{escape(name)}</text>')
            rows.append(f'<rect x="{LABEL}" y="{y + 3}" width="{length:.1f}" height="{BAR - 6}" fill="{colour}"/>')
            rows.append(f'<text x="{LABEL + length + 6:.1f}" y="{y + 15}">{value:,.4g} {escape(unit)}</text>')
            y += BAR
        y += GAP
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="white"/><text x="8" y="24" font-size="16">{escape(title)}</text>'
        + "".join(rows)
        + "</svg>\n"
    )
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
