// Certificate policies along a path (RFC 5280 6.1.2 to 6.1.5), for a reader who accepts any policy. A set instead of
// the tree: only the deepest level decides, and the tree is exponential in cross-certificates (CVE-2023-0464).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "crypto/x509.h"

namespace hf::pki {

class PolicyState {
 public:
  explicit PolicyState(std::size_t certificates);  // n of 6.1, without the anchor

  // In the order of the path, from the anchor down. Empty, or why the path is refused.
  [[nodiscard]] std::string take(const crypto::x509::Certificate& certificate, bool last);

 private:
  [[nodiscard]] std::string refused() const;
  void map(const crypto::x509::Certificate& certificate);

  std::optional<std::set<std::string, std::less<>>> valid_{{std::string(crypto::x509::oid::kAnyPolicy)}};  // none: NULL
  std::uint64_t explicit_, mapping_, any_;
};

}  // namespace hf::pki
