#!/usr/bin/env python3
"""The page of known cases: which scenario shows which, and what came out.

  tools/cases.py BROKERSIM        runs every scenario that names a case and writes docs/cases.md
  tools/cases.py --check          runs nothing: every case has its scenarios, and the page lists them all

A scenario says "cases": ["D08"] and, where a case has alternatives, "variant": "without ELR". The cases of
groups T (truncation), D (durability), I (ISR), L (log), K (control plane), P (producers) and C (consumers) are in
tools/cases.json.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "cases.md"
GROUPS = {
    "T": "Truncation, epochs, high watermark",
    "D": "Durability",
    "I": "The ISR protocol",
    "L": "Storage",
    "K": "The control plane",
    "P": "Producers and transactions",
    "C": "Consumers",
}
# What becomes of records outside of the log: shown for the groups P and C as their scenarios measure it.
OUTSIDE = ("records.processed_twice", "records.skipped", "records.unknown", "records.expired_unread", "records.stale_keys",
           "kafka_transactions.", "pipeline.")


def catalogue():
    return json.loads((ROOT / "tools" / "cases.json").read_text())


def scenarios():
    """(case id, path, document) of every scenario that names a case, by path."""
    found = []
    for path in sorted((ROOT / "scenarios").rglob("*.json")):
        if path.parent.name == "schema":
            continue
        document = json.loads(path.read_text())
        for case in document.get("cases", []):
            found.append((case, path.relative_to(ROOT).as_posix(), document))
    return found


def expects_violation(document):
    return any(e.get("verdict") == "violated" for e in document.get("expect", []))


def problems(cases, found):
    """What is missing, one sentence each."""
    known = {case["id"]: case for case in cases}
    say = []
    for case, path, document in found:
        if case[:1] in GROUPS and case not in known:
            say.append(f"{path} names the case {case}, which tools/cases.json does not have")
        if not document.get("expect"):
            say.append(f"{path} expects nothing")
    for case in cases:
        own = [(path, document) for c, path, document in found if c == case["id"]]
        if not own:
            if not case.get("pending"):
                say.append(f"case {case['id']} has no scenario")
            continue
        variants = [document.get("variant", "") for _, document in own]
        for variant in sorted({v for v in variants if variants.count(v) > 1}):
            say.append(f"case {case['id']} has two scenarios for the variant {variant!r}")
        if case["kind"] in ("bug", "mutation"):
            if not any(path.startswith("scenarios/planted/") for path, _ in own):
                say.append(f"case {case['id']} has no defective variant in scenarios/planted")
            if not any(not path.startswith("scenarios/planted/") and not expects_violation(d) for path, d in own):
                say.append(f"case {case['id']} has no fixed variant beside the defective one")
    page = PAGE.read_text() if PAGE.exists() else ""
    for case, path, _ in found:
        if case[:1] in GROUPS and f"`{path}`" not in page:
            say.append(f"docs/cases.md does not list {path}: run `make cases`")
    return say


def run(brokersim, path):
    done = subprocess.run([brokersim, "run", path, "--json"], cwd=ROOT, capture_output=True, text=True)
    if not done.stdout:
        sys.exit(f"{path}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[0]), done.returncode


def seconds(windows, kinds):
    longest = 0.0
    for window in windows:
        if window["what"] in kinds:
            longest = max(longest, window["to_s"] - window["from_s"])
    return f"{longest:.1f} s" if longest > 0 else "–"


def outside(outcome):
    """Figures of the expectations that say what applications saw; what is 0 is left out."""
    shown = []
    for e in outcome["expectations"]:
        words = e["text"].split()
        name = words[1] if words[0] == "metric" else words[0]
        if not name.startswith(OUTSIDE) or not e["value"] or name.endswith((".committed", ".made", ".begun")):
            continue
        of = f" of {words[words.index('of') + 1]}" if "of" in words else ""
        shown.append(f"{name.split('.', 1)[1].replace('_', ' ')}{of} {e['value']:,.0f}")
    return "; ".join(dict.fromkeys(shown)) or "–"


def row(case, path, document, outcome, code):
    records = outcome["records"]
    windows = outcome["unavailable"]
    laws = [c["id"] for c in outcome["checks"] if c["verdict"] == "violated"]
    verdict = "as expected" if code == 0 else f"**not as expected** (exit {code})"
    return "| " + " | ".join([
        document.get("variant", ""),
        f"`{path}`",
        f"{records['lost_acknowledged']:,}",
        f"{records.get('diverged', 0):,}",
        f"{records['duplicated']:,}",
        f"{records['reordered']:,}",
        seconds(windows, {"produce", "produce_acks_all"}),
        seconds(windows, {"no_leader"}),
        *([outside(outcome)] if case["id"][0] in "PC" else []),
        ", ".join(laws) if laws else "–",
        verdict,
    ]) + " |"


def expected_text(case):
    def text(value):
        if isinstance(value, dict):
            return "; ".join(f"{k}: {text(v)}" for k, v in value.items())
        return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)

    parts = [f"{word}: {text(value)}" for word, value in case["expected"].items()]
    return ". ".join(parts)


def page(cases, found, outcomes):
    out = [
        "# Known cases",
        "",
        "<!-- Made by `make cases` (tools/cases.py) from the scenarios that name a case. Do not edit. -->",
        "",
        "Loss, divergence and outages that Kafka has had, has, or would have with a wrong rule; each is a scenario that",
        "`brokersim test scenarios` runs, with its outcome as expectations. Figures are those of the scenario's own seed.",
        "",
        "- lost: acknowledged records that no current leader has at the end; diverged: records below the high watermark of a",
        "  running replica that are others than the leader's at that offset.",
        "- writes, leader: longest window in which acks=all writes failed or nobody was elected. A leader that has died and is",
        "  not fenced yet counts for writes only.",
        "- laws: those that the run breaks (`brokersim list checks`). A defective variant is in `scenarios/planted`, its fixed",
        "  one beside it in `scenarios/incidents`.",
        "- applications (groups P and C): what their clients saw that the log does not tell, as far as the scenario measures it;",
        "  kafka transactions: torn, wrong (not as the client was told), hanging, fenced.",
        "",
    ]
    for group, name in GROUPS.items():
        out += [f"## {group}: {name}", ""]
        for case in cases:
            if case["id"][0] != group:
                continue
            fixed = f" Fixed in {case['fixed_in']}." if case.get("fixed_in") else ""
            out += [f"### {case['id']} {case['title']}", "",
                    f"{case['kind'].capitalize()}; {', '.join(case['source'])}.{fixed} Expected: {expected_text(case)}.", ""]
            own = [(p, d) for c, p, d in found if c == case["id"]]
            if not own:
                out += ["No scenario yet.", ""]
                continue
            more = " applications |" if group in "PC" else ""
            out += [f"| variant | scenario | lost | diverged | duplicated | out of order | writes | leader |{more} laws | verdict |",
                    "|---" * (11 if more else 10) + "|"]
            out += [row(case, p, d, *outcomes[p]) for p, d in own] + [""]
    return "\n".join(out).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brokersim", nargs="?", default="build/release/brokersim")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    cases, found = catalogue(), scenarios()
    if arguments.check:
        say = problems(cases, found)
        print("\n".join(say) or f"{len(cases)} cases, {len(found)} scenarios")
        return 1 if say else 0
    brokersim = str((ROOT / arguments.brokersim).resolve())
    outcomes = {path: run(brokersim, path) for path in sorted({p for _, p, _ in found})}
    PAGE.write_text(page(cases, found, outcomes))
    say = problems(cases, found)
    say += [f"{path} is not as expected" for path, (_, code) in outcomes.items() if code != 0]
    print("\n".join(say), file=sys.stderr)
    return 1 if say else 0


if __name__ == "__main__":
    sys.exit(main())
