// What a station hands to its manufacturer: its journal, whole, under its signature. Text, one JSON object a line:
//
//   {"payload": ..., "payloadType": ..., "signatures": [...]}   an envelope that the station signed, of the header:
//     {"type", "factory", "station" (SubjectPublicKeyInfo, hex), "epoch", "counter", "lines", "head", "exported_at"}
//   the journal's lines as they stand (station/state.h), so many as the header says; the last one's hash is "head"
//
// Read in bounded memory: the journal of a line that makes a million units has gigabytes.
#pragma once

#include <istream>
#include <optional>
#include <string>

#include "base/clock.h"
#include "crypto/public_key.h"
#include "keys/signer/journal.h"

namespace hf::factory {

inline constexpr std::string_view kBundleType = "application/vnd.holdfast.station-bundle+json",
                                  kClosingType = "application/vnd.holdfast.station-closing+json";

struct BundleHeader {
  std::string factory{};
  crypto::PublicKey station{};
  std::int64_t epoch = 0, counter = 0;
  keys::JournalHead head{};
  Time exported_at{};

  [[nodiscard]] std::string station_name() const { return to_hex(crypto::fingerprint_of(station)); }
};
[[nodiscard]] std::string canonical(const BundleHeader& header);

class BundleReader {
 public:
  explicit BundleReader(std::istream& in) : in_(in) {}

  // First. HF-FACTORY-0020 unless it is a header that its station signed.
  Result<BundleHeader> header();

  struct Line {
    std::int64_t number = 0;
    std::string text{};
    JsonObject record{};
  };
  // The next line, if it follows from the one before; none after the last one that the header speaks of. HF-SIGNER-0002
  // where the chain breaks, HF-FACTORY-0021 if there are fewer or more lines, or the last one is not the header's head.
  Result<std::optional<Line>> next();
  [[nodiscard]] const keys::JournalHead& head() const { return head_; }  // of what was read

 private:
  bool read_line(std::string& line, std::size_t max);

  std::istream& in_;
  keys::JournalHead head_{}, end_{};
};

}  // namespace hf::factory
