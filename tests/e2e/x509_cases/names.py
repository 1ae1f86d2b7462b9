"""Names: what a CA's name constraints allow below it (RFC 5280 4.2.1.10), and whom a certificate stands for (RFC 9525)."""
from __future__ import annotations

from typing import Any

from .build import CERT_SIGN, CRL_SIGN, bc, directory, dns, extension, ip, ku, mail, name, nc, other, printable, san, uri
from .case import Given, Suite, chain
from .der import NULL, contents, explicit, implicit, integer, octets, seq

FORM = "4.2.1.10"


def below(constraints: bytes, *names: bytes, **more: Any) -> Given:
    """A CA with these constraints, and a leaf with these alternative names."""
    return chain(ca={"nc": constraints}, leaf={"san": san(*names) if names else None, **more})


def cases(suite: Suite) -> None:
    dns_names(suite)
    addresses(suite)
    mailboxes(suite)
    uris(suite)
    directory_names(suite)
    forms(suite)
    extension_itself(suite)
    several_cas(suite)
    reference_identities(suite)


def permit(suite: Suite, label: str, base: bytes, bad: list[bytes], good: list[bytes], clause: str = FORM) -> None:
    suite.pair(f"permitted-{label}", clause, below(nc([base]), *bad), below(nc([base]), *good))


def exclude(suite: Suite, label: str, base: bytes, bad: list[bytes], good: list[bytes], clause: str = FORM) -> None:
    suite.pair(f"excluded-{label}", clause, below(nc(excluded=[base]), *bad), below(nc(excluded=[base]), *good))


def dns_names(suite: Suite) -> None:
    base = dns("example.com")
    permit(suite, "dns", base, [dns("example.org")], [dns("example.com")])
    permit(suite, "dns-labels", base, [dns("badexample.com")], [dns("foo.bar.example.com")])
    permit(suite, "dns-host", dns("host.example.com"), [dns("host1.example.com")], [dns("www.host.example.com")])
    permit(suite, "dns-parent", dns("host.example.com"), [dns("example.com")], [dns("host.example.com")])
    permit(suite, "dns-second-name", base, [dns("example.com"), dns("example.org")], [dns("example.com"), dns("foo.example.com")])
    permit(suite, "dns-case", dns("EXAMPLE.com"), [dns("Example.ORG")], [dns("foo.exAMPle.COM")])
    exclude(suite, "dns", base, [dns("example.com")], [dns("example.org")])
    exclude(suite, "dns-labels", base, [dns("foo.bar.example.com")], [dns("badexample.com")])
    exclude(suite, "dns-second-name", base, [dns("example.org"), dns("foo.example.com")], [dns("example.org"), dns("example.net")])
    exclude(suite, "dns-case", base, [dns("FOO.EXAMPLE.COM")], [dns("FOO.EXAMPLE.ORG")])
    exclude(suite, "dns-all", dns(""), [dns("example.com")], [ip("192.0.2.1")])
    both = nc([base], [dns("bar.example.com")])
    suite.pair("excluded-wins", "6.1.3 (c)", below(both, dns("foo.bar.example.com")), below(both, dns("foo.example.com")))
    suite.pair("excluded-wins-equal", "6.1.3 (c)", below(nc([base], [base]), dns("example.com")), below(nc([base]), dns("example.com")))
    either = nc([base, dns("example.net")])
    suite.pair("permitted-either", FORM, below(either, dns("example.org")), below(either, dns("a.example.com"), dns("b.example.net")))

    # A wildcard stands for names that the constraint forbids, or does not permit (CVE-2025-61727).
    star, elsewhere = dns("*.example.com"), nc([base], [dns("bar.example.org")])
    suite.pair("wildcard-over-excluded", "CVE-2025-61727", below(both, star), below(elsewhere, star))
    suite.pair("wildcard-over-excluded-asked-for", "CVE-2025-61727", below(both, star)._replace(names=["bar.example.com"]),
               below(elsewhere, star)._replace(names=["bar.example.com"]))
    exclude(suite, "wildcard-below", base, [star], [dns("*.example.org")])
    permit(suite, "wildcard-narrower", dns("foo.example.com"), [star], [dns("*.foo.example.com")])
    permit(suite, "dns-malformed-name", base, [dns("foo.example.com"), dns(".example.com")], [dns("foo.example.com"), dns("example.com")])


