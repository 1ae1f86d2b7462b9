"""Several ways from the leaf to a root, or none: building the path (RFC 5280 6, RFC 4158)."""
from __future__ import annotations

from .build import CLIENT, Made, bc, ca, dns, eku, key, leaf, name, nc, root, san, unknown
from .case import Given, Suite
from .paths import flip

PAST = "2026-01-01T00:00:00Z"


def given(roots: list[Made], intermediates: list[Made], last: Made, **more) -> Given:
    return Given([one.der for one in roots], [one.der for one in intermediates], last.der, **more)


def cases(suite: Suite) -> None:
    anchors(suite)
    two_certificates_of_one_ca(suite)
    cross_signed(suite)
    cycles(suite)
    many(suite)


def anchors(suite: Suite) -> None:
    top = root()
    middle = ca(top, "CA 1")
    last = leaf(middle)
    elsewhere = root("Elsewhere")
    suite.pair("root-unknown", "6.1.1 (d)", given([elsewhere], [middle, top], last), given([top], [middle, top], last))
    suite.pair("root-of-same-name", "6.1.1 (d)", given([root(key=key("Mallory"))], [middle], last), given([top], [middle], last))
    suite.pair("root-of-same-name-and-key-identifier", "6.1.1 (d)",
               given([root(key=key("Mallory"), identifier=top.identifier)], [middle], last), given([top], [middle], last))
    suite.accepted("several-roots", "6.1.1 (d)", given([elsewhere, root(key=key("Mallory")), top], [middle], last))
    suite.pair("intermediate-missing", "6.1", given([top], [], last), given([top], [middle], last))
    suite.pair("intermediate-is-the-anchor", "6.1.1 (d)", given([elsewhere], [top, middle], last), given([middle], [top], last))
    suite.accepted("pool-in-another-order", "6.1", given([top], [ca(elsewhere, "CA 9"), middle, top, middle, last], last))
    alone = leaf(last, issuer=last.subject, signed_by=last.key)
    suite.pair("self-signed-leaf", "6.1.1 (d)", given([top], [middle], alone), given([top], [middle], last))


def two_certificates_of_one_ca(suite: Suite) -> None:
    """A dead end beside a way: one name and key, two certificates, in either order. Refused is the dead end alone."""
    top = root()
    good = ca(top, "CA 1")
    outside = nc([dns("example.org")])
    for label, bad, profile in (("expired", ca(top, "CA 1", end=PAST), ""), ("unknown-critical", ca(top, "CA 1", more=[unknown(True)]), ""),
                                ("constrained", ca(top, "CA 1", nc=outside), ""), ("forged", ca(top, "CA 1", signature=flip), ""),
                                ("for-clients", ca(top, "CA 1", eku=eku(CLIENT)), "server"), ("no-ca", ca(top, "CA 1", bc=bc(ca=False)), ""),
                                ("root-missing", ca(root("Elsewhere"), "CA 1"), "")):
        last = leaf(good)
        suite.pair(f"beside-{label}", "6.1", given([top], [bad], last, profile=profile), given([top], [bad, good], last, profile=profile))
        suite.accepted(f"beside-{label}.good-first", "6.1", given([top], [good, bad], last, profile=profile))

    # Two keys under one name, told apart by the key identifiers; and two that say the same identifier.
    rolled = ca(top, "CA 1", key=key("CA 1, second key"))
    suite.pair("second-key-of-a-ca", "4.2.1.1", given([top], [good], leaf(rolled)), given([top], [good, rolled], leaf(rolled)))
    same = ca(top, "CA 1", key=key("CA 1, second key"), identifier=good.identifier)
    suite.pair("second-key-same-identifier", "4.2.1.1", given([top], [good], leaf(same)), given([top], [good, same], leaf(same)))
    suite.accepted("second-key-same-identifier.good-first", "4.2.1.1", given([top], [same, good], leaf(same)))

    # The longer way is the open one: pathLenConstraint closes the shorter.
    upper = ca(top, "CA 0")
    closed = ca(ca(top, "CA 9", bc=bc(pathlen=0)), "CA 1")
    suite.pair("beside-too-long", "6.1.4 (l)", given([top], [ca(top, "CA 9", bc=bc(pathlen=0)), closed], leaf(closed)),
               given([top], [ca(top, "CA 9", bc=bc(pathlen=0)), closed, upper, ca(upper, "CA 1")], leaf(closed)))


