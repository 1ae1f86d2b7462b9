"""espsecure.py FOLDER KEY IMAGE: verify_signature_v2 without the command line around it, whose packages Debian 12 lacks."""
import sys
from unittest import mock

folder, key, image = sys.argv[1:]
for name in ("rich_click", "rich", "rich.markup", "esp_pylib", "esp_pylib.cli_options", "esp_pylib.cli_types", "esp_pylib.excepthook",
             "esptool", "esptool.logger", "esptool.util", "esptool.cli_util", "esp_pylib.logger"):
    sys.modules[name] = mock.MagicMock()


class FatalError(Exception):
    pass


sys.modules["esptool"].FatalError = FatalError
sys.modules["esptool"].__version__ = "here"
sys.path.insert(0, folder)
import espsecure  # noqa: E402

try:
    espsecure.verify_signature_v2(False, None, open(key, "rb"), open(image, "rb"))
except FatalError as error:
    sys.exit(f"refused: {error}")
print("verified")
