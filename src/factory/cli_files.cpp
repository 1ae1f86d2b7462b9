#include "crypto/verification.h"
#include "factory/cli.h"
#include "keys/formats/file.h"

namespace hf::factory {

Result<Bytes> read_file(std::string_view name, std::size_t max) {
  HF_TRY(const auto file, keys::SourceFile::open(std::string(name)));
  return file.read_all(max);
}

Result<void> write_file(std::string_view name, ByteView bytes) {
  HF_TRY(auto file, keys::TargetFile::create(std::string(name)));
  HF_CHECK(file.write(bytes));
  return file.keep();
}

Result<Bytes> der_of_file(std::string_view name, std::string_view label) {
  constexpr std::size_t kFileMax = 256U << 10;
  constexpr std::uint8_t kSequence = 0x30;
  HF_TRY(auto bytes, read_file(name, kFileMax));
  if (!bytes.empty() && bytes[0] == kSequence) return bytes;
  HF_TRY(auto blocks, crypto::pem_blocks(text_of(bytes), label));
  if (blocks.empty())
    return fail(ErrorKind::invalid, "HF-FACTORY-0022",
                std::string(name) + " holds no \"BEGIN " + std::string(label) + "\" and is no DER");
  return std::move(blocks.front());
}

}  // namespace hf::factory
