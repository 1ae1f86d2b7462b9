// Names of certificates: whether they are well formed, whether they lie within a constraint, whether one is meant.
#pragma once

#include <string>
#include <vector>

#include "crypto/x509.h"

namespace hf::pki {

using crypto::x509::Certificate;
using crypto::x509::GeneralName;

// A host name in the preferred syntax of RFC 1034 3.5 as RFC 1123 2.1 has it: labels of letters, digits, '-' (and '_',
// which names of services have), no empty one. With `wildcard` the first label may be '*' (RFC 6125).
[[nodiscard]] bool is_host(std::string_view text, bool wildcard);
[[nodiscard]] bool is_mailbox(std::string_view text);  // Local-part@Domain, one '@' (RFC 5280 4.2.1.6)

// Empty, or what is wrong: of a name in a subjectAltName (4.2.1.6), of a constraint's base (4.2.1.10).
[[nodiscard]] std::string fault_of_name(const GeneralName& name);
[[nodiscard]] std::string fault_of_constraint(const GeneralName& base);

// The state of name constraints along a path (6.1.1 b, c): permitted subtrees that all must hold, and excluded ones.
class NameSpace {
 public:
  void narrow(const crypto::x509::NameConstraints& constraints);
  // Empty, or which name is outside (6.1.3 b, c). Names of a form that no constraint speaks of are free.
  [[nodiscard]] std::string outside(const Certificate& certificate) const;

 private:
  [[nodiscard]] std::string outside(const GeneralName& name) const;

  std::vector<std::vector<crypto::x509::Subtree>> permitted_;  // one list a certificate
  std::vector<crypto::x509::Subtree> excluded_;
};

// RFC 6125 6.4 over the dNSName and iPAddress entries alone: never the common name.
[[nodiscard]] bool is_for(const Certificate& certificate, std::string_view host_or_address);

}  // namespace hf::pki
