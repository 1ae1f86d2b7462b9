#!/usr/bin/env bash
# The independent tools that must accept what is signed and issued, and their versions. A test whose tool is missing skips.
set -uo pipefail

# name, then the command whose first line with a number is its version
while read -r name command; do
  version=$(eval "$command" 2>&1 | grep -m1 -E '[0-9]+\.[0-9]+')
  printf '  %-16s %s\n' "$name" "${version:-not installed: its tests skip}"
done <<'TOOLS'
openssl openssl version
swupdate dpkg-query -W -f "\${Version}" swupdate
rauc rauc --version
mkimage mkimage -V
mender-artifact mender-artifact --version
minisign minisign -v
cbor2 dpkg-query -W -f "\${Version}" python3-cbor2
cryptography dpkg-query -W -f "\${Version}" python3-cryptography
imgtool tests/interop/formats/imgtool version 2>/dev/null
esptool ls -d build/tools/esptool-*
pkcs11-tool dpkg-query -W -f "\${Version}" opensc
p11tool p11tool --version
osslsigncode osslsigncode --version
engine_pkcs11 dpkg-query -W -f "\${Version}" libengine-pkcs11-openssl
softhsm2-util softhsm2-util --version
tpm2-pkcs11 dpkg-query -W -f "\${Version}" libtpm2-pkcs11-1
opencryptoki dpkg-query -W -f "\${Version}" opencryptoki
psql psql --version
chromium chromium --version
TOOLS