def addresses(suite: Suite) -> None:
    for label, base, inside, outside in (("ipv4", "192.0.2.0/24", "192.0.2.255", "192.0.3.1"), ("ipv6", "2001:db8:1::/48", "2001:db8:1:ffff::1", "2001:db8:2::1"),
                                         ("ipv4-host", "192.0.2.1/32", "192.0.2.1", "192.0.2.2"), ("ipv6-host", "::1/128", "::1", "::2")):
        permit(suite, label, ip(base), [ip(outside)], [ip(inside)])
        exclude(suite, label, ip(base), [ip(inside)], [ip(outside)])
    permit(suite, "ip-of-the-other-family", ip("192.0.2.0/24"), [ip("2001:db8::1")], [ip("192.0.2.1")])
    exclude(suite, "ip-of-the-other-family", ip("0.0.0.0/0"), [ip("192.0.2.1")], [ip("2001:db8::1")])
    permit(suite, "ip-malformed-name", ip("192.0.2.0/24"), [ip("192.0.2.1"), ip("192.0.2.0/24")], [ip("192.0.2.1"), ip("192.0.2.2")])


def mailboxes(suite: Suite) -> None:
    permit(suite, "mailbox", mail("ann@example.com"), [mail("bob@example.com")], [mail("ann@example.com")])
    permit(suite, "mailbox-host-case", mail("ann@example.com"), [mail("ann@EXAMPLE.org")], [mail("ann@EXAMPLE.com")], "7.5")
    permit(suite, "mailbox-local-part-case", mail("ann@example.com"), [mail("ANN@example.com")], [mail("ann@example.com")], "7.5")
    permit(suite, "mail-host", mail("example.com"), [mail("ann@mail.example.com")], [mail("ann@example.com")])
    permit(suite, "mail-domain", mail(".example.com"), [mail("ann@example.com")], [mail("ann@mail.example.com")])
    permit(suite, "mail-domain-labels", mail(".example.com"), [mail("ann@mail.badexample.com")], [mail("ann@a.b.example.com")])
    exclude(suite, "mailbox", mail("ann@example.com"), [mail("ann@example.com")], [mail("bob@example.com")])
    exclude(suite, "mail-host", mail("example.com"), [mail("ann@example.com")], [mail("ann@mail.example.com")])
    exclude(suite, "mail-domain", mail(".example.com"), [mail("ann@mail.example.com")], [mail("ann@example.com")])
    permit(suite, "mail-malformed-name", mail("example.com"), [mail("good@example.com"), mail("bad@address@example.com")], [mail("good@example.com"), mail("bad@example.com")])
    # The address in the subject counts where there is no subjectAltName.
    limit = nc([mail("example.com")])
    bad, good = name(O="Acme", email="ann@example.org"), name(O="Acme", email="ann@example.com")
    suite.pair("permitted-mail-in-subject", FORM, below(limit, subject=bad), below(limit, subject=good))
    limit = nc(excluded=[mail("example.com")])
    suite.pair("excluded-mail-in-subject", FORM, below(limit, subject=good), below(limit, subject=bad))


def uris(suite: Suite) -> None:
    permit(suite, "uri-host", uri("host.example.com"), [uri("https://www.host.example.com/a")], [uri("https://user@HOST.example.com:8443/a?b#c")])
    permit(suite, "uri-domain", uri(".example.com"), [uri("https://example.com/")], [uri("https://a.b.example.com/")])
    permit(suite, "uri-userinfo", uri("host.example.com"), [uri("https://host.example.com@example.org/")], [uri("https://example.org@host.example.com/")])
    exclude(suite, "uri-host", uri("host.example.com"), [uri("https://host.example.com/")], [uri("https://www.host.example.com/")])
    exclude(suite, "uri-domain", uri(".example.com"), [uri("https://www.example.com/")], [uri("https://example.com/")])
    permit(suite, "uri-without-authority", uri("host.example.com"), [uri("urn:example:device")], [uri("coap://host.example.com")])
    exclude(suite, "uri-without-authority", uri("host.example.com"), [uri("urn:example:device")], [uri("https://example.org/")])
    exclude(suite, "uri-of-an-address", uri("host.example.com"), [uri("https://192.0.2.1/")], [uri("https://example.org/")])
    exclude(suite, "uri-of-an-ipv6-address", uri("host.example.com"), [uri("https://[2001:db8::1]/")], [uri("https://example.org/")])


