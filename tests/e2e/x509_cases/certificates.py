"""A certificate by itself: its fields and extensions (RFC 5280 4.1 and 4.2)."""
from .build import (CERT_SIGN, CRL_SIGN, SIGNATURE, access, aki, bc, dns, extension, key, ku, name, policies, policy_constraints, san, ski,
                    unknown)
from .case import Suite, chain
from .der import explicit, generalized_time, implicit, integer, seq, utc_time

ROLES = ("root", "ca", "leaf")


def label_of(role: str) -> str:
    return {"root": "Root", "ca": "CA 1", "leaf": "device"}[role]


def cases(suite: Suite) -> None:
    suite.accepted("plain", "6.1", suite.plain)
    suite.accepted("plain-without-intermediate", "6.1", chain(cas=[]))
    fields(suite)
    times(suite)
    extensions(suite)
    identifiers(suite)
    key_usages(suite)
    policy(suite)


def fields(suite: Suite) -> None:
    for role in ("ca", "leaf"):
        suite.pair(f"serial-zero-{role}", "4.1.2.2", chain(**{role: {"serial": 0}}), chain(**{role: {"serial": 1}}))
        suite.pair(f"serial-negative-{role}", "4.1.2.2", chain(**{role: {"serial": -7}}), chain(**{role: {"serial": 7}}))
        # 22 octets: some take 21, for the sign.
        suite.pair(f"serial-over-20-octets-{role}", "4.1.2.2", chain(**{role: {"serial": 1 << 174}}), chain(**{role: {"serial": (1 << 159) - 1}}))
    suite.pair("issuer-empty", "4.1.2.4", chain(leaf={"issuer": name()}))
    suite.pair("subject-empty-root", "4.1.2.6", chain(root={"subject": name()}))
    suite.pair("subject-empty-ca", "4.1.2.6", chain(ca={"subject": name(), "san": san(dns("ca.example.com"), critical=True)}),
               chain(ca={"san": san(dns("ca.example.com"), critical=True)}))
    good = chain(leaf={"subject": name(), "san": san(dns("device.example.com"), critical=True)})
    suite.pair("subject-empty-san-not-critical", "4.2.1.6", chain(leaf={"subject": name()}), good)
    suite.pair("subject-empty-no-san", "4.1.2.6", chain(leaf={"subject": name(), "san": None}), chain(leaf={"san": None}))
    suite.pair("version-1-ca", "6.1.4 (k)", chain(ca={"version": None, "ski": None, "aki": None, "bc": None, "ku": None}))
    suite.pair("version-1-root", "6.1.4 (k)", chain(root={"version": None, "ski": None, "bc": None, "ku": None}))
    for role in ("ca", "leaf"):
        suite.pair(f"version-1-with-extensions-{role}", "4.1.2.9", chain(**{role: {"version": None}}))
        suite.pair(f"version-2-with-extensions-{role}", "4.1.2.9", chain(**{role: {"version": 1}}))
    suite.pair("version-4", "4.1.2.1", chain(leaf={"version": 3}))


def times(suite: Suite) -> None:
    """4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, both with seconds, in Zulu, without fractions."""
    far = chain(leaf={"end": generalized_time("20500101000000Z")})
    suite.pair("utc-time-2050", "4.1.2.5.1", chain(leaf={"end": utc_time("500101000000Z")}), far)
    suite.pair("generalized-time-before-2050-end", "4.1.2.5", chain(leaf={"end": generalized_time("20491231235959Z")}),
               chain(leaf={"end": utc_time("491231235959Z")}))
    suite.pair("generalized-time-before-2050-start", "4.1.2.5", chain(leaf={"start": generalized_time("20250101000000Z")}),
               chain(leaf={"start": utc_time("250101000000Z")}))
    suite.pair("generalized-time-before-2050-ca", "4.1.2.5", chain(ca={"end": generalized_time("20350101000000Z")}),
               chain(ca={"end": utc_time("350101000000Z")}))
    suite.pair("utc-time-without-seconds", "4.1.2.5.1", chain(leaf={"start": utc_time("2501010000Z")}), chain(leaf={"start": utc_time("250101000000Z")}))
    suite.pair("utc-time-with-offset", "4.1.2.5.1", chain(leaf={"start": utc_time("250101000000+0000")}), chain(leaf={"start": utc_time("250101000000Z")}))
    suite.pair("generalized-time-fraction", "4.1.2.5.2", chain(leaf={"end": generalized_time("20510101000000.5Z")}),
               chain(leaf={"end": generalized_time("20510101000000Z")}))
    suite.pair("month-13", "4.1.2.5.1", chain(leaf={"end": utc_time("351301000000Z")}), chain(leaf={"end": utc_time("351201000000Z")}))
    suite.accepted("no-well-defined-end", "4.1.2.5", chain(leaf={"end": generalized_time("99991231235959Z")}))


