// The documents of a file, a folder, a zip or a tar (plain, gzip or zstd), in a fixed order: byte order of names in a
// folder, archive order in an archive. Nothing is written to disk, nothing nests deeper than one archive in a folder.
// zip: PKWARE APPNOTE 6.3; tar: POSIX pax; gzip: RFC 1952; zstd: RFC 8878, windows up to 128 MiB (zstd --long=27).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace hf::archive {

struct Limits {
  std::uint64_t entry_bytes_max = std::uint64_t(512) << 20;  // one document, decompressed: it is held in memory
  std::uint64_t total_bytes_max = std::uint64_t(64) << 30;   // all documents of one source
  std::uint64_t entries_max = 4'000'000;                     // documents, folders and whatever else is listed
  std::uint64_t ratio_max = 300;        // bytes out per byte of one compressed file; JSON feeds reach 30
  std::uint64_t ratio_from = 1U << 20;  // ... judged once this much came out
};

struct Document {
  std::string_view name;   // relative, '/' between parts; of a compressed single file: its name without .gz or .zst
  std::string_view bytes;  // valid during the visit only
  std::uint64_t consumed;  // bytes of the source read so far, at most size_of(source): for progress
};

// true: go on. false: stop, which is not an error. An error ends the reading and is handed on.
using Visit = std::function<Result<bool>(const Document&)>;

struct Totals {
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
};

// HF-ARCHIVE-0001 cannot be read or is damaged, 0002 over a limit, 0003 an unsafe name, 0004 a link or device,
// 0005 no such source, 0006 encrypted. In a folder, names that start with a dot are skipped (version control).
[[nodiscard]] Result<Totals> for_each_document(const std::filesystem::path& source, const Limits& limits,
                                               const Visit& visit);

// The same for bytes already in memory; `name` names the document when `bytes` is no archive.
[[nodiscard]] Result<Totals> for_each_document(std::string_view name, ByteView bytes, const Limits& limits,
                                               const Visit& visit);

// Bytes on disk of a file, or of all files that for_each_document would read in a folder.
[[nodiscard]] Result<std::uint64_t> size_of(const std::filesystem::path& source);

// A name that stays inside: relative, no "..", no drive, no NUL; '\' counts as a separator, as Windows reads it.
[[nodiscard]] bool is_safe_name(std::string_view name);

}  // namespace hf::archive