def directory_names(suite: Suite) -> None:
    lab, plant = name(O="Acme", OU="Lab"), name(O="Acme", OU="Plant")
    at_lab, at_plant = name(O="Acme", OU="Lab", CN="device"), name(O="Acme", OU="Plant", CN="device")
    only = nc([directory(lab)])
    suite.pair("permitted-dn-subject", FORM, below(only, subject=at_plant), below(only, subject=at_lab))
    suite.pair("permitted-dn-shorter", FORM, below(only, subject=name(O="Acme")), below(only, subject=lab))
    suite.pair("permitted-dn-order", FORM, below(only, subject=name(OU="Lab", O="Acme")), below(only, subject=lab))
    suite.pair("permitted-dn-san", FORM, below(only, directory(at_plant), subject=at_lab), below(only, directory(at_lab), subject=at_lab))
    suite.pair("permitted-dn-subject-not-san", FORM, below(only, directory(at_lab), subject=at_plant), below(only, directory(at_lab), subject=lab))
    suite.accepted("permitted-dn-subject-empty", FORM, chain(ca={"nc": only}, leaf={"subject": name(), "san": san(dns("device.example.com"), critical=True)}))
    never = nc(excluded=[directory(lab)])
    suite.pair("excluded-dn-subject", FORM, below(never, subject=at_lab), below(never, subject=at_plant))
    suite.pair("excluded-dn-san", FORM, below(never, directory(at_lab), subject=plant), below(never, directory(at_plant), subject=plant))
    suite.pair("excluded-dn-subject-not-san", FORM, below(never, directory(at_plant), subject=at_lab), below(never, directory(at_plant), subject=plant))
    # 7.1: letters of either case and runs of spaces are equal, whichever string type they stand in.
    loud = name(O=printable(" ACME"), OU=printable("LAB  "), CN="device")
    suite.pair("excluded-dn-spelled-otherwise", "7.1", below(never, subject=loud), below(never, subject=at_plant))
    suite.accepted("permitted-dn-spelled-otherwise", "7.1", below(only, subject=loud))


def forms(suite: Suite) -> None:
    """A constraint limits its own form of name; a form that nobody knows must not be there at all."""
    permit(suite, "other-form", ip("192.0.2.0/24"), [ip("192.0.3.1")], [dns("example.com")])
    exclude(suite, "other-form", ip("192.0.2.0/24"), [ip("192.0.2.1")], [dns("example.com")])
    permit(suite, "mail-other-form", mail("example.com"), [mail("ann@example.org")], [dns("example.org"), uri("https://example.org/")])
    strange, also_strange = other("1.3.6.1.4.1.32473.4.1", NULL), other("1.3.6.1.4.1.32473.4.1", octets(b"a"))
    exclude(suite, "other-name", strange, [dns("example.com"), strange], [dns("example.com")])
    permit(suite, "other-name", strange, [dns("example.com"), also_strange], [dns("example.com")])
    suite.accepted("other-name-without-constraint", FORM, below(nc([dns("example.com")]), dns("example.com"), strange))
    number = implicit(8, b"\x2b\x06\x01\x04\x01\x81\xfd\x59\x05")
    exclude(suite, "registered-id", number, [dns("example.com"), number], [dns("example.com")])