def extensions(suite: Suite) -> None:
    for role in ROLES:
        suite.pair(f"unknown-critical-{role}", "4.2", chain(**{role: {"more": [unknown(True)]}}), chain(**{role: {"more": [unknown(False)]}}))
        suite.pair(f"unknown-twice-{role}", "4.2", chain(**{role: {"more": [unknown(False), unknown(False)]}}), chain(**{role: {"more": [unknown(False)]}}))
    suite.pair("san-twice", "4.2", chain(leaf={"more": [san(dns("device.example.com"))]}))
    suite.pair("basic-constraints-twice", "4.2", chain(ca={"more": [bc()]}))

    for role in ("root", "ca"):
        suite.pair(f"basic-constraints-missing-{role}", "4.2.1.9", chain(**{role: {"bc": None}}))
        # keyCertSign without cA is wrong too: here it is not said.
        suite.pair(f"basic-constraints-and-usage-missing-{role}", "4.2.1.9", chain(**{role: {"bc": None, "ku": None}}), chain(**{role: {"ku": None}}))
        suite.pair(f"basic-constraints-no-ca-{role}", "4.2.1.9", chain(**{role: {"bc": bc(ca=False)}}), chain(**{role: {"bc": bc(ca=True)}}))
        suite.pair(f"basic-constraints-not-critical-{role}", "4.2.1.9", chain(**{role: {"bc": bc(critical=False)}}), chain(**{role: {"bc": bc()}}))
    suite.accepted("basic-constraints-leaf", "4.2.1.9", chain(leaf={"bc": bc(ca=False)}))
    suite.accepted("basic-constraints-leaf-not-critical", "4.2.1.9", chain(leaf={"bc": bc(ca=False, critical=False)}))
    suite.pair("pathlen-without-ca", "4.2.1.9", chain(leaf={"bc": bc(ca=False, pathlen=0)}), chain(leaf={"bc": bc(ca=False)}))

    suite.pair("authority-info-access-critical", "4.2.2.1", chain(leaf={"aia": access("1", critical=True)}), chain(leaf={"aia": access("1")}))
    suite.pair("subject-info-access-critical", "4.2.2.2", chain(ca={"sia": access("11", critical=True)}), chain(ca={"sia": access("11")}))

    suite.pair("san-not-der", "4.2.1.6", chain(leaf={"san": extension("2.5.29.17", b"device.example.com")}))
    suite.pair("san-empty", "4.2.1.6", chain(leaf={"san": san()}))
    suite.pair("san-ip-of-5-octets", "4.2.1.6", chain(leaf={"san": san(implicit(7, bytes(5)))}), chain(leaf={"san": san(implicit(7, bytes([192, 0, 2, 1])))}))
    suite.pair("san-dns-blank", "4.2.1.6", chain(leaf={"san": san(dns(" "))}))
    suite.pair("san-dns-not-ascii", "4.2.1.6", chain(leaf={"san": san(dns("caf\u00e9.example.com"))}), chain(leaf={"san": san(dns("xn--caf-dma.example.com"))}))


