#include "pki/responder.h"

#include <algorithm>

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;

std::string digest_text(ByteView bytes) { return to_hex(crypto::sha256({bytes})); }

auto not_fit(std::string why) {
  return fail(ErrorKind::conflict, "HF-PKI-0029", "there is no OCSP responder that may answer: " + std::move(why));
}

// Of one certificate: what was signed of it counts while the ledger says the same and the responder is the same.
std::string key_of(const StoredResponder& row, const keys::OcspCertId& id, const Standing& standing) {
  std::string key = std::to_string(row.entry) + ":" + to_hex(id.der) + ":";
  if (standing.revoked) key += std::to_string(micros(standing.revoked->recorded_at));
  else key += standing.issued ? "good" : "unknown";
  return key;
}

OcspWord word_of(const Standing& standing) {
  if (standing.revoked)
    return {
        .status = OcspWord::revoked, .revoked_at = standing.revoked->effective_at, .reason = standing.revoked->reason};
  return {.status = standing.issued ? OcspWord::good : OcspWord::unknown};
}

}  // namespace

Responder::Responder(const Registry& registry, keys::Service* service, db::Database& database, const Clock& clock,
                     ResponderLimits limits)
    : registry_(registry),
      service_(service),
      database_(database),
      clock_(clock),
      limits_(limits),
      tokens_(limits.burst) {}

Result<void> Responder::add(const NewResponder& wanted, const ledger::Actor& actor) {
  HF_TRY(const auto ca, registry_.authority(wanted.authority));
  HF_TRY(const auto certificate, x509::certificate_of(wanted.certificate));
  if (const auto fault = fault_of_responder(certificate, ca.certificate, clock_.now()); !fault.empty())
    return not_fit("the certificate of " + certificate.subject.text() + ": " + fault);
  const keys::Register book(database_, clock_, [](std::string_view) { return nullptr; });
  HF_TRY(const auto grant, book.request(wanted.grant));
  HF_TRY(const auto key, book.key(wanted.key));
  const auto* const version = key.charter.version(grant.request.key_version);
  if (grant.request.kind != keys::RequestKind::grant || !grant.request.grant || grant.request.key != wanted.key ||
      !version || version->fingerprint != crypto::sha256({certificate.spki}))
    return fail(ErrorKind::invalid, "HF-PKI-0019",
                "the request " + grant.digest.substr(0, 12) + " is no grant of the responder's key " + wanted.key +
                    ", or the certificate is of another key");
  StoredResponder row{.ca_id = ca.stored.id,
                      .authority = ca.stored.name,
                      .key = wanted.key,
                      .certificate = wanted.certificate,
                      .grant = grant.digest,
                      .product = wanted.product,
                      .hours = wanted.hours};
  if (row.product.empty() && grant.request.grant->products.size() == 1) row.product = grant.request.grant->products[0];
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry,
           transaction.append(
               "ocsp.responder_added", {"ca:" + row.authority, "key:" + row.key},
               {{"certificate", digest_text(row.certificate)}, {"grant", row.grant}, {"hours", row.hours}}));
    return insert_responder(transaction, entry, row);
  });
}

Result<std::shared_ptr<const Responder::Desk>> Responder::desk(std::string_view authority) {
  HF_TRY(auto row, database_.read([&](const db::Reader& reader) { return find_responder(reader, authority); }));
  if (!row) {
    HF_CHECK(registry_.authority(authority));
    return not_fit("none was made known for the CA " + std::string(authority) + "; see holdfast pki ocsp add --help");
  }
  {
    const std::lock_guard lock(mutex_);
    const auto known = desks_.find(authority);
    if (known != desks_.end() && known->second->row.entry == row->entry) return known->second;
  }
  auto made = std::make_shared<Desk>();
  HF_TRY(auto ca, registry_.authority(authority));
  made->issuer = std::move(ca.certificate);
  HF_TRY(made->certificate, x509::certificate_of(row->certificate));
  made->names = std::make_unique<OcspIssuer>(made->issuer);
  made->row = *std::move(row);
  const std::lock_guard lock(mutex_);
  desks_[std::string(authority)] = made;
  return std::shared_ptr<const Desk>(std::move(made));
}

