"""What the end-to-end tests share: an installation on either engine, the program as a user runs it, a started server.

A test file ends with holdfast.main(). Usage: FILE HOLDFAST [arguments of unittest]. It runs under
tests/support/with_postgres, which names its server in HF_TEST_POSTGRESQL; without it the tests of that engine are skipped.
"""
from __future__ import annotations

import functools
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from typing import Any, Callable, NamedTuple

DEADLINE = 60  # seconds that a condition may take: far more than it needs, on any machine
_program = pathlib.Path()
_databases = itertools.count()


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}{self.err}"


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a problem (RFC 9457)."""
        return self.json["code"]


def until(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of the condition, which asks a server; a failure after DEADLINE."""
    end = time.monotonic() + DEADLINE
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {DEADLINE} s for: {what}")


def program(*words: Any, stdin: bytes = b"", **more: Any) -> Ran:
    done = subprocess.run([str(_program), *map(str, words)], input=stdin, capture_output=True, **more)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def both_engines(cls: type) -> type:
    """From a class of tests: one TestCase an engine, which its tests see as self.engine."""
    for engine in ("sqlite", "postgresql"):
        made = type(f"{cls.__name__}_{engine}", (cls, unittest.TestCase), {"engine": engine, "__module__": cls.__module__})
        setattr(sys.modules[cls.__module__], made.__name__, made)
    return cls


def on_postgresql(statement: str) -> None:
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", os.environ["HF_TEST_POSTGRESQL"], "-c", statement],
                   env=dict(os.environ, PGOPTIONS="-c client_min_messages=warning"), check=True, capture_output=True)


class Instance:
    """A data directory, with a database of its own; everything is gone when the test (or the class of tests) ends."""

    def __init__(self, test: Any, engine: str = "sqlite", *, data: pathlib.Path | None = None, database: str = "", tablespace: str = ""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hf-e2e."))
        later = test.addClassCleanup if isinstance(test, type) else test.addCleanup
        later(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = data or self.folder / "data"
        if engine == "postgresql" and not database:
            if "HF_TEST_POSTGRESQL" not in os.environ:
                test.skipTest("HF_TEST_POSTGRESQL is not set: run under tests/support/with_postgres")
            name = f"e2e_{os.getpid()}_{next(_databases)}"
            on_postgresql(f"CREATE DATABASE {name} TEMPLATE template0 " + (f"TABLESPACE {tablespace}" if tablespace else ""))
            later(on_postgresql, f"DROP DATABASE {name} WITH (FORCE)")
            database = re.sub(r"dbname=\S+", f"dbname={name}", os.environ["HF_TEST_POSTGRESQL"])
        self.ok("init", "--origin", "test.example/holdfast", *(["--database", database] if database else []))

    def run(self, *words: Any, stdin: str | bytes = b"", **more: Any) -> Ran:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        return program(*words, stdin=given, env=dict(os.environ, HOLDFAST_DATA=str(self.data)), **more)

    def ok(self, *words: Any, **more: Any) -> str:
        ran = self.run(*words, **more)
        if ran.code != 0:
            raise AssertionError(f"{' '.join(map(str, words))}: {ran}")
        return ran.out

    def ask(self, *words: Any, **more: Any) -> Any:
        return json.loads(self.ok(*words, "--json", **more))

    def lines(self, *words: Any, **more: Any) -> list[Any]:
        return [json.loads(line) for line in self.ok(*words, "--json", **more).splitlines()]

    def write(self, name: str, content: str | bytes) -> pathlib.Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def whole(self) -> None:
        """The database and the log, which this check verifies too, are as they were written."""
        self.ok("db", "check")

    def serve(self, test: unittest.TestCase, *options: Any) -> Server:
        server = Server(self, options)
        test.addCleanup(server.stop)
        return server


class Server:
    """`holdfast serve` on free ports, asked over HTTPS with its certificate verified."""

    def __init__(self, instance: Instance, options: tuple = ()):
        self.instance = instance
        self.log_file = instance.folder / "serve.log"
        ports = [word for plane in ("operator", "device", "factory", "public") for word in (f"--{plane}-port", "0")]
        with self.log_file.open("ab") as log:
            words = map(str, [_program, "serve", "--data", instance.data, *ports, *options])
            self.process = subprocess.Popen(list(words), stdout=subprocess.PIPE, stderr=log, text=True)
        self.ports: dict[str, int] = {}
        self.setup = ""
        watchdog = threading.Timer(DEADLINE, self.process.kill)
        watchdog.start()
        for line in self.process.stdout:
            if plane := re.match(r"(\w+) +https?://\S+:(\d+)$", line):
                self.ports[plane[1]] = int(plane[2])
            elif link := re.search(r"/setup#(\S+)", line):
                self.setup = link[1]
            elif line.startswith("Ctrl-C"):
                break
        else:
            raise AssertionError("the server did not start: " + self.log_file.read_text())
        watchdog.cancel()
        self.trust = ssl.create_default_context(cafile=str(instance.data / "tls" / "certificate.pem"))
        self.session: dict[str, str] = {}
        self.kept = threading.local()

    def stop(self) -> str:
        """Stops it as an operator does; its log."""
        for connection in self.kept.__dict__.values():
            connection.close()
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(DEADLINE)
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"the server ended with {code}: " + self.log_file.read_text()[-4000:])
        return self.log_file.read_text()

    def ask(self, method: str, target: str, body: Any = None, *, token: str | None = None, plane: str = "operator",
            headers: dict[str, str] | None = None, trust: ssl.SSLContext | None = None) -> Answer:
        """As the first account (sign_in), or with a token ("": with none). A body that is no bytes is sent as JSON."""
        sent = dict(self.session) if token is None else {"Authorization": "Bearer " + token} if token else {}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        kept = self.kept.__dict__  # one connection a thread and listener; one with its own trust is not kept
        connection = kept.pop(plane, None) if trust is None else None
        if connection is None:
            make = http.client.HTTPConnection if plane == "public" else functools.partial(http.client.HTTPSConnection, context=trust or self.trust)
            connection = make("localhost", self.ports[plane], timeout=DEADLINE)
        try:
            connection.request(method, target, body, {**sent, **(headers or {})})
            answer = connection.getresponse()
            answered = Answer(answer.status, answer.headers, answer.read())
        except BaseException:
            connection.close()
            raise
        if trust is None:
            kept[plane] = connection
        else:
            connection.close()
        return answered

    def sign_in(self) -> Server:
        """The first account, made with the set-up link; the requests after it are that person's."""
        person = {"name": "ada", "password": "a horse of many colours"}
        roles = ["administrator", "product_security", "release_engineer", "fleet_operator"]
        made = self.ask("POST", "/v1/setup", {**person, "token": self.setup, "roles": roles}, token="")
        answer = self.ask("POST", "/v1/session", person, token="")
        if made.status != 201 or answer.status != 200:
            raise AssertionError((made, answer))
        self.session = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer.json["csrf"]}
        return self

    def token(self, *scopes: str, **more: Any) -> dict[str, Any]:
        answer = self.ask("POST", "/v1/tokens", {"name": "test", "scopes": scopes, **more})
        if answer.status != 201:
            raise AssertionError(answer)
        return answer.json


def main() -> None:
    global _program
    _program = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