def cross_signed(suite: Suite) -> None:
    old, new = root("Old Root"), root("New Root")
    bridge = ca(old, "New Root", end=PAST)
    last = leaf(new)
    suite.pair("cross-certificate-expired", "6.1", given([old], [bridge], last), given([old, new], [bridge], last))
    suite.pair("cross-certificate", "6.1", given([old], [], last), given([old], [ca(old, "New Root")], last))

    # A name that is forbidden on one way is not on the other.
    narrow = ca(old, "Narrow CA", nc=nc(excluded=[dns("forbidden.example.com")]))
    named = ca(narrow, "CA 1", san=san(dns("forbidden.example.com")))
    free = ca(new, "CA 1", san=san(dns("ca.example.com")))
    pool = [narrow, named, free]
    suite.pair("constraints-of-another-way", "6.1.3 (b)", given([old], pool, leaf(named)), given([old, new], pool, leaf(named)))
    plain = ca(narrow, "CA 1")
    rootless = ca(root("Elsewhere"), "CA 1", san=san(dns("forbidden.example.com")))
    suite.pair("constraints-of-a-dead-end", "6.1.3 (b)", given([old], [narrow, rootless, named], leaf(plain)), given([old], [narrow, rootless, plain], leaf(plain)))


def cycles(suite: Suite) -> None:
    """Certificates that sign for each other; a search that follows them has to end."""
    top = root()

    def sign(label: str, by: str) -> Made:
        """A CA's certificate by another, which need not have been made yet."""
        return ca(Made(b"", name(O="Acme", CN=by), key(by), key(by).identifier, 0), label)
    first, second = sign("CA A", "CA B"), sign("CA B", "CA A")
    suite.pair("cycle-of-two", "6.1", given([top], [first, second], leaf(first)), given([top], [first, second, ca(top, "CA B")], leaf(first)))
    suite.pair("cycle-of-two-deep", "6.1", given([top], [first, second], leaf(first), depth=64), given([top], [first, second, ca(top, "CA B")], leaf(first), depth=64))

    # One CA, two keys that sign each other: self-issued certificates do not count for the path's length.
    keys = key("CA C"), key("CA C, second key")
    subject = name(O="Acme", CN="CA C")
    halves = [Made(b"", subject, one, one.identifier, 0) for one in keys]
    turns = [ca(halves[1], "CA C"), ca(halves[0], "CA C", key=keys[1])]
    suite.pair("cycle-of-one-name", "6.1", given([top], turns, leaf(turns[0])), given([top], [*turns, ca(top, "CA C", key=keys[1])], leaf(turns[0])))
    suite.pair("cycle-of-one-name-deep", "6.1", given([top], turns, leaf(turns[0]), depth=64),
               given([top], [*turns, ca(top, "CA C", key=keys[1])], leaf(turns[0]), depth=64))

    # Three roots that signed each other, of which one is trusted (CVE-2024-0567).
    labels = ("Root A", "Root B", "Root C")
    crossed = [sign(label, by) for label in labels for by in labels if label != by]
    below = [sign(f"CA below {label}", label) for label in labels]
    last = leaf(below[0], subject=name(), san=san(dns("device.example.com"), critical=True))
    suite.pair("roots-cross-signed", "CVE-2024-0567", given([top], [*below, *crossed], last), given([root("Root A")], [*below, *crossed], last))


def many(suite: Suite) -> None:
    """Twelve CAs, each certified by each: more simple paths than anyone can walk, and the answer has to come in time."""
    labels = [f"CA {letter}" for letter in "ABCDEFGHIJKL"]
    made = {label: root(label) for label in labels}
    pool = [ca(made[by], label) for label in labels for by in labels if label != by]
    top = root()
    last = leaf(made["CA A"])
    for label, depth in (("", None), ("-deep", 16)):
        suite.pair(f"twelve-cross-signed{label}", "6.1", given([top], pool, last, depth=depth), given([top], [*pool, ca(top, "CA A")], last, depth=depth))
    # RFC 4158: who tries the short ways first finds this one at once.
    suite.accepted("twelve-cross-signed-by-way-of-another", "6.1", given([top], [*pool, ca(top, "CA L")], last))
