// Files of certificates, for the commands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "crypto/public_key.h"
#include "crypto/x509.h"
#include "pki/key_request.h"

namespace hf::pki {

inline constexpr std::size_t kPemFileMax = 128U << 20;

[[nodiscard]] Result<Bytes> read_file(std::string_view name, std::size_t max);
// The blocks of a PEM file, or the file itself if it is DER. HF-PKI-0003 if it is neither.
[[nodiscard]] Result<std::vector<Bytes>> blocks_of(std::string_view name, std::string_view label);
[[nodiscard]] Result<crypto::x509::Certificate> certificate_in(std::string_view name);  // the first
[[nodiscard]] Result<crypto::PublicKey> public_key_in(std::string_view name);
[[nodiscard]] Result<void> write_file(std::string_view name, ByteView bytes);  // whole or not at all

}  // namespace hf::pki
