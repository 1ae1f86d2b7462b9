#include "pki/path_check.h"

#include <algorithm>

#include "pki/names.h"
#include "pki/policies.h"
#include "pki/revocation.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
namespace oid = crypto::x509::oid;

class Check {
 public:
  Check(std::span<const Known* const> path, const PathQuestion& question, std::span<const x509::Crl> crls)
      : path_(path), question_(question), crls_(crls) {}

  std::vector<PathFinding> run() {
    const auto last = path_.size() - 1;
    std::uint64_t length_left = last;
    PolicyState policies(last);
    NameSpace names;
    for (std::size_t at = last + 1; at-- > 0;) {
      const auto& certificate = path_[at]->subject.certificate;
      own(at);
      if (at != last) {
        if (at == 0 || !certificate.is_self_issued())
          add(at, "path.names", "RFC 5280 6.1.3 b, c", names.outside(certificate));
        add(at, "path.policies", "RFC 5280 6.1.3 f", policies.take(certificate, at == 0));
        revocation(at);
      }
      if (at == 0) break;
      issuer(at);
      if (at != last && !certificate.is_self_issued()) {
        if (length_left == 0) add(at, "path.length", "RFC 5280 6.1.4 l", "a CA above it allows no further CA");
        else --length_left;
      }
      if (certificate.basic_constraints && certificate.basic_constraints->path_length)
        length_left = std::min(length_left, *certificate.basic_constraints->path_length);
      if (certificate.name_constraints) names.narrow(*certificate.name_constraints);
    }
    purposes();
    for (const auto& name : question_.names)
      if (!is_for(path_[0]->subject.certificate, name))
        add(0, "path.name", "RFC 6125 6.4", "it is not for " + name + ": no subjectAltName says so");
    return std::move(findings_);
  }

 private:
  void add(std::size_t at, std::string_view rule, std::string_view source, std::string message) {
    if (!message.empty())
      findings_.push_back({{std::string(rule), Severity::error, std::string(source), std::move(message)}, at});
  }

  void own(std::size_t at) {
    for (const auto& fault : path_[at]->faults) findings_.push_back({fault, at});
    const auto& validity = path_[at]->subject.certificate.validity;
    // In whole seconds, which is all that a certificate can say: notAfter lasts until its second ends.
    const auto now = std::chrono::floor<std::chrono::seconds>(question_.at);
    if (now < validity.not_before)
      add(at, "path.time", "RFC 5280 6.1.3 a 2", "it is valid from " + format_rfc3339(validity.not_before) + " on");
    if (now > validity.not_after)
      add(at, "path.time", "RFC 5280 6.1.3 a 2", "it was valid until " + format_rfc3339(validity.not_after));
  }

  void issuer(std::size_t at) {
    const auto& certificate = path_[at]->subject.certificate;
    if (!certificate.is_ca())
      add(at, "path.ca", "RFC 5280 6.1.4 k", "it issued another, and its basicConstraints does not make it a CA");
    if (certificate.key_usage && (*certificate.key_usage & x509::key_cert_sign) == 0)
      add(at, "path.cert-sign", "RFC 5280 6.1.4 n", "it issued another, and its key usage has no keyCertSign");
  }

  void purposes() {
    if (question_.purposes.empty()) return;
    for (std::size_t at = 0; at < path_.size(); ++at) {
      const auto& usage = path_[at]->subject.certificate.extended_key_usage;
      if (!usage || std::ranges::find(*usage, oid::kAnyExtendedKeyUsage) != usage->end()) continue;
      if (std::ranges::none_of(question_.purposes,
                               [&](const auto& wanted) { return std::ranges::find(*usage, wanted) != usage->end(); }))
        add(at, "path.purpose", "RFC 5280 4.2.1.12",
            "its extendedKeyUsage has not " + x509::oid_name(question_.purposes[0]));
    }
  }

  void revocation(std::size_t at) {
    const auto& certificate = path_[at]->subject.certificate;
    bool about = false, answered = false;
    for (const auto& crl : crls_) {
      const auto answer = look_up(crl, certificate, path_[at + 1]->subject, question_.at);
      if (!answer.about) continue;
      about = true;
      add(at, answer.rule, "RFC 5280 6.3.3", answer.fault);
      if (answer.revoked)
        add(at, "path.revoked", "RFC 5280 6.1.3 a 3", "it was revoked at " + format_rfc3339(answer.revoked->at));
      answered = answered || answer.answers || !answer.fault.empty();
    }
    if ((question_.require_crls || about) && !answered)
      add(at, "path.revocation-unknown", "RFC 5280 6.3.3",
          about ? "no CRL of " + certificate.issuer.text() + " that is given is for it"
                : "there is no CRL of " + certificate.issuer.text());
  }

  std::span<const Known* const> path_;
  const PathQuestion& question_;
  std::span<const x509::Crl> crls_;
  std::vector<PathFinding> findings_;
};

}  // namespace

std::vector<PathFinding> check_path(std::span<const Known* const> path, const PathQuestion& question,
                                    std::span<const x509::Crl> crls) {
  return Check(path, question, crls).run();
}

}  // namespace hf::pki
