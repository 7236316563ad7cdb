"""A quality report as one HTML file that needs nothing else: heat map of days, score, findings.

All text that comes from data is escaped; the page forbids scripts and everything from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from html import escape

from fks.contexts.data.domain.quality import iso
from fks.contracts.data import DatasetInfo, QualityReport
from fks.contracts.data.reports import DayQuality

__all__ = ["page_of", "shade_of"]

_CELL, _LEFT, _TOP = 13, 40, 18
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_YEARS = 100
_STYLE = """
:root{color-scheme:light dark;--page:#ffffff;--text:#1c2128;--dim:#656d76;--line:#d0d7de;
--full:#1a7f4b;--most:#a8c64a;--half:#e3b341;--few:#e8833a;--none:#cf222e;--odd:#8250df}
@media(prefers-color-scheme:dark){:root{--page:#0d1117;--text:#e6edf3;--dim:#8b949e;
--line:#30363d;--full:#2ea06a;--most:#b7c04a;--half:#d29922;--few:#db6d28;--none:#f85149;
--odd:#a371f7}}
body{background:var(--page);color:var(--text);font:14px/1.45 system-ui,sans-serif;
margin:2rem auto;max-width:60rem;padding:0 1rem}
h1{font-size:1.3rem;margin:0}h2{font-size:1rem;margin:1.6rem 0 .4rem}
p{color:var(--dim);margin:.2rem 0}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid var(--line);
padding:.3rem .5rem;text-align:left;vertical-align:top}td.n{text-align:right;
font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto;display:block}
svg text{fill:var(--dim);font:10px system-ui,sans-serif}
.full{fill:var(--full)}.most{fill:var(--most)}.half{fill:var(--half)}.few{fill:var(--few)}
.none{fill:var(--none)}.odd{fill:var(--odd)}.closed{fill:none;stroke:var(--line)}
.doubt{stroke:var(--text);stroke-width:1.5}.error{color:var(--none)}.warning{color:var(--few)}
.key svg{display:inline-block;vertical-align:-2px;margin:0 .25rem 0 .8rem}
"""
_KEY = (
    ("full", "all bars"),
    ("most", "nine tenths or more"),
    ("half", "half or more"),
    ("few", "fewer"),
    ("none", "none"),
    ("closed", "none expected"),
    ("odd", "bars though none expected"),
)


def page_of(
    info: DatasetInfo,
    report: QualityReport,
    days: Sequence[DayQuality],
    note: str = "",
    *,
    by_sessions: bool = False,
) -> str:
    """Return the page."""
    label = " (synthetic)" if info.synthetic else ""
    span = f"{iso(info.first_ts_ns)} to {iso(info.last_ts_ns)}"
    lines = (
        f"{info.instrument.id}, {info.rows:,} bars of {info.timeframe}, {span}",
        f"calendar {report.calendar}: {report.missing_bars:,} bars missing in {report.gaps:,} "
        f"gaps; {report.rows_quarantined:,} rows in quarantine",
        f"version {info.hash[:16]}, {info.source}",
        *([note] if note else []),
    )
    parts = (
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width">',
        f"<title>Quality of {escape(info.name)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(info.name)}{label}: {report.score:.2f} of 100</h1>",
        *(f"<p>{escape(line)}</p>" for line in lines),
        f"<h2>Days of {'sessions' if by_sessions else 'UTC'}</h2>",
        _key(),
        *_calendars(days),
        "<h2>Score</h2>",
        _parts(report),
        "<h2>Findings</h2>",
        _findings(report),
        "</body></html>",
    )
    return "\n".join(parts) + "\n"


def shade_of(day: DayQuality) -> str:
    """Return the class of a day's cell."""
    if not day.expected:
        return "odd" if day.present else "closed"
    there = day.expected - day.missing
    if there == day.expected:
        return "full"
    if there == 0:
        return "none"
    share = there / day.expected
    return "most" if share >= 0.9 else "half" if share >= 0.5 else "few"


def _calendars(days: Sequence[DayQuality]) -> Iterable[str]:
    """Yield a heat map a year, the newest first."""
    years: dict[int, list[DayQuality]] = {}
    for day in days:
        years.setdefault(int(day.day[:4]), []).append(day)
    for year in sorted(years, reverse=True)[:_MOST_YEARS]:
        yield _calendar(year, years[year])


def _calendar(year: int, days: Sequence[DayQuality]) -> str:
    """Return a year: a column a week from Monday, a row a weekday."""
    first = date(year, 1, 1)
    monday = first - timedelta(days=first.weekday())
    missing, faults = sum(one.missing for one in days), sum(one.faults for one in days)
    told = f"{year}: {missing:,} bars missing, {faults:,} doubted or refused"
    width, height = _LEFT + 54 * _CELL, _TOP + 7 * _CELL
    drawn = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{told}">',
        f'<text x="0" y="{_TOP + 2 * _CELL}">{year}</text>',
    ]
    for k, name in enumerate(_MONTHS):
        x = _LEFT + (date(year, k + 1, 1) - monday).days // 7 * _CELL
        drawn.append(f'<text x="{x}" y="{_TOP - 5}">{name}</text>')
    for one in days:
        place = (date.fromisoformat(one.day) - monday).days
        x, y = _LEFT + place // 7 * _CELL, _TOP + place % 7 * _CELL
        doubt = " doubt" if one.faults else ""
        drawn.append(
            f'<rect x="{x}" y="{y}" width="{_CELL - 3}" height="{_CELL - 3}" rx="2" '
            f'class="{shade_of(one)}{doubt}"><title>{escape(_told(one))}</title></rect>'
        )
    return "".join(drawn) + f"</svg><p>{told}</p>"


def _told(day: DayQuality) -> str:
    """Return a day in words."""
    found = ", ".join(f"{code} {count:,}" for code, count in day.findings.items())
    there = f"{day.day}: {day.present:,} bars, {day.expected:,} expected, {day.missing:,} missing"
    return there + (f"; {found}" if found else "")


def _key() -> str:
    """Return what the shades mean."""
    told = "".join(
        f'<svg width="11" height="11"><rect x="1" y="1" width="9" height="9" rx="2" '
        f'class="{shade}"/></svg>{text}'
        for shade, text in (*_KEY, ("closed doubt", "a frame: bars doubted or rows refused"))
    )
    return f'<p class="key">{told}</p>'


def _parts(report: QualityReport) -> str:
    """Return what the score lost, as bars of their points."""
    if not report.parts:
        kept = "Nothing was lost." if report.score == 100.0 else "The parts were not recorded."
        return f"<p>{kept}</p>"
    rows = "".join(
        f'<tr><td class="n">-{part.points_lost:.2f}</td><td><svg width="200" height="10">'
        f'<rect class="few" width="{max(2.0 * part.points_lost, 1.0):.1f}" height="10"/></svg></td>'
        f"<td>{escape(part.name)}</td><td>{escape(part.reason)}</td></tr>"
        for part in report.parts
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _findings(report: QualityReport) -> str:
    """Return the findings as a table."""
    if not report.findings:
        return "<p>None.</p>"
    rows = "".join(
        f'<tr><td class="{escape(one.severity)}">{escape(one.severity)}</td>'
        f'<td>{escape(one.rule)}</td><td class="n">{one.count:,}</td>'
        f"<td>{escape(one.message)}<p>{escape(', '.join(one.examples))}</p></td></tr>"
        for one in report.findings
    )
    head = "<tr><th>severity</th><th>rule</th><th>count</th><th>what</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
