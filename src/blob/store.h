// Content-addressed bytes, kept for ever: SBOM originals, records, documents. The name is the SHA-256 of the content.
#pragma once

#include <string>

#include "base/error.h"
#include "base/text.h"
#include "crypto/sha256.h"

namespace hf::blob {

class Store {
 public:
  virtual ~Store() = default;
  // Returns once the bytes are durable; putting what is there already costs a look.
  virtual Result<crypto::Sha256> put(ByteView content) = 0;
  // HF-BLOB-0001 there is no such content, HF-BLOB-0002 what is there is not what was put, HF-BLOB-0003 storage fails.
  virtual Result<Bytes> get(const crypto::Sha256& name) = 0;
};

// A directory: ab/cdef..., each zstd-compressed, written beside and renamed, so that a crash leaves all or nothing.
class FileStore final : public Store {
 public:
  explicit FileStore(std::string directory) : directory_(std::move(directory)) {}
  Result<crypto::Sha256> put(ByteView content) override;
  Result<Bytes> get(const crypto::Sha256& name) override;

 private:
  [[nodiscard]] std::string path_of(const crypto::Sha256& name) const;
  std::string directory_;
};

}  // namespace hf::blob
