"""Tokens that do not hold, or do not reach far enough: refused, and each refused attempt is in the ledger."""
import datetime

import holdfast
import world


@holdfast.both_engines
class Tokens:
    def test_every_refused_attempt_is_an_entry(self):
        instance = holdfast.Instance(self, self.engine)
        world.put(instance, 10, vulnerable=False)
        server = instance.serve(self).sign_in()
        ask = lambda token, method="GET", target="/v1/catalog/products/px", body=None, **more: server.ask(method, target, body, token=token, **more)
        refusals = []

        def refused(answer: holdfast.Answer, status: int, code: str) -> None:
            self.assertEqual((answer.status, answer.headers["Content-Type"], answer.code), (status, "application/problem+json", code), answer)
            if status == 401:
                self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
            refusals.append(code)

        narrow, revoked = server.token("catalog.read"), server.token("catalog.read")

        def ends_soon() -> holdfast.Answer | None:
            soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
            made = server.ask("POST", "/v1/tokens", {"name": "short", "scopes": ["catalog.read"], "expires_at": soon.isoformat().replace("+00:00", "Z")})
            return made if made.status == 201 else None  # a busy machine may take longer to make it

        short = holdfast.until(ends_soon, "a token that ends soon").json
        for token in (narrow, revoked):
            self.assertEqual(ask(token["secret"]).status, 200)

        # None, no token at all, unknown ones, and one with a letter changed.
        refused(ask(""), 401, "HF-HTTP-0043")
        secret = narrow["secret"]
        for wrong in ("x", "hft_", "hft_" + "A" * 43, secret[:-1] + ("A" if secret[-1] != "A" else "B"), secret + "A", "' OR '1'='1"):
            refused(ask(wrong), 401, "HF-ACCOUNT-0030")
        refused(ask("", headers={"Authorization": "Basic YWRhOmFkYQ=="}), 401, "HF-ACCOUNT-0030")

        self.assertEqual(server.ask("DELETE", f"/v1/tokens/{revoked['id']}").status, 204)
        refused(ask(revoked["secret"]), 401, "HF-ACCOUNT-0030")
        refused(holdfast.until(lambda: (answer := ask(short["secret"])).status == 401 and answer, "the token to expire"), 401, "HF-ACCOUNT-0030")

        # Good for what its scopes say, on whatever listener.
        refused(ask(secret, "POST", "/v1/catalog/products", {"code": "py"}), 403, "HF-HTTP-0044")
        refused(ask(secret, "POST", "/v1/fleet/import", {}), 403, "HF-HTTP-0044")
        refused(ask(secret, "POST", "/v1/fleet/import", {}, plane="factory"), 403, "HF-HTTP-0044")
        refused(ask(secret, target="/v1/users"), 403, "HF-HTTP-0044")
        refused(ask(secret, "POST", "/v1/tokens", {"name": "more", "scopes": ["catalog.read"]}), 403, "HF-ACCOUNT-0032")
        # A token takes no scope that its owner lacks, and does nothing that a page of another site asks for.
        self.assertEqual(server.ask("POST", "/v1/tokens", {"name": "n", "scopes": ["catalog.write", "everything"]}).status, 422)
        refused(server.ask("POST", "/v1/tokens", {"name": "n", "scopes": ["catalog.read"]}, headers={"Sec-Fetch-Site": "cross-site"}), 403, "HF-HTTP-0042")
        refused(server.ask("POST", "/v1/tokens", {"name": "n", "scopes": ["catalog.read"]}, headers={"X-CSRF-Token": "wrong"}), 403, "HF-ACCOUNT-0031")
        self.assertEqual(ask(secret).status, 200, "the good token is still good")

        log = server.stop()
        for token in (narrow, revoked, short):
            self.assertNotIn(token["secret"], log, "a secret stands in no log")
        entries = [one["body"] for one in instance.lines("ledger", "tail", "--limit", 1000) if one["kind"] == "access.denied"]
        # Attempts of one principal and address in one minute stand in few entries, each with their number.
        self.assertEqual(sum(entry["data"]["attempts"] for entry in entries), len(refusals), entries)
        self.assertLessEqual({entry["data"]["code"] for entry in entries}, set(refusals))
        self.assertIn(f"token:{narrow['id']}", {subject for entry in entries for subject in entry["subjects"]}, "who it was, where that is known")
        instance.whole()


if __name__ == "__main__":
    holdfast.main()
