#include "keys/formats/key_scan.h"

#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

Bytes around(ByteView middle, std::size_t before, std::size_t after = 50) {
  auto bytes = noise(before);
  bytes.reserve(before + middle.size() + after);
  put(bytes, middle);
  put(bytes, noise(after, 3));
  return bytes;
}

TEST(KeyScan, PublicKeysAreFoundWhereverTheyLie) {
  const TempDir dir;
  const auto path = dir.path() / "image";
  for (const auto algorithm : crypto::key_algorithms()) {
    const TestKey key(algorithm);
    // Across the border of the pieces that are read, too.
    for (const std::size_t before : {0U, 700U, (1U << 20) - 5, (1U << 20) - 200}) {
      write_file(path, around(to_spki(key.key()), before));
      const auto file = *SourceFile::open(path);
      const auto found = scan_for_keys(file, 0, file.size());
      ASSERT_TRUE(found);
      EXPECT_EQ(found->public_keys, std::vector{to_hex(fingerprint_of(key.key()))}) << name_of(algorithm) << before;
      EXPECT_FALSE(found->private_key);
    }
  }
}

// Abuse case 16: an image that holds a private key is not signed, and the public keys in it are shown.
TEST(KeyScan, Abuse16_AnImageWithAPrivateKeyIsRefused) {
  const TempDir dir;
  const auto path = dir.path() / "image";
  const JsonObject header{{"version", "1"}, {"pad-header", "true"}};
  for (const auto algorithm :
       {KeyAlgorithm::ecdsa_p256, KeyAlgorithm::ed25519, KeyAlgorithm::rsa_2048, KeyAlgorithm::ecdsa_p384}) {
    const TestKey key(algorithm);
    write_file(path, around(bytes_of(key.private_pem()), 100));
    EXPECT_EQ(find_format("mcuboot")->evidence(path, header).error().code, "HF-FORMAT-0017");
    const auto pem = key.private_pem();
    if (algorithm != KeyAlgorithm::ecdsa_p256 && algorithm != KeyAlgorithm::ed25519) continue;
    std::string base64;
    for (const auto line : split(pem, '\n'))
      if (!line.starts_with("-----")) base64 += line;
    write_file(path, around(*from_base64(base64), 100));
    EXPECT_EQ(find_format("mcuboot")->evidence(path, header).error().code, "HF-FORMAT-0017") << name_of(algorithm);
  }
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  write_file(path, around(to_spki(key.key()), 100));
  const auto view = find_format("mcuboot")->view(*find_format("mcuboot")->evidence(path, header));
  EXPECT_EQ(view->facts.at("embedded_keys").as_array().at(0).as_string(), to_hex(fingerprint_of(key.key())));
}

}  // namespace
}  // namespace hf::keys
