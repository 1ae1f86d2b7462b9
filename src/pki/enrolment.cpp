#include "pki/enrolment.h"

#include <algorithm>

#include "keys/json_fields.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;

constexpr std::int64_t kPendingMax = 1'000;
constexpr std::size_t kReasonMax = 500;

std::string digest_text(ByteView bytes) { return to_hex(crypto::sha256({bytes})); }

auto not_renewed(std::string why) {
  return fail(ErrorKind::forbidden, "HF-PKI-0036", "the certificate is not renewed: " + std::move(why));
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

ByteView alternative_names(const x509::Extension* extension) { return extension ? extension->value : ByteView(); }

}  // namespace

Result<StoredLabel> Enrolment::label(std::string_view wanted) const {
  const auto none = [&] {
    return fail(ErrorKind::not_found, "HF-PKI-0033",
                "there is no EST label '" + std::string(wanted.substr(0, 64)) + "': holdfast pki est add makes one");
  };
  if (!is_label(wanted)) return none();
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) { return EstStore(reader).label(wanted); }));
  if (!found) return none();
  return *std::move(found);
}

Result<void> Enrolment::add(const StoredLabel& wanted, const ledger::Actor& actor) {
  if (!is_label(wanted.label))
    return fail(ErrorKind::invalid, "HF-PKI-0033", "a label has 1 to 64 letters, digits, '_' and '-'");
  HF_TRY(const auto ca, registry_.authority(wanted.authority));
  if (!ca.profile(wanted.profile))
    return fail(ErrorKind::conflict, "HF-PKI-0023",
                "the CA " + ca.stored.name + " may not issue the profile '" + wanted.profile + "'");
  const keys::Register book(database_, clock_, [](std::string_view) { return nullptr; });
  HF_TRY(const auto grant, book.request(wanted.grant));
  if (grant.request.kind != keys::RequestKind::grant || !grant.request.grant || grant.request.key != ca.stored.key)
    return fail(ErrorKind::invalid, "HF-PKI-0019",
                "the request " + grant.digest.substr(0, 12) + " is no grant of the CA's key " + ca.stored.key);
  auto row = wanted;
  row.ca_id = ca.stored.id;
  row.grant = grant.digest;
  if (row.product.empty() && grant.request.grant->products.size() == 1) row.product = grant.request.grant->products[0];
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry,
           transaction.append(
               "est.label_set", {"ca:" + ca.stored.name},
               {{"label", row.label}, {"profile", row.profile}, {"grant", row.grant}, {"approval", row.approval}}));
    return insert_label(transaction, entry, row);
  });
}

Result<std::vector<StoredLabel>> Enrolment::labels() const {
  return database_.read([](const db::Reader& reader) { return EstStore(reader).labels(); });
}

Result<std::vector<Bytes>> Enrolment::ca_certificates(std::string_view wanted) const {
  HF_TRY(const auto row, label(wanted));
  HF_TRY(const auto ca, registry_.authority(row.authority));
  HF_TRY(const auto known, registry_.all());
  std::vector<Bytes> list{ca.stored.certificate};
  // Up, by names; whoever uses them verifies the path.
  const auto* below = &ca.certificate;
  for (std::size_t depth = 0; depth < 8 && !below->is_self_issued(); ++depth) {
    const auto above = std::ranges::find_if(
        known, [&](const Authority& one) { return x509::same_name(one.certificate.subject, below->issuer); });
    if (above == known.end()) break;
    below = &above->certificate;
    list.push_back(above->stored.certificate);
  }
  HF_TRY(auto more, crypto::pem_blocks(row.trust, "CERTIFICATE"));
  for (auto& one : more)
    if (std::ranges::find(list, one) == list.end()) list.push_back(std::move(one));
  return list;
}

Result<Bytes> Enrolment::attributes(std::string_view wanted) const {
  HF_TRY(const auto row, label(wanted));
  HF_TRY(const auto ca, registry_.authority(row.authority));
  const auto* const profile = ca.profile(row.profile);
  return profile ? csr_attributes(*profile) : Bytes();
}

Result<StoredCertificate> Enrolment::issue(const StoredLabel& row, Request request, const ledger::Actor& actor,
                                           bool renews) {
  if (!service_)
    return fail(ErrorKind::unavailable, "HF-PKI-0028",
                "this server has no signer: it enrols when it is started with one (serve --signer)");
  Issuer issuer(registry_, *service_, database_, clock_);
  std::vector<Order> orders;
  orders.push_back({std::move(request)});
  HF_TRY(auto answers, issuer.issue({.authority = row.authority,
                                     .profile = row.profile,
                                     .grant = row.grant,
                                     .product = row.product,
                                     .requester = std::string(kEstRequester),
                                     .renews = renews},
                                    orders, actor));
  return std::move(answers.front());
}