def extension_itself(suite: Suite) -> None:
    base, inside = dns("example.com"), dns("foo.example.com")
    good = below(nc([base]), inside)
    suite.pair("constraints-not-critical", FORM, below(nc([base], critical=False), inside), good)
    suite.pair("constraints-in-leaf-critical", FORM, chain(leaf={"nc": nc([dns("device.example.com")])}))
    suite.pair("constraints-in-leaf", FORM, chain(leaf={"nc": nc([dns("device.example.com")], critical=False)}))
    suite.accepted("constraints-in-ca-at-the-end", FORM, chain(leaf={"nc": nc([base]), "bc": bc(), "ku": ku(CERT_SIGN, CRL_SIGN)}))
    suite.pair("constraints-empty", FORM, below(nc(), inside), good)
    suite.pair("constraints-empty-subtrees", FORM, below(extension("2.5.29.30", seq(explicit(0)), True), inside), good)
    for label, minimum in (("minimum", implicit(0, contents(integer(1)))), ("maximum", implicit(1, contents(integer(2))))):
        suite.pair(f"constraints-{label}", FORM, below(nc([base], more=minimum), inside), good)

    # A constraint that is not well formed cannot be processed. Beside a good one, too, which would permit the name.
    holes = implicit(7, bytes([192, 0, 2, 0, 255, 0, 255, 0]))
    for label, malformed, right, named in (
            ("dns-leading-dot", dns(".example.com"), base, inside), ("dns-wildcard", dns("*.example.com"), base, inside),
            ("ipv4-without-mask", ip("192.0.2.1"), ip("192.0.2.1/32"), ip("192.0.2.1")), ("ipv6-without-mask", ip("::1"), ip("::1/128"), ip("::1")),
            ("ip-mask-with-holes", holes, ip("192.0.2.0/24"), ip("192.0.2.1")),
            ("mail-two-signs", mail("ann@ann@example.com"), mail("ann@example.com"), mail("ann@example.com")),
            ("uri-whole", uri("https://host.example.com/"), uri("host.example.com"), uri("https://host.example.com/"))):
        suite.pair(f"constraint-{label}", FORM, below(nc([malformed]), named), below(nc([right]), named))
        suite.pair(f"constraint-{label}-beside-a-good-one", FORM, below(nc([right, malformed]), named), below(nc([right, right]), named))


def several_cas(suite: Suite) -> None:
    def path(*constraints: bytes | None, root: bytes | None = None, sans: tuple = (), names: tuple = (dns("foo.example.com"),)) -> Given:
        changes = [{"nc": one, "san": san(dns(given)) if given else None} for one, given in zip(constraints, (*sans, *[""] * len(constraints)))]
        return chain(root={"nc": root}, cas=changes, leaf={"san": san(*names)})
    foo, bar = dns("foo.example.com"), dns("bar.example.com")
    suite.pair("constraints-of-root", "RFC 5937", path(None, root=nc([bar])), path(None, root=nc([foo])))
    suite.pair("constraints-of-root-excluded", "RFC 5937", path(None, root=nc(excluded=[foo])), path(None, root=nc(excluded=[bar])))
    suite.pair("constraints-narrowed", "6.1.4 (g)", path(nc([foo, bar]), nc([bar])), path(nc([foo, bar]), nc([foo])))
    suite.pair("constraints-not-widened", "6.1.4 (g)", path(nc([bar]), nc([foo, bar])), path(nc([foo]), nc([foo, bar])))
    suite.pair("constraints-of-two-forms", "6.1.4 (g)", path(nc([foo]), nc([ip("192.0.2.0/24")]), names=(foo, ip("192.0.3.1"))),
               path(nc([foo]), nc([ip("192.0.2.0/24")]), names=(foo, ip("192.0.2.1"))))
    suite.pair("excluded-added", "6.1.4 (g)", path(nc(excluded=[bar]), nc(excluded=[foo])), path(nc(excluded=[bar]), nc(excluded=[dns("example.org")])))
    suite.pair("excluded-stays", "6.1.4 (g)", path(nc(excluded=[foo]), nc(excluded=[bar])), path(nc(excluded=[dns("example.org")]), nc(excluded=[bar])))
    both = nc([foo], [bar])
    suite.pair("ca-name-excluded", FORM, path(both, None, sans=("", "bar.example.com")), path(both, None, sans=("", "a.foo.example.com")))
    suite.pair("ca-name-excluded-by-root", FORM, path(None, None, root=both, sans=("", "bar.example.com")), path(None, None, root=both, sans=("", "foo.example.com")))
    suite.accepted("ca-name-above-its-own-constraints", FORM, path(both, sans=("bar.example.com",)))
    ours = nc([directory(name(O="Acme"))])
    suite.pair("ca-subject-not-permitted", FORM, chain(cas=[{"nc": ours}, {"subject": name(O="Other", CN="CA 2")}]), chain(cas=[{"nc": ours}, {}]))

    # Key rollover: a self-issued certificate is exempt, unless it is the last one.
    def again(label: str) -> Given:
        return chain(cas=[{"nc": nc([foo])}, {"subject": name(O="Acme", CN=label), "san": san(bar)}], leaf={"san": san(foo)})
    suite.pair("self-issued-exempt", "6.1.3 (b)", again("CA 2"), again("CA 1"))
    itself = name(O="Acme", CN="CA 1")
    suite.pair("self-issued-last", "6.1.3 (b)", below(nc([foo]), bar, subject=itself), below(nc([foo]), foo, subject=itself))


