# SPDX-License-Identifier: GPL-2.0-only
"""What a document shows: programs, quotes of files, sessions of a shell.

A block says in a comment in front of it what it is: `<!-- KIND: NAME -->` in Markdown, `.\\" KIND: NAME` in a manual.

    example: NAME    the whole of a program, which readers are told to save as NAME
    quote: PATH      consecutive lines of a file, whose path is relative to the document
    session          commands after "$ ", and what the terminal shows of them
    commands         commands after "$ ", whose output is not shown
    setup: COMMAND   (no block follows) is run in the session first, and is not shown
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("example", "quote", "session", "commands", "setup")
MARKDOWN = re.compile(r"<!-- (\w+)(?:: (.*?))? -->")
ROFF = re.compile(r'\.\\" (\w+)(?:: (.*))?')


@dataclass
class Block:
    """One that is marked, or that nobody marked: then its kind is ""."""

    kind: str
    name: str
    line: int
    text: str = ""


@dataclass
class Page:
    """A document."""

    path: Path
    blocks: list[Block] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Block]:
        """Its blocks of these kinds."""
        return [b for b in self.blocks if b.kind in kinds]

    def files(self) -> dict[str, str]:
        """The programs that a reader has, by name."""
        files = {b.name: b.text for b in self.of("example")}
        for block in self.of("quote"):
            source = self.path.parent / block.name
            files[source.name] = source.read_text(encoding="utf-8") if source.exists() else ""
        return files

    def wrong(self) -> list[str]:
        """What is to be said without running anything."""
        bad = [f"line {b.line}: nobody tries this block" for b in self.of("")]
        commands = "\n".join(c for b in self.of("session", "commands", "setup") for c, _ in steps(b))
        files = self.files()
        for name in files:
            stem = re.escape(name.removesuffix(".c"))
            imported = any(re.search(rf"^(?:from|import) {Path(name).stem}\b", t, re.MULTILINE) for t in files.values())
            if not imported and not re.search(rf"(?:^|[\s/]){stem}(?![\w-])", commands, re.MULTILINE):
                bad.append(f"nobody runs {name}")
        bad += [f"line {b.line}: {b.name} does not have these lines" for b in self.of("quote") if not self.quotes(b)]
        return bad

    def quotes(self, block: Block) -> bool:
        """Does the file have these lines?"""
        source = self.path.parent / block.name
        if not source.exists():
            return False
        lines = source.read_text(encoding="utf-8").splitlines()
        want = textwrap.dedent(block.text).splitlines()
        windows = (lines[i : i + len(want)] for i in range(len(lines) - len(want) + 1))
        return any(textwrap.dedent("\n".join(w)) == "\n".join(want) for w in windows)


def steps(block: Block) -> list[tuple[str, list[str]]]:
    """The commands of a session, each with the lines that it shows."""
    if block.kind == "setup":
        return [(block.name, [])]
    found: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and found and found[-1][0].endswith("\\"):
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
        elif found:
            found[-1][1].append(line)
    return found


def _markdown(page: Page, lines: list[str]) -> None:
    mark = None
    block = None
    for number, line in enumerate(lines, 1):
        if block:
            if line == "```":
                page.blocks.append(block)
                block = None
            else:
                block.text += line + "\n"
            continue
        found = MARKDOWN.fullmatch(line)
        if line.startswith("```"):
            kind, name = mark or ("", "")
            block = Block(kind, name, number)
        elif found and found[1] == "setup":
            page.blocks.append(Block("setup", found[2], number))
        mark = (found[1], found[2] or "") if found and found[1] in KINDS else None


def _plain(line: str) -> str:
    for roff, text in ((r"\&", ""), (r"\-", "-"), (r"\(aq", "'"), (r"\(dq", '"'), (r"\(ti", "~"), (r"\(ha", "^"), (r"\e", "\\")):
        line = line.replace(roff, text)
    return line


def _roff(page: Page, lines: list[str]) -> None:
    mark = block = None
    section = ""
    for number, line in enumerate(lines, 1):
        if block:
            if line in (".EE", ".Ed"):
                if not block.kind and "int main" in block.text and page.path.suffix == ".3":
                    block.kind, block.name = "example", "example.c"
                page.blocks.append(block)
                block = None
            else:
                block.text += _plain(line) + "\n"
            continue
        found = ROFF.fullmatch(line)
        if line.lower().startswith(".sh "):
            section = line[4:]
        if found and found[1] == "setup":
            page.blocks.append(Block("setup", found[2], number))
        elif found and found[1] in KINDS:
            mark = (found[1], found[2] or "")
        elif line == ".EX" or line.startswith(".Bd -literal"):
            if mark or section.startswith("EXAMPLE"):
                block = Block(*(mark or ("", "")), number)
            else:
                block = None
            mark = None
        elif line.startswith(".Dl $ "):
            page.blocks.append(Block(*(mark or ("", "")), number, _plain(line[4:]) + "\n"))
            mark = None
    if block:
        page.blocks.append(block)


def read(path: Path) -> Page:
    """Read a document."""
    page = Page(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    (_markdown if path.suffix == ".md" else _roff)(page, lines)
    return page


def read_session(path: Path) -> list[Block]:
    """A session that is not shown: commands after "$ ", the lines that they print, and comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Block("session", "", 1, "".join(f"{line}\n" for line in lines if not line.startswith("#")))]
