// The SQL by which people look certificates, CRLs and revocations up.
#pragma once

#include "pki/store.h"

namespace hf::pki {

// A certificate without its bytes, with what the revocation ledger says of it.
struct CertificateLine {
  std::int64_t id = 0;
  std::string authority{}, serial{}, subject{}, spki_sha256{}, profile{}, product{}, sha256{};
  Time not_before{}, not_after{}, issued_at{};
  std::int64_t entry = 0;
  std::optional<StoredRevocation> revoked{};
};
// How many certificates of a CA are in a state, counted up to kCountMax.
struct CertificateCounts {
  std::int64_t current = 0, ending = 0, expired = 0, revoked = 0;
};
inline constexpr std::int64_t kCountMax = 100'000;

class LookUpStore {
 public:
  explicit LookUpStore(const db::Reader& reader) : db_(reader) {}

  using Lines = Result<std::vector<CertificateLine>>;
  [[nodiscard]] Lines newest(std::int64_t before, std::int64_t limit) const;
  [[nodiscard]] Lines newest_of(std::int64_t ca, std::int64_t before, std::int64_t limit) const;
  // Whose serial number begins so, by serial number.
  [[nodiscard]] Lines with_serial(std::int64_t ca, std::string_view beginning, std::int64_t limit) const;
  // Whose subject begins so, by subject and id, after these.
  [[nodiscard]] Lines with_subject(std::string_view beginning, std::string_view after_subject, std::int64_t after_id,
                                   std::int64_t limit) const;
  [[nodiscard]] Lines with_digest(std::string_view sha256) const;  // of the certificate
  [[nodiscard]] Lines with_key(std::string_view spki_sha256, std::int64_t limit) const;
  // Ending after (time, id) and before `until`, by that.
  [[nodiscard]] Lines ending(std::int64_t ca, Time after, std::int64_t after_id, Time until, std::int64_t limit) const;
  [[nodiscard]] Result<CertificateCounts> counts(std::int64_t ca, Time now, Time soon) const;

  // Newest first, without their bytes.
  [[nodiscard]] Result<std::vector<StoredCrl>> crls(std::int64_t ca, std::int64_t below, std::int64_t limit) const;
  [[nodiscard]] Result<std::optional<StoredCrl>> newest_crl_whole(std::int64_t ca, std::int64_t shard) const;
  struct Revoked {
    std::int64_t id = 0, entry = 0;
    StoredRevocation revocation;
  };
  [[nodiscard]] Result<std::vector<Revoked>> revocations(std::int64_t ca, std::int64_t before,
                                                         std::int64_t limit) const;

 private:
  const db::Reader& db_;
};

}  // namespace hf::pki
