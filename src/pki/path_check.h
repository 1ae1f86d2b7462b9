// One path, checked from its anchor down: RFC 5280 6.1.
#pragma once

#include "pki/path.h"

namespace hf::pki {

// A certificate that was given, and what is known of it.
struct Known {
  explicit Known(const Certificate& certificate) : subject(certificate), faults(path_faults(subject)) {}

  Subject subject;
  std::vector<Finding> faults;
};

// `path`: leaf first, anchor last; at least two, or the anchor itself twice. Names and signatures hold already. Empty:
// it is accepted.
[[nodiscard]] std::vector<PathFinding> check_path(std::span<const Known* const> path, const PathQuestion& question,
                                                  std::span<const crypto::x509::Crl> crls);

}  // namespace hf::pki
