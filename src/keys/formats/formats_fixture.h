// What the tests of containers share: files, software keys that play the signer, the real tools.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "keys/formats/support.h"
#include "support/temp_dir.h"
#include "support/test_keys.h"

namespace hf::keys::fixture {

namespace fs = std::filesystem;
using crypto::KeyAlgorithm, crypto::SignatureScheme;
using hf::test::TempDir, hf::test::TestKey;

inline const Time kSigningTime = time_of(1'780'000'000'000'000);  // 2026-05-28

inline Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write_file(const fs::path& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
}
inline void write_file(const fs::path& path, std::string_view text) { write_file(path, bytes_of(text)); }

// Bytes that look like nothing, and the same each time.
inline Bytes noise(std::size_t size, std::uint32_t seed = 1) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = std::uint8_t((seed = seed * 1664525U + 1013904223U) >> 24);
  return bytes;
}

struct Run {
  int exit = -1;
  std::string output;  // both streams
};
inline Run run(const std::string& command) {
  Run result;
  auto* const pipe = ::popen(("{ " + command + "; } 2>&1").c_str(), "r");
  if (!pipe) return result;
  std::array<char, 4096> buffer{};
  while (const auto count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    result.output.append(buffer.data(), count);
  const int status = ::pclose(pipe);
  result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}
inline bool has_tool(const std::string& name) { return run("command -v " + name).exit == 0; }
#define HF_NEED_TOOL(name, package) \
  if (!::hf::keys::fixture::has_tool(name)) GTEST_SKIP() << "needs " name " of Debian's package " package

inline SigningContext context_of(const TestKey& key, SignatureScheme scheme, Bytes certificate = {}) {
  return {.key = key.key(),
          .scheme = scheme,
          .certificate = std::move(certificate),
          .intermediates = {},
          .signing_time = kSigningTime,
          .earlier = {}};
}

// The whole way: client, signer, client.
inline Result<void> sign(const Format& format, const fs::path& artifact, const TestKey& key, SigningContext context,
                         const fs::path& out, const JsonObject& options = {}) {
  HF_TRY(const auto evidence, format.evidence(artifact, options));
  HF_CHECK(format.view(evidence));
  Bytes signature;
  for (std::size_t i = 0; i < format.signatures(); ++i) {
    if (i > 0) context.earlier.push_back(signature);
    HF_TRY(const auto input, format.to_sign(evidence, context));
    signature = input.is_digest ? key.sign_input(context.scheme, input.bytes) : key.sign(context.scheme, input.bytes);
  }
  return format.assemble(artifact, evidence, context, signature, out);
}

// Where a flipped bit leaves the file verified, and with it the view.
inline std::vector<std::size_t> uncovered(const Format& format, const SignedFile& file, const Trust& trust,
                                          const fs::path& flipped, std::size_t step = 1) {
  auto bytes = read_file(flipped);
  const auto kept = bytes;
  const auto was = format.verify(file, trust);
  EXPECT_TRUE(was) << (was ? "" : was.error().message);
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    bytes[at] ^= std::uint8_t(1U << (at % 8));
    write_file(flipped, bytes);
    const auto verified = format.verify(file, trust);
    if (verified) {
      places.push_back(at);
      EXPECT_EQ(*verified, *was) << "at " << at;
    }
    bytes[at] = kept[at];
  }
  write_file(flipped, kept);
  return places;
}

// Every byte of evidence matters: it is refused, or says something else, or is what another signature is over.
inline void expect_evidence_is_judged(const Format& format, Bytes evidence, const SigningContext& context) {
  const auto view = format.view(evidence);
  const auto input = format.to_sign(evidence, context);
  ASSERT_TRUE(view && input) << (view ? input.error().message : view.error().message);
  for (std::size_t at = 0; at < evidence.size(); ++at) {
    const auto kept = evidence[at];
    evidence[at] ^= 1;
    const auto other_view = format.view(evidence);
    const auto other = format.to_sign(evidence, context);
    const bool same = other_view && other && *other_view == *view && other->bytes == input->bytes;
    EXPECT_FALSE(same) << "at " << at;
    evidence[at] = kept;
  }
}

}  // namespace hf::keys::fixture
