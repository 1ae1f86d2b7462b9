// Phase one. The order of things is the point: judged, written down and on disk, counted outside of the journal, and
// only then is the token opened. A kill at any point leaves what was written down counted.
#include <map>

#include "crypto/key_store.h"
#include "crypto/token.h"
#include "crypto/verification.h"
#include "factory/station/config.h"
#include "fleet/types.h"
#include "pki/issue.h"

namespace hf::factory {
namespace {

namespace x509 = crypto::x509;

constexpr auto kScheme = crypto::SignatureScheme::ecdsa_p256_sha256;  // of the station's CA key

struct Prepared {
  JsonObject record;
  std::string authorisation;
  std::int64_t use = 0, line = 0;
  bool active = false;
  Bytes tbs;
};

auto refuse(ErrorKind kind, std::string_view code, std::string why) { return fail(kind, code, std::move(why)); }

std::string names_of(const x509::Name& subject, std::string_view type) {
  for (const auto& rdn : subject.rdns)
    for (const auto& attribute : rdn)
      if (attribute.type == type) return std::string(text_of(attribute.value));
  return {};
}

}  // namespace

struct Station::Judge {
  Station& station;
  Time at;
  std::map<std::string, pki::Template> forms{};

  [[nodiscard]] const StationState& state() const { return station.state_; }

  [[nodiscard]] std::optional<Error> unusable(const Held& held) const {
    const auto& authorisation = held.authorisation;
    if (const auto* const hold = state().hold_on(authorisation))
      return Error{ErrorKind::forbidden,
                   "HF-STATION-0013",
                   "production is on hold (" + std::to_string(hold->sequence) + "): " + hold->reason,
                   {}};
    if (auto why = outside_window(authorisation, at); !why.empty())
      return Error{ErrorKind::forbidden,
                   "HF-STATION-0014",
                   "the authorisation " + authorisation.id + " is not good now: " + why,
                   {}};
    const auto share = authorisation.station(station.key())->count;
    if (held.closed || held.used >= share)
      return Error{ErrorKind::limit,
                   "HF-STATION-0015",
                   "the authorisation " + authorisation.id +
                       (held.closed ? " was closed" : " is used up: " + std::to_string(share) + " were authorised"),
                   {}};
    return std::nullopt;
  }

  Result<const Held*> choose(const IssueOrder& order) const {
    const auto& all = state().authorisations();
    if (!order.authorisation.empty()) {
      const auto found = all.find(order.authorisation);
      if (found == all.end())
        return refuse(ErrorKind::not_found, "HF-STATION-0012", "no authorisation " + order.authorisation + " is here");
      if (!found->second.authorisation.serials.admits(order.device))
        return refuse(ErrorKind::forbidden, "HF-STATION-0016",
                      "the serial '" + order.device + "' is not of the authorisation, which is for " +
                          found->second.authorisation.serials.text());
      return &found->second;
    }
    const Held* admits = nullptr;
    const Held* usable = nullptr;
    for (const auto& [id, held] : all) {
      if (!held.authorisation.serials.admits(order.device)) continue;
      admits = &held;
      if (unusable(held)) continue;
      if (usable)
        return refuse(ErrorKind::conflict, "HF-STATION-0012",
                      "more than one authorisation is for this serial: name one with --authorisation");
      usable = &held;
    }
    if (!admits)
      return refuse(ErrorKind::forbidden, "HF-STATION-0016",
                    "no authorisation is for the serial '" + order.device + "'");
    return usable ? usable : admits;
  }

  Result<const pki::Template*> form_of(const FactoryAuthorisation& authorisation) {
    const auto known = forms.find(authorisation.id);
    if (known != forms.end()) return &known->second;
    const auto* const profile = pki::find_profile(authorisation.profile);
    if (!profile || profile_digest(authorisation.profile) != authorisation.profile_sha256)
      return refuse(ErrorKind::conflict, "HF-STATION-0019",
                    "the profile " + authorisation.profile +
                        " of the authorisation is another than this program's: "
                        "use the version that the manufacturer uses");
    const auto* const ca = state().ca(authorisation.ca_sha256);
    if (!ca)
      return refuse(ErrorKind::conflict, "HF-STATION-0019",
                    "the CA's certificate that the authorisation names is not here: import it");
    HF_TRY(auto form, pki::Template::of(*profile, *ca, kScheme,
                                        {.crls = authorisation.crls, .ocsp = authorisation.ocsp, .issuers = {}}));
    return &forms.emplace(authorisation.id, std::move(form)).first->second;
  }

