#!/usr/bin/env python3
"""Writes the worked example: catalogue, small SBOMs, units, and the KEV catalogue as it was before a day.

Usage: make.py catalogue | units COUNT | sbom NAME | kev-before DATE < kev.json
"""
import hashlib
import json
import sys

MARKETS = ["AT", "BE", "CZ", "DE", "DK", "ES", "FI", "FR", "HU", "IE", "IT", "NL", "PL", "PT", "RO", "SE"]

# product: module: versions, oldest first. The SBOM of each build: see `run`.
PRODUCTS = {
    "gw-200": ("Industrial gateway GW-200", "important_class_i", {"bootloader": ["2024.01"], "image": ["1.0.0", "1.1.0", "1.2.0", "2.0.0"], "radio": ["7.3"]}),
    "cam-10": ("Indoor camera CAM-10", "important_class_i", {"bootloader": ["2024.01"], "image": ["4.2.0", "4.3.1", "5.0.0"]}),
    "sm-50": ("Submeter SM-50", "default", {"firmware": ["3.1.4", "3.2.0"]}),
}
KINDS = {"bootloader": "bootloader", "image": "image", "radio": "radio", "firmware": "firmware"}
FACTORIES = ["Dresden", "Brno", "Porto", "Gdansk"]
# How many of a hundred units run each version of the main module, oldest first.
SPREAD = {"gw-200": [11, 27, 34, 28], "cam-10": [18, 41, 41], "sm-50": [37, 63]}
BATCHES = {"gw-200": 16, "cam-10": 14, "sm-50": 10}


def main_module(product: str) -> str:
    return "firmware" if "firmware" in PRODUCTS[product][2] else "image"


def batches():
    """(product, name, markets): 40 of them, each placed in one to four Member States."""
    number = 0
    for product, count in BATCHES.items():
        for i in range(count):
            width = 1 + (number * 7) % 4
            first = (number * 5) % len(MARKETS)
            yield product, f"B{2024 + i // 8}-{i:02d}", [MARKETS[(first + k * 3) % len(MARKETS)] for k in range(width)]
            number += 1


def share(total: int) -> int:
    """Units of one batch; the last ones take what is left over."""
    return -(-total // sum(BATCHES.values()))


def catalogue(units: int) -> None:
    def record(what: str, /, **fields) -> None:
        print(json.dumps({"record": what, **fields}))

    record("manufacturer", code="example", name="Example Devices GmbH", country="DE", contact="psirt@example.com")
    for product, (name, product_class, modules) in PRODUCTS.items():
        record("product", code=product, manufacturer="example", name=name, product_class=product_class)
        record("hardware_revision", product=product, code="a", name="Rev A")
        for module, versions in modules.items():
            record("module", product=product, code=module, name=f"{name}, {module}", kind=KINDS[module])
            for version in versions:
                digest = hashlib.sha256(f"{product}/{module}/{version}".encode()).hexdigest()
                record("build", module=f"{product}/{module}", version=version, source_repository=f"https://git.example.com/{product}/{module}",
                       source_revision=digest[:40], artifacts=[{"name": f"{module}-{version}.bin", "sha256": digest, "size": 1 << 20}])
        main = main_module(product)
        for version in modules[main]:
            builds = [{"build": f"{product}/{module}/{version if module == main else versions[-1]}"} for module, versions in modules.items()]
            record("release", product=product, version=version, kind="functional", security_version=1, builds=builds)
    for product, name, markets in batches():
        versions = PRODUCTS[product][2][main_module(product)]
        record("batch", product=product, code=name.lower(), name=name, hardware_revision=f"{product}/a", release=f"{product}/{versions[0]}",
               factory=FACTORIES[sum(name.encode()) % len(FACTORIES)], authorised_quantity=share(units), support_end="2031-12-31",
               placements=[{"market": market, "placed_at": f"{name[1:5]}-0{1 + int(name[-2:]) % 9}-15"} for market in markets])


def units(total: int) -> None:
    out = sys.stdout
    out.write("batch,serial,market,builds,certificate_sha256\n")
    left, serial = total, 0
    for product, name, markets in batches():
        modules = PRODUCTS[product][2]
        main = main_module(product)
        fixed = [f"{product}/{module}/{versions[-1]}" for module, versions in modules.items() if module != main]
        builds = [";".join(fixed + [f"{product}/{main}/{version}"]) for version in modules[main]]
        wheel = [build for build, percent in zip(builds, SPREAD[product]) for _ in range(percent)]
        lines = []
        for _ in range(min(share(total), left)):
            # A linear congruence spreads the versions without a random source: every run makes the same fleet.
            mixed = (serial * 2654435761) & 0xFFFFFFFF
            certificate = hashlib.sha256(b"certificate %d" % serial).hexdigest() if serial % 10 == 0 else ""
            lines.append(f"{product}/{name.lower()},{product.replace('-', '').upper()}-{serial:07d},{markets[mixed % len(markets)]},{wheel[(mixed >> 8) % 100]},{certificate}\n")
            serial += 1
        out.write("".join(lines))
        left -= len(lines)


def sbom(name: str) -> None:
    parts = {
        "mcu": [("FreeRTOS-Kernel", "10.5.1", "pkg:github/freertos/freertos-kernel@V10.5.1", "cpe:2.3:a:amazon:freertos:10.5.1:*:*:*:*:*:*:*"),
                ("mbedtls", "3.4.0", "pkg:github/mbed-tls/mbedtls@v3.4.0", "cpe:2.3:a:arm:mbed_tls:3.4.0:*:*:*:*:*:*:*"),
                ("lwip", "2.1.3", "pkg:github/lwip-tcpip/lwip@STABLE-2_1_3_RELEASE", "cpe:2.3:a:lwip_project:lwip:2.1.3:*:*:*:*:*:*:*")],
        "bootloader": [("u-boot", "2024.01", "pkg:github/u-boot/u-boot@v2024.01", "cpe:2.3:a:denx:u-boot:2024.01:*:*:*:*:*:*:*")],
    }[name]
    print(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
                      "components": [{"type": "library", "bom-ref": n, "name": n, "version": v, "purl": purl, "cpe": cpe} for n, v, purl, cpe in parts]}))


def kev_before(date: str) -> None:
    catalog = json.load(sys.stdin)
    catalog["vulnerabilities"] = [one for one in catalog["vulnerabilities"] if one["dateAdded"] < date]
    catalog["count"] = len(catalog["vulnerabilities"])
    catalog["catalogVersion"] = "before " + date
    json.dump(catalog, sys.stdout)


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or ["help"]
    if command == "catalogue":
        catalogue(int(rest[0]) if rest else 1_000_000)
    elif command == "units":
        units(int(rest[0]) if rest else 1_000_000)
    elif command == "sbom":
        sbom(rest[0])
    elif command == "kev-before":
        kev_before(rest[0])
    else:
        sys.exit(__doc__)
