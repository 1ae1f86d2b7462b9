"""The people of a charter, who approve with keys of their own that openssl holds."""
import shutil
import subprocess

import holdfast

PEOPLE = ("ann", "bob", "cid")


class People:
    def meet(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        self.instance = holdfast.Instance(self, self.engine)
        self.directory = self.instance.folder
        for person in PEOPLE:
            self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{person}.pem")
            self.openssl("ec", "-in", f"{person}.pem", "-pubout", "-out", f"{person}.pub")

    def approvers(self):
        return [{"person": p, "name": p, "roles": ["officer"], "kind": "key", "public_key": (self.directory / f"{p}.pub").read_text()} for p in PEOPLE]

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True)

    def write(self, name, content):
        (self.directory / name).write_bytes(content)
        return str(self.directory / name)

    def decide(self, request, person, *more):
        statement = self.write("statement", self.instance.ok("sign", "statement", request, "--person", person, *more).encode())
        self.openssl("dgst", "-sha256", "-sign", f"{person}.pem", "-out", "statement.sig", "statement")
        return self.instance.run("sign", "decide", "--statement", statement, "--signature", str(self.directory / "statement.sig"))