  // The names of the certificate are the unit's: subject's serialNumber, or where there is none its commonName.
  static std::string fault_of_request(const x509::Request& request, std::string_view device) {
    auto name = names_of(request.subject, x509::oid::kSerialNumber);
    if (name.empty()) name = names_of(request.subject, x509::oid::kCommonName);
    if (name != device) return "its subject's serialNumber, or else commonName, is '" + name + "', not the serial";
    if (!pki::proves_possession(request)) return "it is not signed by the key that it is for (RFC 2986 4.2)";
    const auto key = crypto::VerificationKey::of_spki(request.spki);
    return key ? key->weakness() : key.error().message;
  }

  Result<Prepared> judge(const IssueOrder& order) {
    if (!fleet::is_serial(order.device))
      return refuse(ErrorKind::invalid, "HF-STATION-0016", "'" + order.device + "' is no serial");
    HF_TRY(const auto* const held, choose(order));
    if (auto why = unusable(*held)) return fail(*std::move(why));
    if (state().device(order.device))
      return refuse(ErrorKind::conflict, "HF-STATION-0017",
                    "the serial '" + order.device + "' was used: 'holdfast station status --device' shows it");
    const auto request = x509::request_of(order.request);
    auto fault = request ? fault_of_request(*request, order.device) : request.error().message;
    if (!fault.empty())
      return refuse(ErrorKind::invalid, "HF-STATION-0018", "the request of '" + order.device + "': " + fault);
    const auto key = to_hex(crypto::sha256({request->spki}));
    if (state().has_key(key))
      return refuse(ErrorKind::conflict, "HF-STATION-0017",
                    "the key of '" + order.device + "' is another unit's: each unit has its own");
    const auto& authorisation = held->authorisation;
    HF_TRY(const auto* const form, form_of(authorisation));
    const auto serial = pki::random_serial();
    HF_TRY(auto tbs, form->certificate(*request, {.serial = serial, .from = at, .until = {}}));
    constexpr std::size_t kTbsMax = 16U << 10;
    if (tbs.size() > kTbsMax)
      return refuse(ErrorKind::limit, "HF-STATION-0018", "the request of '" + order.device + "' asks for too much");
    const auto use = held->last_use + 1;
    JsonObject record{{"what", "reserve"},
                      {"authorisation", authorisation.id},
                      {"use", use},
                      {"device", order.device},
                      {"key", key},
                      {"serial", to_hex(serial)},
                      {"tbs", to_hex(crypto::sha256({tbs}))}};
    return Prepared{std::move(record), authorisation.id, use, 0, !authorisation.activation.any(), std::move(tbs)};
  }
};

Result<std::vector<Result<Issued>>> Station::issue(std::span<const IssueOrder> orders) {
  if (trouble_) return fail(*trouble_);
  Judge judge{*this, now()};
  std::vector<Result<Prepared>> prepared;
  bool any = false;
  for (const auto& order : orders) {
    auto one = judge.judge(order);
    if (one) {
      HF_CHECK(write(one->record, judge.at));
      one->line = journal_->head().lines;
      any = true;
    }
    prepared.push_back(std::move(one));
  }
  if (any) HF_CHECK(commit());

  const auto after = [&](JsonObject record) {  // of what was counted already: it costs no count of its own
    record["counter"] = counter_value_;
    record["at"] = format_rfc3339(judge.at);
    const auto line = journal_->append_soon(judge.at, record);
    if (line) state_.take(*line, record);
    return line;
  };
  std::vector<Result<Issued>> outcomes;
  auto store = any ? open_keys() : Result<std::unique_ptr<crypto::KeyStore>>(nullptr);
  for (std::size_t i = 0; i < orders.size(); ++i) {
    if (!prepared[i]) {
      outcomes.emplace_back(fail(prepared[i].error()));
      continue;
    }
    const auto& one = *prepared[i];
    const auto signature = store ? (*store)->sign(kCaKey, one.tbs) : Result<Bytes>(fail(store.error()));
    if (!signature) {
      // A reply that was lost may have been a signature: then the use stays used.
      if (!store || !crypto::may_have_signed(signature.error())) HF_CHECK(after({{"what", "void"}, {"of", one.line}}));
      outcomes.emplace_back(fail(signature.error()));
      continue;
    }
    auto der = x509::signed_of(one.tbs, crypto::algorithm_identifier_of(kScheme), crypto::ecdsa_to_der(*signature));
    HF_CHECK(after({{"what", "issue"}, {"of", one.line}, {"certificate", to_base64(der)}, {"active", one.active}}));
    outcomes.emplace_back(Issued{orders[i].device, one.authorisation, one.use, one.line, one.active, std::move(der)});
  }
  if (any) HF_CHECK(journal_->flush());
  return outcomes;
}

}  // namespace hf::factory