Result<Enrolled> Enrolment::enrol(std::string_view wanted, ByteView csr, const ledger::Actor& actor) {
  HF_TRY(const auto row, label(wanted));
  HF_TRY(auto request, x509::request_of(csr));
  if (!proves_possession(request))
    return fail(ErrorKind::invalid, "HF-PKI-0010",
                "the request is not signed by the key that it is for (RFC 2986 4.2)");
  if (!row.approval) {
    HF_TRY(auto made, issue(row, std::move(request), actor));
    return Enrolled{std::move(made.der), {}};
  }
  const auto digest = digest_text(csr);
  HF_TRY(auto known,
         database_.read([&](const db::Reader& reader) { return EstStore(reader).enrolment(row.label, digest); }));
  if (!known) {
    const auto subject = request.subject.text();
    HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
      const EstStore store(transaction.db());
      HF_TRY(const auto waiting, store.pending_count());
      if (waiting >= kPendingMax)
        return fail(ErrorKind::limit, "HF-PKI-0035", "too many enrolments wait for a decision; try again later");
      HF_TRY(const auto entry,
             transaction.append("est.asked", {"ca:" + row.authority},
                                {{"label", row.label}, {"csr_sha256", digest}, {"subject", subject}}));
      HF_CHECK(insert_enrolment(
          transaction, entry,
          {.label = row.label, .csr_sha256 = digest, .csr = request.der, .subject = subject, .requester = actor.name}));
      return {};
    }));
    return Enrolled{std::nullopt, retry_after_};
  }
  if (!known->decision) return Enrolled{std::nullopt, retry_after_};
  if (*known->decision != "approve")
    return fail(ErrorKind::forbidden, "HF-PKI-0034",
                "the enrolment was rejected" + (known->reason.empty() ? "" : ": " + known->reason));
  if (known->serial) {
    HF_TRY(auto made, registry_.certificate(row.authority, *known->serial));
    return Enrolled{std::move(made.der), {}};
  }
  HF_TRY(auto made, issue(row, std::move(request), actor));
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry, transaction.append("est.enrolled", {"ca:" + row.authority, "certificate:" + made.sha256},
                                                {{"label", row.label}, {"csr_sha256", digest}}));
    return insert_issued(transaction, entry, known->id, made.ca_id, made.serial);
  }));
  return Enrolled{std::move(made.der), {}};
}

Result<Enrolled> Enrolment::renew(std::string_view wanted, ByteView csr, ByteView der) {
  HF_TRY(const auto row, label(wanted));
  HF_TRY(const auto ca, registry_.authority(row.authority));
  const auto* const profile = ca.profile(row.profile);
  const auto certificate = x509::certificate_of(der);
  if (!certificate) return not_renewed("it cannot be read");
  if (!is_issued_by(*certificate, ca)) return not_renewed("it is not of the label's CA " + ca.stored.name);
  if (!profile || !check_profile(Subject(*certificate), *profile).empty())
    return not_renewed("it is not of the label's profile " + row.profile);
  HF_TRY(const auto standing, registry_.standing(ca.stored.id, certificate->serial_text()));
  if (standing.revoked) return not_renewed("it is revoked");
  if (!standing.issued) return not_renewed("the CA never issued it");
  const auto now = clock_.now();
  if (now < certificate->validity.not_before ||
      now > certificate->validity.not_after + std::chrono::hours(row.grace_hours))
    return not_renewed("it is valid from " + format_rfc3339(certificate->validity.not_before) + " to " +
                       format_rfc3339(certificate->validity.not_after) + ": enrol anew");
  HF_TRY(auto request, x509::request_of(csr));
  // 4.2.2: identical, so no comparison of names but of bytes.
  if (!std::ranges::equal(request.subject.der, certificate->subject.der))
    return not_renewed("the request is for another subject than " + certificate->subject.text());
  if (!std::ranges::equal(alternative_names(request.extension(x509::oid::kSubjectAltName)),
                          alternative_names(certificate->extension(x509::oid::kSubjectAltName))))
    return not_renewed("the request is for another subjectAltName");
  HF_TRY(auto made, issue(row, std::move(request), {"certificate:" + digest_text(der), "est"}, true));
  return Enrolled{std::move(made.der), {}};
}

Result<std::vector<StoredEnrolment>> Enrolment::pending(std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) { return EstStore(reader).pending(limit); });
}

Result<void> Enrolment::decide(std::int64_t id, bool approve, std::string_view reason, const ledger::Actor& actor) {
  if (reason.size() > kReasonMax || !keys::is_plain(reason))
    return fail(ErrorKind::invalid, "HF-PKI-0034", "a reason has at most 500 bytes and no control characters");
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto known, EstStore(transaction.db()).enrolment(id));
    if (!known || known->decision)
      return fail(known ? ErrorKind::conflict : ErrorKind::not_found, "HF-PKI-0034",
                  known ? "somebody has decided on this enrolment already" : "there is no such enrolment");
    if (known->requester == actor.name)
      return fail(ErrorKind::forbidden, "HF-PKI-0034", "whoever asks for an enrolment does not decide on it");
    HF_TRY(const auto entry, transaction.append(approve ? "est.approved" : "est.rejected", {},
                                                {{"label", known->label}, {"csr_sha256", known->csr_sha256}}));
    return insert_decision(transaction, entry, id, approve, reason);
  });
}

}  // namespace hf::pki
