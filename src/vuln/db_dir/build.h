// Makes an advisory database from sources, beside the old one, and puts it in its place when it is whole.
// A source that did not change since the last build, or that an interrupted build had finished, is copied, not read.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "vuln/db_dir/database.h"

namespace hf::vuln {

struct BuildOptions {
  bool strict = false;  // an unreadable document fails the build
  bool fresh = false;   // read every source again
  SourceLimits limits{};
};

// done and total in bytes of the source, for one kind of work on it after the other: "checking", "reading", "copying".
using BuildProgress = std::function<void(std::string_view work, const std::filesystem::path& source, std::uint64_t done,
                                         std::uint64_t total)>;

struct BuildReport {
  Manifest manifest{};
  std::vector<bool> copied{};  // by source
};

// Two equal sources are one. HF-VULN-0023 another build of this directory is running, 0024 strict, and a document is
// unreadable, 0025 no source has a feed document in it, 0026 the directory cannot be written, 0027 a source
// changed while it was read, 0020 the disk is full;
// the archive's errors. After an error the old database stands untouched.
[[nodiscard]] Result<BuildReport> build_database(std::span<const std::filesystem::path> sources,
                                                 const std::filesystem::path& directory, const BuildOptions& options,
                                                 const Clock& clock, const BuildProgress& progress = {});

}  // namespace hf::vuln
