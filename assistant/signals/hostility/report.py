"""An evaluation shown: as text and as a picture.

In: what `evaluate` gave. Out: strings. Pure.
"""

from typing import Any


def as_text(report: dict[str, Any]) -> str:
    """The report in plain text, a table for each part."""
    rows = [f"{report['classifier']} on {report['split']}: {report['lines']} lines of {report['families']} families"]
    parts = [("as written", report["abuse"])]
    for name, sides in report["garbled"].items():
        parts += [(f"{name}: lines as said", sides["said"]), (f"{name}: as heard", sides["heard"])]
    for name, part in parts:
        if part:
            rows.append(
                f"abuse, {name}: AUROC {part['auroc']:.3f}  precision {part['precision']:.3f}  "
                f"recall {part['recall']:.3f}  "
                f"false alarms: upset {part['false_on_upset']:.3f}, ordinary {part['false_on_ordinary']:.3f}  "
                f"calibration error {part['calibration_error']:.3f}"
            )
    for side, part in report.get("context", {}).items():
        rows.append(
            f"lines that answer the one before, judged {side} it: AUROC {part['auroc']:.3f}  "
            f"recall {part['recall']:.3f}"
        )
    rows += [
        f"  {name:<16} AUROC {part['auroc']:.3f}  precision {part['precision']:.3f}  recall {part['recall']:.3f}  "
        f"calibration error {part['calibration_error']:.3f}  n {part['n']}"
        for name, part in report["labels"].items()
    ]
    rows.append(
        f"level right {report['levels']['right']:.3f}, within one {report['levels']['within_one']:.3f}; "
        f"target right {report['targets']['right']:.3f}"
    )
    for name, part in report.get("ordinary", {}).items():
        rows.append(
            f"  {name}: {part['called_abuse']} of {part['turns']} turns called abuse, "
            f"{part['per_1000_turns']:.2f} in 1,000, {part['per_hour']:.2f} an hour"
        )
    rows += [
        f"  {name}: {part['called_abuse']} of {part['n']} called abuse ({part['rate']:.3f})"
        for name, part in report["fairness"].items()
    ]
    return "\n".join(rows)


def as_picture(report: dict[str, Any]) -> str:
    """The calibration of `p_abuse` as SVG: a dot a bin, its size by how many lines fell in it, the diagonal is
    perfect."""
    dots = []
    most = max((b["n"] for b in report["calibration"]), default=1)
    for b in report["calibration"]:
        x, y, r = 40 + 300 * b["mean_score"], 340 - 300 * b["share_true"], 3 + 9 * (b["n"] / most) ** 0.5
        dots.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="#2b6cb0" fill-opacity="0.75">'
            f"<title>{b['n']} lines: said {b['mean_score']:.2f}, true {b['share_true']:.2f}</title></circle>"
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 380" font-family="sans-serif" font-size="12">'
        '<rect width="360" height="380" fill="#fff"/><path d="M40 340V40M40 340H340" stroke="#444" fill="none"/>'
        '<path d="M40 340L340 40" stroke="#999" stroke-dasharray="4 4"/>'
        + "".join(dots)
        + '<text x="190" y="370" text-anchor="middle">p_abuse</text>'
        '<text x="14" y="190" text-anchor="middle" transform="rotate(-90 14 190)">share that is abuse</text></svg>\n'
    )
