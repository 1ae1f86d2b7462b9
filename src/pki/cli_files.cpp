#include "pki/cli_files.h"

#include "crypto/verification.h"
#include "keys/formats/file.h"

namespace hf::pki {

Result<Bytes> read_file(std::string_view name, std::size_t max) {
  HF_TRY(const auto file, keys::SourceFile::open(std::string(name)));
  return file.read_all(max);
}

Result<std::vector<Bytes>> blocks_of(std::string_view name, std::string_view label) {
  constexpr std::uint8_t kSequence = 0x30;
  HF_TRY(auto bytes, read_file(name, kPemFileMax));
  if (!bytes.empty() && bytes[0] == kSequence) return std::vector<Bytes>{std::move(bytes)};
  HF_TRY(auto blocks, crypto::pem_blocks(text_of(bytes), label));
  if (blocks.empty())
    return fail(ErrorKind::invalid, "HF-PKI-0003",
                std::string(name) + " holds no \"BEGIN " + std::string(label) + "\" and is no DER");
  return blocks;
}

Result<crypto::x509::Certificate> certificate_in(std::string_view name) {
  HF_TRY(const auto blocks, blocks_of(name, "CERTIFICATE"));
  return crypto::x509::certificate_of(blocks[0]);
}

Result<crypto::PublicKey> public_key_in(std::string_view name) {
  HF_TRY(const auto blocks, blocks_of(name, "PUBLIC KEY"));
  return crypto::public_key_of_spki(blocks[0]);
}

Result<void> write_file(std::string_view name, ByteView bytes) {
  HF_TRY(auto file, keys::TargetFile::create(std::string(name)));
  HF_CHECK(file.write(bytes));
  return file.keep();
}

}  // namespace hf::pki