std::optional<OcspReply> Responder::kept(const std::string& key, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end()) return std::nullopt;
  order_.splice(order_.begin(), order_, found->second);
  const auto& reply = found->second->reply;
  // In the second half of its time it is made anew, so that nobody gets one that ends under way.
  if (now >= reply.this_update + (reply.next_update - reply.this_update) / 2) return std::nullopt;
  return reply;
}

void Responder::keep(const std::string& key, const OcspReply& reply) {
  const std::lock_guard lock(mutex_);
  if (const auto found = kept_.find(key); found != kept_.end()) {
    found->second->reply = reply;
    return;
  }
  order_.push_front({key, reply});
  kept_.emplace(key, order_.begin());
  if (order_.size() > limits_.kept) {
    kept_.erase(order_.back().key);
    order_.pop_back();
  }
}

bool Responder::spend(Time now) {
  const std::lock_guard lock(mutex_);
  const std::chrono::duration<double> since = now - filled_;
  if (since.count() > 0) tokens_ = std::min(limits_.burst, tokens_ + since.count() * limits_.per_second);
  filled_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

Result<std::shared_ptr<const Bytes>> Responder::sign(const Desk& desk, ByteView response_data,
                                                     const ledger::Actor& actor) {
  HF_TRY(auto evidence, keys::ocsp_evidence(response_data));
  HF_TRY(const auto made,
         service_->sign_under(desk.row.grant,
                              {.key = desk.row.key,
                               .product = desk.row.product,
                               .format = "ocsp",
                               .evidence = std::move(evidence),
                               .artifact = {"ocsp", std::int64_t(response_data.size()), digest_text(response_data)},
                               .requester = std::string(kOcspRequester),
                               .person = std::string(kOcspRequester),
                               .reason = "",
                               .certificate = desk.row.certificate},
                              actor));
  HF_TRY(auto response, keys::ocsp_signed(made.evidence, made.context, made.signature));
  return std::make_shared<const Bytes>(std::move(response));
}

Result<OcspReply> Responder::answer(std::string_view authority, ByteView bytes, const ledger::Actor& actor) {
  HF_TRY(const auto request, ocsp_request_of(bytes));
  HF_TRY(const auto desk, this->desk(authority));
  const auto now = clock_.now();
  std::vector<OcspWord> words;
  std::string key;
  for (const auto& id : request.ids) {
    if (!desk->names->is_of(id))
      return fail(ErrorKind::forbidden, "HF-PKI-0030",
                  "the request is about another issuer's certificate than those of the CA " + desk->row.authority);
    HF_TRY(const auto standing, registry_.standing(desk->row.ca_id, to_hex(id.serial)));
    words.push_back(word_of(standing));
    key = key_of(desk->row, id, standing);
  }
  const bool single = request.ids.size() == 1;
  if (single && !request.nonce)
    if (auto reply = kept(key, now)) return *std::move(reply);

  if (!service_)
    return fail(ErrorKind::unavailable, "HF-PKI-0028",
                "this server has no signer: it answers OCSP when it is started with one (serve --signer)");
  if (const auto fault = fault_of_responder(desk->certificate, desk->issuer, now); !fault.empty())
    return not_fit("the certificate of " + desk->certificate.subject.text() + ": " + fault);
  if (!spend(now)) {
    // Without its nonce (RFC 6960 4.4.1 has it optional): the client decides whether that is enough.
    if (single)
      if (auto reply = kept(key, now)) return *std::move(reply);
    return fail(ErrorKind::limit, "HF-PKI-0031", "too many OCSP answers are being signed; try again in a second");
  }
  OcspReply reply;
  reply.this_update = std::chrono::floor<std::chrono::seconds>(now);
  reply.next_update =
      std::min(Time(reply.this_update + std::chrono::hours(desk->row.hours)), desk->certificate.validity.not_after);
  const auto data =
      ocsp_response_data(request, words, desk->certificate, {now, reply.this_update, reply.next_update}, true);
  HF_TRY(reply.response, sign(*desk, data, actor));
  reply.shared = single && !request.nonce;
  if (reply.shared) keep(key, reply);
  return reply;
}

}  // namespace hf::pki
