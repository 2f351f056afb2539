# SPDX-License-Identifier: GPL-2.0
"""A bar chart as SVG, without a library."""

from html import escape

BAR, GAP, LABEL, PLOT, TOP = 22, 8, 150, 560, 44
COLOURS = {"weir": "#1f77b4", "ipvs": "#d62728", "": "#7f7f7f"}


def colour(label):
    return next(value for key, value in COLOURS.items() if label.startswith(key))


def bars(title, values):
    """@values: (label, number) pairs, top to bottom."""
    top = max((value for _, value in values), default=1) or 1
    height = TOP + len(values) * (BAR + GAP) + GAP
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + PLOT + 80}" height="{height}" font-family="sans-serif">',
        f'<rect width="100%" height="100%" fill="white"/><text x="12" y="26" font-size="15">{escape(title)}</text>',
    ]
    for number, (label, value) in enumerate(values):
        y = TOP + number * (BAR + GAP)
        width = max(1, round(PLOT * value / top))
        out.append(f'<text x="{LABEL - 8}" y="{y + 15}" font-size="12" text-anchor="end">{escape(label)}</text>'
                   f'<rect x="{LABEL}" y="{y}" width="{width}" height="{BAR}" fill="{colour(label)}"/>'
                   f'<text x="{LABEL + width + 6}" y="{y + 15}" font-size="12">{value}</text>')
    return "\n".join(out) + "\n</svg>\n"
