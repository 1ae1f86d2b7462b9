"""kill -9 at random points of an import: run again, the file gives what it gives in one run. Bad lines are named by line."""
import os
import random
import resource
import signal

import holdfast
import world

UNITS = 21_000  # three transactions of the importer
KILLS = 5
SEED = int(os.environ.get("HF_SEED", random.randrange(2**32)))


def dies_after(cpu_seconds: float):
    """For the child to be: the kernel ends it at once when it has worked so long, as kill -9 would. The timer outlives
    exec, and load does not move it."""
    return lambda: signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # SIGPROF: nobody handles it


def answers(instance: holdfast.Instance) -> dict:
    exposed = instance.ask("exposed", world.CVE)
    units = [line.split(",")[:5] for line in instance.ok("exposed", world.CVE, "--csv").splitlines()[1:]]
    return {"devices": instance.ask("trace", "product", "px")["devices"], "totals": exposed["totals"], "by_market": exposed["by_market"],
            "units": sorted(units)}


@holdfast.both_engines
class ImportKill:
    def test_an_interrupted_import_goes_on_where_it_was(self):
        records = list(world.units(UNITS))
        for record in records[::3]:
            record["builds"] = [world.BUILDS[1]]
        text = world.ndjson(records)

        clean = holdfast.Instance(self, self.engine)
        world.put(clean, UNITS)
        file = clean.write("units.ndjson", text)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertEqual(clean.ask("fleet", "import", file)["imported"], UNITS)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        whole_run = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        expected = answers(clean)
        self.assertEqual(len(expected["units"]), UNITS - len(records[::3]))

        chance = random.Random(SEED)
        killed = holdfast.Instance(self, self.engine)
        world.put(killed, UNITS)
        cut = []
        for point in sorted(chance.uniform(0.01, whole_run) for _ in range(KILLS)):
            ran = killed.run("fleet", "import", file, preexec_fn=dies_after(point))
            self.assertIn(ran.code, (0, -signal.SIGPROF), ran)
            if ran.code != 0:
                cut.append(round(point, 2))
        told = f"HF_SEED={SEED}: killed after {cut} s of {whole_run:.2f} s"
        self.assertTrue(cut, told)
        done = killed.ask("fleet", "import", file)
        self.assertEqual((done["imported"] + done["unchanged"], done["refused"]), (UNITS, 0), told)
        self.assertEqual(answers(killed), expected, told)
        self.assertEqual(killed.ask("fleet", "import", file)["unchanged"], UNITS, told)
        verified = killed.ask("ledger", "verify")
        self.assertEqual((verified["whole"], verified["events"]), (True, clean.ask("ledger", "verify")["events"]), told)
        killed.whole()

    def test_bad_lines_are_named_and_the_others_stay(self):
        instance = holdfast.Instance(self, self.engine)
        world.put(instance, 3, 5, vulnerable=False)
        refused = lambda ran: [line.split(":")[0] + " " + line.split("[")[-1].rstrip("]") for line in ran.err.splitlines() if line.startswith("line ")]

        first = list(world.units(2, "px/b2"))
        twice = instance.run("fleet", "import", instance.write("twice.ndjson", world.ndjson(first + first[:1])))
        self.assertEqual((twice.code, twice.out), (3, "3 lines: 2 imported, 0 there already, 1 refused\n"), twice)
        self.assertEqual(refused(twice), ["line 3 HF-FLEET-0005"])

        # Of two files: the same unit is there already, the same serial with other facts is a contradiction.
        again = instance.run("fleet", "import", instance.write("again.ndjson", world.ndjson([first[0], {**first[1], "market": "AT"}, *world.units(1, "px/b1", "NEW")])))
        self.assertEqual((again.code, again.out), (3, "3 lines: 1 imported, 1 there already, 1 refused\n"), again)
        self.assertEqual(refused(again), ["line 2 HF-FLEET-0005"])

        full = instance.run("fleet", "import", instance.write("full.ndjson", world.ndjson(world.units(4, "px/b1", "FULL"))))
        self.assertEqual((full.code, refused(full)), (3, ["line 3 HF-FLEET-0007", "line 4 HF-FLEET-0007"]), full)

        reports = [{"product": "px", "serial": serial, "builds": [world.BUILDS[1]]} for serial in ("SN-000000", "SN-999999", "SN-000001")]
        told = instance.run("fleet", "report", instance.write("reports.ndjson", world.ndjson(reports)))
        self.assertEqual((told.code, told.out), (3, "3 reports: 2 moved, 0 unchanged, 1 refused\n"), told)
        self.assertEqual(refused(told), ["line 2 HF-FLEET-0006"])
        self.assertEqual(sum(one["devices"] for one in instance.ask("trace", "product", "px")["devices"]["by_market"]), 5)
        instance.whole()


if __name__ == "__main__":
    holdfast.main()
