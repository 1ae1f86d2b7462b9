"""A full disk: a clear refusal, nothing that was acknowledged is lost, and with space the work goes on."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

import holdfast
import world

UNITS = 4_000


def mounted(test: unittest.TestCase, megabytes: int) -> pathlib.Path | None:
    """A file system of that size; None where this user may not mount one."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hf-disk."))
    test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}M,mode=0777", "holdfast-test", folder], capture_output=True).returncode != 0:
        return None
    test.addCleanup(subprocess.run, ["umount", "-l", folder])
    return folder


def fill(folder: pathlib.Path, left: int) -> pathlib.Path:
    """Takes the space but so many bytes."""
    path = folder / "ballast"
    space = os.statvfs(folder)
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize - left)
    return path


class DiskFull(unittest.TestCase):
    def full(self, ran: holdfast.Ran, code: str) -> None:
        self.assertEqual(ran.code, 6, ran)
        self.assertIn(f"[{code}]", ran.err)
        self.assertNotIn("imported,", ran.out)

    def acknowledged(self, instance: holdfast.Instance, units: int) -> None:
        self.assertEqual(instance.ask("trace", "product", "px")["devices"]["total"], units)
        instance.whole()

    def test_a_data_directory_on_a_full_file_system(self):
        disk = mounted(self, 64)
        if not disk:
            self.skipTest("this user may not mount a small file system")
        instance = holdfast.Instance(self, data=disk / "data")
        world.put(instance, 2 * UNITS)
        first, second = (instance.write(name, world.ndjson(world.units(UNITS, prefix=name))) for name in ("first", "second"))
        instance.ok("fleet", "import", first)
        ballast = fill(disk, 300_000)
        self.full(instance.run("fleet", "import", second), "HF-DB-0005")
        # The document is written before the database knows of it.
        noise = world.sbom("1.0.0").replace('"version": 1,', '"version": 1, "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", '
                                            f'"properties": [{{"name": "noise", "value": "{os.urandom(400_000).hex()}"}}],')
        self.full(instance.run("sbom", "add", world.BUILDS[1], instance.write("noise.json", noise)), "HF-BLOB-0003")
        self.assertEqual([path for path in (disk / "data" / "blobs").rglob("*") if path.name.endswith(".new")], [])
        ballast.unlink()
        self.acknowledged(instance, UNITS)
        instance.ok("fleet", "import", second)
        instance.ok("sbom", "add", world.BUILDS[1], instance.folder / "noise.json")
        self.acknowledged(instance, 2 * UNITS)

    def test_files_that_may_not_grow(self):
        instance = holdfast.Instance(self)
        world.put(instance, 2 * UNITS)
        first, second = (instance.write(name, world.ndjson(world.units(UNITS, prefix=name))) for name in ("first", "second"))
        instance.ok("fleet", "import", first)

        def no_further() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # write() then fails with EFBIG
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

        self.full(instance.run("fleet", "import", second, preexec_fn=no_further), "HF-DB-0005")
        self.acknowledged(instance, UNITS)
        instance.ok("fleet", "import", second)
        self.acknowledged(instance, 2 * UNITS)

    def test_a_tablespace_on_a_full_file_system(self):
        if "HF_TEST_POSTGRESQL" not in os.environ:
            self.skipTest("HF_TEST_POSTGRESQL is not set: run under tests/support/with_postgres")
        disk = mounted(self, 64)
        if not disk:
            self.skipTest("this user may not mount a small file system")
        place = disk / "rows"
        place.mkdir()
        shutil.chown(place, "postgres")
        tablespace = f"full_{os.getpid()}"
        holdfast.on_postgresql(f"CREATE TABLESPACE {tablespace} LOCATION '{place}'")
        self.addCleanup(holdfast.on_postgresql, f"DROP TABLESPACE {tablespace}")
        instance = holdfast.Instance(self, "postgresql", tablespace=tablespace)
        world.put(instance, 2 * UNITS)
        first, second = (instance.write(name, world.ndjson(world.units(UNITS, prefix=name))) for name in ("first", "second"))
        instance.ok("fleet", "import", first)
        ballast = fill(disk, 100_000)
        self.full(instance.run("fleet", "import", second), "HF-DB-0005")
        ballast.unlink()
        self.acknowledged(instance, UNITS)
        instance.ok("fleet", "import", second)
        self.acknowledged(instance, 2 * UNITS)


if __name__ == "__main__":
    holdfast.main()