def reference_identities(suite: Suite) -> None:
    def asked(*names: str, leaf: tuple[bytes, ...], subject: bytes = name(O="Acme", CN="device"), profile: str = "") -> Given:
        return chain(leaf={"san": san(*leaf) if leaf else None, "subject": subject}, names=list(names), profile=profile)
    host, star = dns("www.example.com"), dns("*.example.com")
    for profile in ("", "server"):
        suite.pair("dns-name" + ("-" if profile else "") + profile, "RFC 9525 6.3", asked("ftp.example.com", leaf=(host,), profile=profile),
                   asked("www.example.com", leaf=(host,), profile=profile))
    suite.pair("dns-name-second", "RFC 9525 6.3", asked("ftp.example.com", leaf=(dns("a.example.com"), host)), asked("www.example.com", leaf=(dns("a.example.com"), host)))
    suite.pair("dns-name-case", "RFC 9525 6.3", asked("WWW.example.ORG", leaf=(host,)), asked("WWW.example.COM", leaf=(host,)))
    suite.pair("dns-name-parent", "RFC 9525 6.3", asked("example.com", leaf=(host,)), asked("example.com", leaf=(dns("example.com"),)))
    suite.pair("dns-names", "RFC 9525 6.3", asked("a.example.org", "b.example.org", leaf=(host, star)), asked("a.example.com", "b.example.com", leaf=(host, star)))
    suite.pair("dns-wildcard-one-label", "RFC 9525 6.3", asked("a.b.example.com", leaf=(star,)), asked("a.example.com", leaf=(star,)))
    suite.pair("dns-wildcard-no-label", "RFC 9525 6.3", asked("example.com", leaf=(star,)), asked("example.com", leaf=(star, dns("example.com"))))
    suite.pair("dns-wildcard-in-the-middle", "RFC 9525 6.3", asked("a.b.example.com", leaf=(dns("a.*.example.com"),)),
               asked("a.b.example.com", leaf=(dns("*.b.example.com"),)))
    suite.pair("dns-wildcard-twice", "RFC 9525 6.3", asked("a.b.example.com", leaf=(dns("*.*.example.com"),)),
               asked("a.b.example.com", leaf=(dns("*.b.example.com"),)))
    suite.pair("dns-wildcard-in-a-label", "RFC 9525 6.3", asked("www.example.com", leaf=(dns("w*.example.com"),)), asked("www.example.com", leaf=(star,)))
    common = name(O="Acme", CN="www.example.com")
    suite.pair("dns-name-not-from-cn", "RFC 9525 6.3", asked("www.example.com", leaf=(), subject=common), asked("www.example.com", leaf=(host,), subject=common))
    suite.pair("dns-name-not-from-cn-beside-san", "RFC 9525 6.3", asked("www.example.com", leaf=(dns("a.example.com"),), subject=common),
               asked("www.example.com", leaf=(dns("a.example.com"), host), subject=common))
    suite.pair("dns-name-not-from-another-form", "RFC 9525 6.3", asked("www.example.com", leaf=(uri("https://www.example.com/"), mail("ann@www.example.com"))),
               asked("www.example.com", leaf=(uri("https://www.example.com/"), host)))
    suite.pair("dns-name-of-a-ca", "6.1", chain(cas=[], leaf={"bc": bc(), "ku": ku(CERT_SIGN, CRL_SIGN)}, names=["ca.example.com"]),
               chain(cas=[], leaf={"bc": bc(), "ku": ku(CERT_SIGN, CRL_SIGN)}, names=["device.example.com"]))
