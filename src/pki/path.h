// Certification paths (RFC 5280 section 6): built from what is given, and each checked as the profile has it. Stricter
// than OpenSSL 3.0, which takes paths that break a MUST of section 4.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/x509.h"
#include "pki/lint.h"

namespace hf::pki {

struct PathQuestion {
  Time at{};
  // Purposes that the leaf, if it names any, must name one of; CAs that name some must name it too. Empty: not asked.
  std::vector<std::string> purposes{};
  std::vector<std::string> names{};  // hosts or addresses, each of which the leaf must be for
  std::size_t depth_max = 10;        // certificates between leaf and anchor
  bool require_crls = false;         // for every certificate of the path but the anchor
};

// What was found of one certificate of the path, or of the path.
struct PathFinding {
  Finding finding;
  std::optional<std::size_t> certificate{};  // in the path; 0 is the leaf
};

struct PathAnswer {
  std::vector<const Certificate*> path{};  // leaf first, anchor last; of the best path when none holds
  std::vector<PathFinding> findings{};     // empty: it holds

  [[nodiscard]] bool holds() const { return !path.empty() && findings.empty(); }
};

// Keeps what is learned of certificates (their faults, who signed whom) for many questions. What it is given must
// outlive it.
class PathFinder {
 public:
  PathFinder(std::span<const Certificate> anchors, std::span<const Certificate> intermediates,
             std::span<const crypto::x509::Crl> crls);
  ~PathFinder();
  PathFinder(const PathFinder&) = delete;
  PathFinder& operator=(const PathFinder&) = delete;

  // Every way from the leaf to an anchor is tried, the likely ones first, until one holds. Bounded: 4,000 paths and
  // 1,000 signatures, whatever is cross-signed; a question that needs more is answered no, and says so.
  [[nodiscard]] PathAnswer find(const Certificate& leaf, const PathQuestion& question);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hf::pki
