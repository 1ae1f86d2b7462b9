// Answers OCSP requests for the authorities of the register, with their delegated responders' keys. What it signed is
// kept while it is fresh; how much it signs is bounded, since anyone may ask.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "keys/service.h"
#include "pki/ocsp.h"
#include "pki/registry.h"
#include "pki/responder_store.h"

namespace hf::pki {

// Whom the grant of a responder's key names as requester.
inline constexpr std::string_view kOcspRequester = "service:ocsp";

struct NewResponder {
  std::string authority, key, grant, product;
  Bytes certificate;  // DER
  std::int64_t hours = 24;
};

struct ResponderLimits {
  std::size_t kept = 20'000;  // answers; each about 1.5 kB
  double per_second = 50;     // signatures, on the average
  double burst = 500;
};

struct OcspReply {
  std::shared_ptr<const Bytes> response;  // OCSPResponse, DER
  Time this_update{}, next_update{};      // of a signed one
  bool shared = false;                    // without a nonce, so that others may have it too
};

class Responder {
 public:
  Responder(const Registry& registry, keys::Service* service, db::Database& database, const Clock& clock,
            ResponderLimits limits = {});

  // HF-PKI-0029 if the certificate may not answer for the CA, HF-PKI-0019 if the grant is not of the key.
  Result<void> add(const NewResponder& wanted, const ledger::Actor& actor);
  // HF-PKI-0016 no such CA; HF-PKI-0027 no request; HF-PKI-0028 there is no signer; HF-PKI-0029 no responder that may
  // answer now; HF-PKI-0030 a certificate of another issuer; HF-PKI-0031 too many signatures.
  Result<OcspReply> answer(std::string_view authority, ByteView request, const ledger::Actor& actor);

 private:
  struct Desk {
    StoredResponder row;
    Certificate issuer, certificate;
    std::unique_ptr<OcspIssuer> names;
  };
  struct Kept {
    std::string key;
    OcspReply reply;
  };
  Result<std::shared_ptr<const Desk>> desk(std::string_view authority);
  Result<std::shared_ptr<const Bytes>> sign(const Desk& desk, ByteView response_data, const ledger::Actor& actor);
  std::optional<OcspReply> kept(const std::string& key, Time now);
  void keep(const std::string& key, const OcspReply& reply);
  bool spend(Time now);

  const Registry& registry_;
  keys::Service* service_;
  db::Database& database_;
  const Clock& clock_;
  const ResponderLimits limits_;

  std::mutex mutex_;  // guards all below
  std::map<std::string, std::shared_ptr<const Desk>, std::less<>> desks_;
  std::list<Kept> order_;  // last used first
  std::map<std::string, std::list<Kept>::iterator, std::less<>> kept_;
  double tokens_;
  Time filled_{};
};

}  // namespace hf::pki
