# SPDX-License-Identifier: MIT
"""A strict reader of what Prometheus' text format 0.0.4 and OpenMetrics 1.0 both allow."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SAMPLE = re.compile(r"(%s)(?:\{([^}]*(?:\"[^\n]*\")?[^}]*)\})? (\S+)" % NAME)
# OpenMetrics: realnumber; no exponent, Inf or NaN is needed here.
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
OWNED = ("_total", "_count", "_sum", "_bucket", "_created", "_gcount", "_gsum")


class Invalid(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Invalid(what)


def read_labels(text):
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        need(found, "labels " + repr(text))
        need(found[3] or found.end() == len(text), "labels end in " + repr(text))
        need(found[1] not in labels, "label twice: " + found[1])
        need(not found[1].startswith("__"), "label is reserved: " + found[1])
        labels[found[1]] = found[2].replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
        at = found.end()
    need(not text.endswith(","), "a comma at the end of labels")
    return labels


def read(text):
    """The families of TEXT: {name: (help, type, [(labels, value)])}."""
    need(text.endswith("\n# EOF\n") or text == "# EOF\n", "the last line is not # EOF")
    families, current, series = {}, None, set()
    for line in text.split("\n")[:-2]:
        need(line and line == line.strip(), "blanks: " + repr(line))
        need(all(c >= " " and c != "\x7f" for c in line), "a control character: " + repr(line))
        if line.startswith("#"):
            found = re.fullmatch(r"# (HELP|TYPE) (%s) (.+)" % NAME, line)
            # 0.0.4 has other comments, OpenMetrics has not.
            need(found, "comment: " + line)
            word, name, rest = found.groups()
            if word == "HELP":
                need(name not in families, "HELP twice: " + name)
                # A backslash or quote is written differently in the two formats.
                need('"' not in rest and "\\" not in rest, "HELP is not the same in both: " + rest)
                families[name] = [rest, None, []]
                current = name
            else:
                need(name == current, "TYPE is not below its HELP: " + name)
                need(families[name][1] is None and not families[name][2], "TYPE is late: " + name)
                need(rest == "gauge", "a type that both formats do not write alike: " + rest)
                need(not name.endswith(OWNED), "no name for a gauge: " + name)
                families[name][1] = rest
            continue
        found = SAMPLE.fullmatch(line)
        need(found, "sample: " + line)
        name, labels, value = found.groups()
        need(name == current and families[name][1], "sample outside of its family: " + line)
        need(NUMBER.fullmatch(value), "number: " + value)
        labels = read_labels(labels or "")
        key = (name, tuple(sorted(labels.items())))
        need(key not in series, "series twice: " + line)
        series.add(key)
        families[name][2].append((labels, value))
    for name, family in families.items():
        need(family[1] and family[2], "nothing in family " + name)
    return families
