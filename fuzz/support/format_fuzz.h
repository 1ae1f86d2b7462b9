// What holds of every container, whatever the bytes: evidence that was written reads back to a view and to what is
// signed; a signature by nobody is refused; and evidence out of nowhere that is accepted is canonical.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstdlib>

#include "keys/formats/formats.h"
#include "keys/formats/support.h"

namespace hf::keys::fuzz {

inline void require(bool ok) {
  if (!ok) std::abort();
}

// A name for bytes in memory.
class MemoryFile {
 public:
  explicit MemoryFile(ByteView bytes) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    require(fd_ >= 0 && ::write(fd_, bytes.data(), bytes.size()) == ssize_t(bytes.size()));
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

inline void check_evidence(const Format& format, ByteView evidence) {
  const auto view = format.view(evidence);
  if (!view) return;
  const auto json = parse_json(text_of(evidence), {.bytes_max = kEvidenceMax, .depth_max = 8});
  require(json && *canonical_json(*json) == text_of(evidence));
  require(view->format == format.name());
  const auto again = format.view(evidence);
  require(again && *again == *view);
  for (const auto scheme : format.schemes()) {
    SigningContext context{.scheme = scheme};
    for (const auto algorithm : crypto::key_algorithms())
      if (fits(scheme, algorithm)) context.key.algorithm = algorithm;
    context.certificate = Bytes{0x30, 0};
    const auto input = format.to_sign(evidence, context);
    if (input && input->is_digest) require(input->bytes.size() == input_size_of(scheme));
  }
}

inline int run(std::string_view name, ByteView data, const JsonObject& options = {}) {
  const auto& format = *find_format(name);
  check_evidence(format, data);
  const MemoryFile file(data);
  if (const auto evidence = format.evidence(file.path(), options)) {
    require(evidence->size() <= kEvidenceMax && format.view(*evidence).has_value());
    check_evidence(format, *evidence);
  }
  // RFC 8032 7.1, test 1: a key of which nobody signs such files.
  static const auto key = *crypto::public_key_of(
      crypto::KeyAlgorithm::ed25519, *from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  require(!format.verify({file.path(), file.path()}, {.keys = {key}, .certificates = {}}));
  return 0;
}

}  // namespace hf::keys::fuzz
