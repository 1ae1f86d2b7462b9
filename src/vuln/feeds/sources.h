// A source: a file, a folder, a zip or a tar of feed documents. Each document is recognised by its shape and handed to
// a sink in a fixed order, so equal sources give equal calls. One archive inside an archive is opened (the CVE list is
// published so), none deeper.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/reader.h"
#include "base/json.h"
#include "vuln/feeds/read.h"

namespace hf::vuln {

struct SourceLimits {
  archive::Limits archive{};
  FeedLimits feed{};
  std::size_t unreadable_named_max = 1000;  // further ones are counted
};

struct Unreadable {
  std::string document{};
  std::string code{};
  std::string message{};

  bool operator==(const Unreadable&) const = default;
};

struct SourceReport {
  std::string name{};    // of the file or folder, without the way to it
  std::string sha256{};  // as source_digest gives it
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;                              // of all documents, decompressed
  std::array<std::uint64_t, kDocumentKinds> by_kind{};  // documents, by DocumentKind
  std::uint64_t advisories = 0;
  std::uint64_t unanalyzed = 0;  // NVD records that NIST has not analysed: nothing can match them
  std::uint64_t kev_entries = 0;
  std::uint64_t epss_scores = 0;
  std::optional<Time> newest{};  // the latest `modified` of an advisory
  std::string kev_version{}, kev_released{}, epss_model{}, epss_date{};
  std::uint64_t unreadable_count = 0;
  std::vector<Unreadable> unreadable{};

  bool operator==(const SourceReport&) const = default;
};

// The feed's version in words, for a reason: "vulnrichment.tar.zst, records to 2024-10-24".
[[nodiscard]] std::string feed_version_of(const SourceReport& report);
[[nodiscard]] JsonObject to_json(const SourceReport& report);
[[nodiscard]] Result<SourceReport> source_report_of(const JsonObject& json);  // HF-VULN-0013

using SourceProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// SHA-256 of a file's bytes; of a folder, over the names, sizes and bytes of its documents in order.
[[nodiscard]] Result<std::string> source_digest(const std::filesystem::path& source, const SourceLimits& limits = {});

// A document that no parser can read is named and counted, and the others are still read; so is a record among the
// others of its page. The archive's errors (HF-ARCHIVE-0001 to 0006) and the sink's end the reading.
[[nodiscard]] Result<SourceReport> read_source(const std::filesystem::path& source, const SourceLimits& limits,
                                               const FeedSink& sink, const SourceProgress& progress = {});

}  // namespace hf::vuln
