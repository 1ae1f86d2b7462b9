"""The factory listener takes only registered certificates of the factories' CA, and each listener has only its own routes."""
import pathlib
import ssl
import subprocess
import unittest

import holdfast
import world


class Authority:
    """A CA of the test's own, with openssl(1)."""

    def __init__(self, folder: pathlib.Path, name: str):
        self.folder, self.name = folder, name
        self.certificate = folder / f"{name}.pem"
        self._openssl("req", "-x509", *self._key(name), "-subj", f"/CN={name}", "-days", "2", "-out", self.certificate)

    def _openssl(self, *words) -> str:
        return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, text=True).stdout

    def _key(self, name: str) -> list:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.folder / f"{name}.key"]

    def issue(self, name: str, days: int = 1) -> pathlib.Path:
        """A client certificate; with negative days one that ended before now."""
        self._openssl("req", *self._key(name), "-subj", f"/CN={name}", "-out", self.folder / f"{name}.csr")
        self._openssl("x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.certificate, "-CAkey", self.folder / f"{self.name}.key",
                      "-CAcreateserial", "-days", days, "-out", self.folder / f"{name}.pem")
        return self.folder / f"{name}.pem"

    def fingerprint(self, certificate: pathlib.Path) -> str:
        return self._openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256").split("=")[1].strip().replace(":", "").lower()


@holdfast.both_engines
class Factory:
    def shown(self, server: holdfast.Server, certificate: pathlib.Path | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(server.instance.data / "tls" / "certificate.pem"))
        if certificate:
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        return context

    def test_only_a_certificate_of_the_factories_imports_units(self):
        instance = holdfast.Instance(self, self.engine)
        world.put(instance, 10, vulnerable=False)
        authority, stranger = Authority(instance.folder, "factories"), Authority(instance.folder, "somebody")
        line, unknown = authority.issue("line-1"), authority.issue("line-2")
        server = instance.serve(self, "--factory-client-ca", authority.certificate).sign_in()
        everything = server.token("fleet.write", "fleet.read", "catalog.read", "vuln.read", "ledger.read", "accounts.read")["secret"]
        registered = server.token("fleet.write", certificate_sha256=authority.fingerprint(line))
        self.assertNotIn("secret", registered)
        units = world.ndjson(world.units(3)).encode()

        def send(certificate, target="/v1/fleet/import", method="POST", token=""):
            return server.ask(method, target, units, token=token, plane="factory", trust=self.shown(server, certificate), headers={"Content-Type": "application/x-ndjson"})

        done = send(line)
        self.assertEqual((done.status, done.json["imported"]), (200, 3), done)
        self.assertEqual((send(line).json["unchanged"]), 3, "sent again after a lost answer, nothing is doubled")
        for why, certificate in {"none": None, "another CA's": stranger.issue("forged"), "expired": authority.issue("old", -1)}.items():
            with self.subTest(why), self.assertRaises((ssl.SSLError, ConnectionError)):
                send(certificate, token=everything)  # a token alone does not open the door

        self.assertEqual(send(unknown).status, 401, "of the right CA, but nobody registered it")

        # A factory imports; with its certificate it reads nothing, and nothing of the operators' interface is there.
        for target in ("/v1/today", "/v1/users", "/v1/catalog/products", "/v1/devices/px/SN-000000", "/v1/ledger/status", "/metrics", "/"):
            self.assertEqual(send(line, target, "GET").status, 404, target)
            self.assertEqual(send(line, target, "GET", everything).status, 404, target)
        self.assertEqual(send(line, token="hft_wrong").status, 401, "a wrong token is not made good by the certificate")
        self.assertEqual(server.ask("DELETE", "/v1/tokens/" + registered["id"]).status, 204)
        self.assertEqual(send(line).status, 401, "revoked")
        server.stop()
        imports = [one["body"]["actor"] for one in instance.lines("ledger", "tail", "--limit", 100) if one["kind"] == "fleet.imported"]
        self.assertEqual(imports, [registered["subject"]])
        instance.whole()

    def test_no_listener_has_the_operators_routes_but_their_own(self):
        instance = holdfast.Instance(self, self.engine)
        server = instance.serve(self).sign_in()
        everything = server.token("fleet.write", "fleet.read", "catalog.read", "catalog.write", "vuln.read", "ledger.read", "accounts.read", "system.read")["secret"]
        asked = [("GET", "/v1/today"), ("GET", "/v1/users"), ("POST", "/v1/catalog/products"), ("POST", "/v1/session"), ("POST", "/v1/setup"), ("GET", "/metrics"),
                 ("GET", "/openapi.json"), ("GET", "/v1/events"), ("GET", "/")]
        for plane in ("device", "factory", "public"):
            for method, target in asked:
                answer = server.ask(method, target, {} if method == "POST" else None, plane=plane, token=everything)
                self.assertEqual(answer.status, 404, (plane, method, target, answer))
            self.assertEqual(server.ask("GET", "/healthz", plane=plane, token="").status, 200)
        # Each has what it is for, and asks for a token where that is not public.
        self.assertEqual(server.ask("POST", "/v1/fleet/reports", {}, plane="device", token="").status, 401)
        self.assertEqual(server.ask("POST", "/v1/fleet/import", {}, plane="device", token=everything).status, 404)
        self.assertEqual(server.ask("POST", "/v1/fleet/import", {}, plane="factory", token="").status, 401)
        self.assertEqual(server.ask("POST", "/v1/fleet/import", {}, plane="public", token=everything).status, 404)
        self.assertEqual(server.ask("GET", "/v1/today", token=everything).status, 200)


if __name__ == "__main__":
    holdfast.main()
