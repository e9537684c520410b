# SPDX-License-Identifier: GPL-2.0-only
"""The loops and what is to come of them, as Documentation/examples/loops/verdicts tells it."""

import configparser
import os

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
PROGRAMS = os.path.join(REPO, "Documentation/examples/loops")
BUILD = os.path.join(REPO, "build/loops")
KEYS = {"run", "scenario", "package", "check", "display", "fails", "says", "skip", "why"}
ROLES = ("client", "REP", "PUB", "ROUTER")


class Loop:
    """One row of the table."""

    def __init__(self, name, section):
        unknown = set(section) - KEYS
        if unknown:
            raise ValueError(f"{name}: {', '.join(sorted(unknown))}?")
        self.name = name
        self.skip = section.get("skip")
        self.scenario = section.get("scenario")
        self.package = section.get("package")
        self.check = section.get("check") == "yes"
        self.display = section.get("display") == "yes"
        self.fails = section.get("fails", "").split()
        self.says = section.get("says", "")
        self.why = section.get("why", "")
        self.command = section.get("run", "").format(bin=BUILD).split()
        if not self.skip and not (self.command and self.scenario):
            raise ValueError(f"{name}: neither run nor skipped")
        if self.fails and not self.why:
            raise ValueError(f"{name}: fails, but not why")

    def programs(self):
        """The files here that it consists of, the shared ones left out."""
        for word in self.command:
            base = os.path.basename(word)
            for name in (base, base + ".c", base + ".cpp", base + ".go", base + ".java", base + ".rs"):
                path = os.path.join(PROGRAMS, name)
                if os.path.isfile(path):
                    yield path

    def glue(self):
        """The lines that no other socket would have needed, with the reasons."""
        for path in self.programs():
            with open(path, encoding="utf-8") as f:
                for line in f:
                    code, mark, why = line.partition("glue:")
                    if mark:
                        yield code.strip().rstrip("/*#-%; ").rstrip(), why.strip().removesuffix("*/").strip()

    def judge(self, verdict):
        """What is wrong with a verdict, or None."""
        if verdict["skip"]:
            return None if self.skip else f"not run: {verdict['skip']}"
        if sorted(verdict["fails"]) != sorted(self.fails):
            failed, ought = (" ".join(fails) or "nothing" for fails in (verdict["fails"], self.fails))
            return f"fails: {failed}, and is to fail: {ought}"
        if self.says not in verdict["said"]:
            return f"does not say: {self.says}"
        return None


def read(path=os.path.join(PROGRAMS, "verdicts")):
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), default_section="none of them")
    parser.optionxform = str
    with open(path, encoding="utf-8") as f:
        parser.read_file(f)
    return [Loop(name, parser[name]) for name in parser.sections()]
