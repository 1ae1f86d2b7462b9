"""espsecure.py FOLDER KEY IMAGE: verify_signature_v2 without the command line around it, whose packages Debian 12 lacks.
espsecure.py FOLDER --sign CONFIG.ini IMAGE OUT: sign_secure_boot_v2 through a PKCS #11 module."""
import sys
from unittest import mock

folder, *words = sys.argv[1:]
for name in ("rich_click", "rich", "rich.markup", "esp_pylib", "esp_pylib.cli_options", "esp_pylib.cli_types", "esp_pylib.excepthook",
             "esptool", "esptool.logger", "esptool.util", "esptool.cli_util", "esp_pylib.logger"):
    sys.modules[name] = mock.MagicMock()


class FatalError(Exception):
    pass


sys.modules["esptool"].FatalError = FatalError
sys.modules["esptool"].__version__ = "here"
sys.modules["esptool.logger"].log.print = sys.modules["esptool.logger"].log.error = lambda *text, **more: print(*text, file=sys.stderr)
sys.path.insert(0, folder)
import espsecure  # noqa: E402

try:
    if words[0] == "--sign":
        espsecure.sign_secure_boot_v2([], words[3], False, True, open(words[1]), [], [], open(words[2], "rb"))
        print("signed")
    else:
        espsecure.verify_signature_v2(False, None, open(words[0], "rb"), open(words[1], "rb"))
        print("verified")
except FatalError as error:
    sys.exit(f"refused: {error}")
