"""The lint's own test: every planted violation in fixtures/ is found, on its line, and nothing else is.

A line that must be found says EXPECT(rule) in its comment; every other line of the fixtures is right as it is.
"""
import re
import unittest
from pathlib import Path

import arrows
import banned
import coroutines
import own_header
from lint import lint
from source import Source

FIXTURES = Path(__file__).resolve().parent / "fixtures"
EXPECT = re.compile(r"EXPECT\(([\w-]+)\)")


def expected():
    found = set()
    for path in FIXTURES.rglob("*"):
        if path.is_file():
            for number, line in enumerate(path.read_text().split("\n"), start=1):
                for match in EXPECT.finditer(line):
                    if match.group(1) != "nothing-here":
                        found.add((path.relative_to(FIXTURES).as_posix(), number, match.group(1)))
    return found


class LintTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.findings, _ = lint(FIXTURES)
        cls.found = {(f.path, f.line, f.rule) for f in cls.findings}

    def test_every_planted_violation_is_found(self):
        self.assertEqual(sorted(expected() - self.found), [], "planted, but not found")

    def test_nothing_else_is_found(self):
        self.assertEqual(sorted(self.found - expected()), [], "found, but not planted")

    def test_every_rule_has_a_planted_violation(self):
        rules = {rule.name for rule in banned.RULES} | {"fast-math", "arrow", "library", "include-path", "own-header",
                 "pragma-once", "capturing-coroutine", "task-parameter", "await-temporary", "hash-walk"}
        self.assertEqual(rules - {rule for _, _, rule in expected()}, set())

    def test_messages_name_file_line_arrow_and_way_out(self):
        text = str(next(f for f in self.findings if f.path == "models/kafka/client/producer.h" and f.rule == "arrow"))
        self.assertIn("models/kafka/client/producer.h:6:", text)
        self.assertIn("models/kafka/client -> models/kafka/broker", text)
        self.assertIn("hint:", text)

    def test_an_allowance_without_a_reason_allows_nothing(self):
        source = Source("sim/x.cpp", "double f(double u) { return std::log(u); }  // lint: allow(math)\n")
        self.assertEqual([f.rule for f in banned.check(source)], ["math"])

    def test_the_arrows_have_no_cycle(self):
        done = set()

        def visit(folder, trail):
            self.assertNotIn(folder, trail, f"cycle: {' -> '.join([*trail, folder])}")
            if folder in done:
                return
            for target in arrows.ARROWS[folder]:
                self.assertIn(target, arrows.ARROWS)
                # world and the like list a whole group that they belong to; the shell's files know each other.
                if target != folder and not {target, folder} <= set(arrows.SHELLS):
                    visit(target, [*trail, folder])
            done.add(folder)

        for folder in arrows.ARROWS:
            visit(folder, [])

    def test_strings_comments_and_digit_separators(self):
        source = Source("sim/x.h", 'int a = 20\'000; // rand()\nauto s = R"(rand() "x")"; char c = \'"\'; int b = rand();\n')
        self.assertEqual([(f.line, f.rule) for f in banned.check(source)], [(2, "random")])
        self.assertEqual(len(source.code), len(source.text))

    def test_coroutines_in_the_own_header_are_seen(self):
        header = Source("models/log/x.h", "std::unordered_map<int, std::pair<int, int>> index_;\n")
        source = Source("models/log/x.cpp", "void f() { for (auto& e : this->index_) {} }\n")
        self.assertEqual([f.rule for f in coroutines.check(source, {"models/log/x.h": header})], ["hash-walk"])

    def test_own_header_applies_only_where_there_is_one(self):
        source = Source("models/log/x.cpp", "#include <vector>\n")
        self.assertEqual(own_header.check(source, {"models/log/x.cpp"}), [])


if __name__ == "__main__":
    unittest.main()
