"""The database goes away and comes back under a running server, which says so, and then goes on by itself."""
import glob
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest

import holdfast
import world


class Cluster:
    """A private PostgreSQL on a Unix socket, as tests/support/with_postgres makes one, that a test may stop."""

    def __init__(self, test: unittest.TestCase):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
        if not found:
            test.skipTest("no PostgreSQL server is installed here")
        self.programs = found[-1]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hf-pg."))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.as_owner = []
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, "postgres")
            self.as_owner = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        self.start()
        test.addCleanup(self.stop)
        self.conninfo = f"host={self.folder} user=postgres dbname=postgres"

    def _run(self, program: str, *words: str) -> None:
        subprocess.run([*self.as_owner, f"{self.programs}/{program}", "-D", str(self.folder / "data"), *words],
                       check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self) -> None:
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", f"-c listen_addresses='' -k {self.folder} -c fsync=off", "start")

    def stop(self, how: str = "fast") -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "-m", how, "-w", "stop")


class DatabaseGone(unittest.TestCase):
    def test_requests_are_refused_until_it_is_back(self):
        cluster = Cluster(self)
        instance = holdfast.Instance(self, "postgresql", database=cluster.conninfo)
        server = instance.serve(self).sign_in()
        token = server.token("catalog.read", "catalog.write")["secret"]
        write = lambda code: server.ask("POST", "/v1/catalog/manufacturers", {"code": code, "name": "N", "country": "DE"}, token=token)
        read = lambda code: server.ask("GET", f"/v1/catalog/manufacturers/{code}", token=token)
        self.assertEqual(write("before").status, 201)
        self.assertEqual(server.ask("GET", "/readyz", token="").status, 200)

        for how in ("fast", "immediate", "unnoticed"):  # as an administrator stops it, as a crash does, and while nobody asks
            with self.subTest(how):
                # Several connections are open when it goes.
                readers = [threading.Thread(target=read, args=("before",)) for _ in range(8)]
                for reader in readers:
                    reader.start()
                for reader in readers:
                    reader.join()
                cluster.stop("immediate" if how == "immediate" else "fast")
                if how != "unnoticed":
                    refused = (read("before"), write(how), write(how), server.ask("GET", "/readyz", token=""), server.ask("GET", "/v1/session"))
                    for answer in refused:
                        self.assertEqual((answer.status, answer.headers["Content-Type"], answer.code), (503, "application/problem+json", "HF-DB-0006"), answer)
                        self.assertNotIn(str(cluster.folder), answer.body.decode(), "the place of the database is the operator's affair")
                    self.assertEqual(server.ask("GET", "/healthz", token="").status, 200, "the process itself is well")

                cluster.start()
                # The very first requests work: no client has to find out which connections are dead.
                answer = write(how)
                self.assertEqual(answer.status, 201, answer)
                self.assertEqual(read("before").status, 200)
                self.assertEqual(server.ask("GET", "/readyz", token="").status, 200)

        # What the publisher could not do meanwhile, it does now.
        auditor = server.token("ledger.read")["secret"]

        def published() -> bool:
            status = server.ask("GET", "/v1/ledger/status", token=auditor).json
            return status["published_size"] == status["size"] > 0

        holdfast.until(published, "checkpoints to be published again")
        self.assertIn("ledger_stuck", server.stop())
        self.assertEqual([one["code"] for one in instance.lines("catalog", "list", "manufacturer")], ["before", "fast", "immediate", "unnoticed"])
        instance.whole()


if __name__ == "__main__":
    holdfast.main()