def identifiers(suite: Suite) -> None:
    for role, parent in (("ca", "Root"), ("leaf", "CA 1")):
        suite.pair(f"authority-key-missing-{role}", "4.2.1.1", chain(**{role: {"aki": None}}))
        suite.pair(f"authority-key-critical-{role}", "4.2.1.1", chain(**{role: {"aki": aki(key(parent).identifier, critical=True)}}))
    of_root = key("Root").identifier
    suite.pair("authority-key-critical-root", "4.2.1.1", chain(root={"aki": aki(of_root, critical=True)}), chain(root={"aki": aki(of_root)}))
    suite.accepted("authority-key-missing-self-signed-root", "4.2.1.1", chain(root={"aki": None}))
    by_serial = seq(explicit(1, explicit(4, name(O="Acme", CN="CA 1"))), implicit(2, b"\x07"))
    by_both = seq(implicit(0, key("CA 1").identifier), explicit(1, explicit(4, name(O="Acme", CN="Root"))), implicit(2, b"\x07"))
    suite.pair("authority-key-without-key-identifier", "4.2.1.1", chain(ca={"serial": 7}, leaf={"aki": extension("2.5.29.35", by_serial)}),
               chain(ca={"serial": 7}, leaf={"aki": extension("2.5.29.35", by_both)}))
    for role in ("root", "ca"):
        suite.pair(f"subject-key-missing-{role}", "4.2.1.2", chain(**{role: {"ski": None}}))
    for role in ROLES:
        own = key(label_of(role)).identifier
        suite.pair(f"subject-key-critical-{role}", "4.2.1.2", chain(**{role: {"ski": ski(own, critical=True)}}), chain(**{role: {"ski": ski(own)}}))
    suite.accepted("subject-key-missing-leaf", "4.2.1.2", chain(leaf={"ski": None}))


def key_usages(suite: Suite) -> None:
    for role in ("root", "ca"):
        suite.pair(f"key-cert-sign-missing-{role}", "4.2.1.3, 6.1.4 (n)", chain(**{role: {"ku": ku(SIGNATURE, CRL_SIGN)}}),
                   chain(**{role: {"ku": ku(SIGNATURE, CERT_SIGN, CRL_SIGN)}}))
    leaf_usage = ku(SIGNATURE, CERT_SIGN)
    suite.pair("key-cert-sign-no-ca", "4.2.1.9", chain(leaf={"bc": bc(ca=False), "ku": leaf_usage}), chain(leaf={"bc": bc(ca=True), "ku": leaf_usage}))
    suite.pair("key-cert-sign-without-basic-constraints", "4.2.1.3", chain(leaf={"ku": leaf_usage}), chain(leaf={"ku": ku(SIGNATURE)}))
    # At the end of the path, where 6.1.4 (n) does not ask for keyCertSign: the rule about pathLenConstraint stands alone.
    limited = bc(pathlen=0)
    suite.pair("pathlen-without-key-cert-sign", "4.2.1.9", chain(leaf={"bc": limited, "ku": ku(SIGNATURE, CRL_SIGN)}),
               chain(leaf={"bc": limited, "ku": ku(SIGNATURE, CERT_SIGN)}))
    suite.pair("pathlen-without-key-usage", "4.2.1.9", chain(ca={"bc": limited, "ku": None}), chain(ca={"bc": limited}))
    suite.accepted("key-usage-missing-leaf", "4.2.1.3", chain(leaf={"ku": None}))
    suite.accepted("key-usage-not-critical", "4.2.1.3", chain(ca={"ku": ku(CERT_SIGN, CRL_SIGN, critical=False)}))
    suite.pair("key-usage-without-a-bit", "4.2.1.3", chain(leaf={"ku": ku()}), chain(leaf={"ku": ku(SIGNATURE)}))


def policy(suite: Suite) -> None:
    ours, others = "1.3.6.1.4.1.32473.2.1", "1.3.6.1.4.1.32473.2.2"
    suite.pair("policy-constraints-not-critical", "4.2.1.11", chain(ca={"pc": policy_constraints(3, critical=False)}), chain(ca={"pc": policy_constraints(3)}))
    suite.pair("policy-constraints-empty", "4.2.1.11", chain(ca={"pc": policy_constraints(None)}), chain(ca={"pc": policy_constraints(3)}))
    suite.pair("policy-twice", "4.2.1.4", chain(leaf={"cp": policies(ours, ours)}), chain(leaf={"cp": policies(ours, others)}))
    required = {"pc": policy_constraints(0), "cp": policies(ours)}
    suite.pair("explicit-policy-none", "6.1.3 (f)", chain(ca=required), chain(ca=required, leaf={"cp": policies(ours)}))
    suite.pair("explicit-policy-other", "6.1.3 (f)", chain(ca=required, leaf={"cp": policies(others)}), chain(ca=required, leaf={"cp": policies(ours)}))
    suite.pair("inhibit-any-policy-not-critical", "4.2.1.14", chain(ca={"ia": extension("2.5.29.54", integer(0))}),
               chain(ca={"ia": extension("2.5.29.54", integer(0), critical=True)}))
