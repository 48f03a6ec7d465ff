"""RULES.md, the list of what the resolver must do, held to the tests: each rule
has one, and each test that it names is there, once.
"""

import ast
import functools
import re

import rvtest
from rvtest import HERE, case, equal

RULES = (HERE / "RULES.md").read_text()
TEST = re.compile(r"  - \\([+-]) ([\w.]+): (.+)")


def text_of(node):
    """A string, or what is constant of an f-string."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    return node.value if isinstance(node, ast.Constant) else ""


@functools.cache
def cases_of(file):
    """What the file's cases are called; edns.py has check() for case()."""
    tree = ast.parse((HERE / file).read_text())
    return [text_of(node.args[0]) for node in ast.walk(tree)
            if isinstance(node, ast.Call) and
            getattr(node.func, "id", "") in ("case", "check") and node.args]


def rules_of(section):
    """{rule: [(sign, file, part of a name)]}"""
    rules = {}
    for line in section.splitlines():
        test = TEST.fullmatch(line)
        if test:
            rules[rule].append(test.groups())
        elif line.startswith("- "):
            rule = line[2:]
            rules[rule] = []
        elif line.startswith("  "):
            raise AssertionError(f"{line!r} is neither a rule nor a test")
    return rules


def check(title, section):
    @case(title)
    def _(bench):
        rules = rules_of(section)
        equal([rule for rule, tests in rules.items() if not tests], [],
              "rules without a test")
        equal([f"{file}: {part}" for tests in rules.values()
               for _, file, part in tests
               if sum(part in name for name in cases_of(file)) != 1], [],
              "no such test, or more than one")


for title, section in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", RULES, re.M):
    check(title, section)

if __name__ == "__main__":
    rvtest.run()
