// What the builds consist of, and what is known against it. Values.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "vuln/match/coordinate.h"
#include "vuln/match/evaluate.h"

namespace hf::portfolio {

struct CoordinateKind;
using CoordinateId = Id<CoordinateKind>;

// The end of a period that has not ended: "as of T" is since <= T AND until > T, for the present too.
inline constexpr std::int64_t kOpen = std::numeric_limits<std::int64_t>::max();

// Bytes of a name, a version, a look-up key; of a vulnerability's number. An index entry of PostgreSQL has at most
// 2704.
inline constexpr std::size_t kKeyMax = 1024, kNumberMax = 128;

// A component of some build, as matching sees it.
struct Coordinate {
  CoordinateId id;
  std::string digest;  // of name, version and claims: what an event of the ledger calls it
  vuln::Subject subject;
};

// What is said about one coordinate and one vulnerability, weighed.
struct Verdict {
  vuln::State state = vuln::State::unknown;
  std::string reasons;  // JSON array of vuln::Reason, the deciding one first

  bool operator==(const Verdict&) const = default;
};

// What became of an SBOM.
struct Receipt {
  std::string build{}, sha256{}, format{}, spec_version{};
  std::int64_t entry = 0;
  std::uint64_t components = 0, unidentified = 0;
  std::uint64_t new_coordinates = 0;  // not seen in any build before
  std::uint64_t findings = 0, statements = 0;
  bool unchanged = false;  // the build has this SBOM already
};

struct FeedCount {
  std::uint64_t records = 0, changed = 0;
  std::string version;  // the feed's own word, or the newest modification time
};

}  // namespace hf::portfolio
