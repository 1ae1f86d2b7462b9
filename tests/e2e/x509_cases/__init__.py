"""Paths that RFC 5280 accepts and paths that it refuses, each refused one beside its valid sibling."""
from . import certificates, encodings, graphs, names, paths, revocation
from .case import Case, Given, Suite


__all__ = ["Case", "Given", "all_cases"]


def all_cases() -> list[Case]:
    suite = Suite()
    for part in (certificates, encodings, paths, graphs, names, revocation):
        part.cases(suite)
    return suite.cases
