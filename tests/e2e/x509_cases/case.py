"""What one case is: files for the command line, and the verdict that RFC 5280 wants."""
from __future__ import annotations

import base64
import datetime
import pathlib
import textwrap
from typing import Any, Callable, NamedTuple

from . import build
from .der import instant

AT = "2026-06-01T00:00:00Z"


class Given(NamedTuple):
    roots: list[bytes]
    intermediates: list[bytes]
    leaf: bytes
    crls: list[bytes] = []
    at: str = AT
    profile: str = ""  # the default, which is rfc5280
    names: list[str] = []
    depth: int | None = None

    @property
    def instant(self) -> datetime.datetime:
        return instant(self.at)

    def write(self, folder: pathlib.Path) -> list[str]:
        """The files; the words of `holdfast pki verify-chain` that ask about them."""
        words: list[str] = []
        for option, kind, blocks in (("roots", "CERTIFICATE", self.roots), ("intermediates", "CERTIFICATE", self.intermediates),
                                     ("leaf", "CERTIFICATE", [self.leaf]), ("crls", "X509 CRL", self.crls)):
            if blocks:
                path = folder / f"{option}.pem"
                path.write_text("".join(pem(kind, block) for block in blocks))
                words += [f"--{option}", str(path)]
        words += ["--at", self.at]
        words += ["--profile", self.profile] if self.profile else []
        words += [word for one in self.names for word in ("--dns-name", one)]
        words += ["--max-depth", str(self.depth)] if self.depth is not None else []
        return words


class Case(NamedTuple):
    name: str
    accepted: bool
    clause: str  # of RFC 5280, or the other document named there
    given: Given


def pem(kind: str, der: bytes) -> str:
    return f"-----BEGIN {kind}-----\n" + textwrap.fill(base64.b64encode(der).decode(), 64) + f"\n-----END {kind}-----\n"


def chain(*, root: dict[str, Any] = {}, ca: dict[str, Any] = {}, cas: list[dict[str, Any]] | None = None, leaf: dict[str, Any] = {},
          crls: Callable[[list[build.Made]], list[bytes]] | None = None, **given: Any) -> Given:
    """Root, CA, leaf with what changes each; cas: as many CAs in place of the one, named CA 1, CA 2, ...

    The CRLs are made from the path, root first.
    """
    path = [build.root(**root)]
    for number, change in enumerate([ca] if cas is None else cas, 1):
        path.append(build.ca(path[-1], f"CA {number}", **change))
    path.append(build.leaf(path[-1], **leaf))
    return Given([path[0].der], [made.der for made in path[1:-1]], path[-1].der, crls(path) if crls else [], **given)


class Suite:
    """The cases of one file."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.plain = chain()

    def accepted(self, name: str, clause: str, given: Given) -> None:
        self.cases.append(Case(name, True, clause, given))

    def pair(self, name: str, clause: str, bad: Given, good: Given | None = None) -> None:
        """Refused, and its valid sibling, which differs in the one thing: without it a refusal could have any reason.

        Without a sibling it is the plain chain, which is a case of its own.
        """
        self.cases.append(Case(name, False, clause, bad))
        if good is not None:
            self.cases.append(Case(name + ".sibling", True, clause, good))
