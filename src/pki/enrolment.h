// Who may enrol into what, over EST (RFC 7030): labels, first enrolments that somebody decides on, and renewals by
// whoever has a current certificate.
#pragma once

#include "pki/est.h"
#include "pki/est_store.h"
#include "pki/issuing.h"

namespace hf::pki {

// Whom the grants of labels name as requester.
inline constexpr std::string_view kEstRequester = "service:est";
inline constexpr std::string_view kEstDefaultLabel = "default";  // of the paths without a label

// A certificate, or the word that it has to wait.
struct Enrolled {
  std::optional<Bytes> certificate{};  // DER
  std::chrono::seconds retry_after{};
};

class Enrolment {
 public:
  // `retry_after`: when a client that has to wait should ask again.
  Enrolment(Registry& registry, keys::Service* service, db::Database& database, const Clock& clock,
            std::chrono::seconds retry_after = std::chrono::seconds(60))
      : registry_(registry), service_(service), database_(database), clock_(clock), retry_after_(retry_after) {}

  // A further row of a label takes the place of the one before. HF-PKI-0033 for a label that is no name; HF-PKI-0016,
  // HF-PKI-0019, HF-PKI-0023 as of issuance.
  Result<void> add(const StoredLabel& wanted, const ledger::Actor& actor);
  [[nodiscard]] Result<std::vector<StoredLabel>> labels() const;

  // The CA, those above it that are known, and what the label adds. HF-PKI-0033 if there is no such label.
  [[nodiscard]] Result<std::vector<Bytes>> ca_certificates(std::string_view label) const;
  [[nodiscard]] Result<Bytes> attributes(std::string_view label) const;

  // HF-PKI-0028 without a signer; HF-PKI-0034 it was rejected; HF-PKI-0035 too many wait; else as of issuance.
  Result<Enrolled> enrol(std::string_view label, ByteView csr, const ledger::Actor& actor);
  // By the holder of `certificate`, whose key the TLS connection proved. HF-PKI-0036 unless it is of the label's CA and
  // profile, current and not revoked, and the request is for the same subject and subjectAltName (4.2.2).
  Result<Enrolled> renew(std::string_view label, ByteView csr, ByteView certificate);

  [[nodiscard]] Result<std::vector<StoredEnrolment>> pending(std::int64_t limit) const;
  // HF-PKI-0034 if it is decided, or there is none.
  Result<void> decide(std::int64_t id, bool approve, std::string_view reason, const ledger::Actor& actor);

 private:
  [[nodiscard]] Result<StoredLabel> label(std::string_view label) const;
  Result<StoredCertificate> issue(const StoredLabel& label, Request request, const ledger::Actor& actor,
                                  bool renews = false);

  Registry& registry_;
  keys::Service* service_;
  db::Database& database_;
  const Clock& clock_;
  const std::chrono::seconds retry_after_;
};

}  // namespace hf::pki
