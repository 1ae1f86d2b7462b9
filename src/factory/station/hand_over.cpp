// Phase two, and what goes back to the manufacturer.
#include <fstream>

#include "crypto/der.h"
#include "crypto/key_store.h"
#include "crypto/verification.h"
#include "factory/bundle.h"
#include "factory/station/config.h"
#include "keys/formats/dsse_envelope.h"
#include "keys/formats/file.h"
#include "pki/issue.h"

namespace hf::factory {
namespace {

namespace der = crypto::der;

constexpr auto kScheme = crypto::SignatureScheme::ecdsa_p256_sha256;
constexpr std::size_t kFusesMax = 256, kReadBackMax = 256U << 10;

auto not_shown(std::string why) {
  return fail(ErrorKind::forbidden, "HF-STATION-0022", "the unit is not activated: " + std::move(why));
}

std::string lacking(const keys::ActivationDemand& demand, const ReadBack& shown) {
  const auto has = [](const std::vector<std::string>& list, const std::string& one) {
    return std::ranges::find(list, one) != list.end();
  };
  if (demand.attested && !shown.attested) return "the read-back must be attested by the unit's own key (--attestation)";
  if (!demand.flash_sha256.empty() && shown.flash_sha256.empty()) return "the digest of its flash is not shown";
  if (!demand.flash_sha256.empty() && !has(demand.flash_sha256, to_lower(shown.flash_sha256)))
    return "its flash is " + shown.flash_sha256 + ", which is not what was to be flashed";
  for (const auto& fuse : demand.fuses)
    if (!has(shown.fuses, fuse)) return "its fuses do not say " + fuse;
  return {};
}

}  // namespace

Result<Bytes> Station::activate(std::string_view device, const ReadBack& shown) {
  if (trouble_) return fail(*trouble_);
  const auto* const identity = state_.device(device);
  if (!identity || device_ != device)
    return fail(ErrorKind::not_found, "HF-STATION-0020", "nothing was issued for '" + std::string(device) + "' here");
  if (identity->state == IdentityState::reserved || state_.kept_certificate().empty())
    return fail(ErrorKind::conflict, "HF-STATION-0021",
                "the certificate of '" + std::string(device) +
                    "' was reserved and never came: the serial is used, take another one");
  if (identity->state == IdentityState::activated) return state_.kept_certificate();
  const auto& authorisation = state_.authorisations().at(identity->authorisation).authorisation;
  if (const auto* const hold = state_.hold_on(authorisation))
    return fail(ErrorKind::forbidden, "HF-STATION-0013",
                "production is on hold (" + std::to_string(hold->sequence) + "): " + hold->reason);
  if (auto why = lacking(authorisation.activation, shown); !why.empty()) return not_shown(std::move(why));
  auto fuses = shown.fuses;
  std::ranges::sort(fuses);
  std::string text;
  for (const auto& fuse : fuses) text += fuse + "\n";
  const auto digest_or_null = [](bool there, ByteView bytes) {
    return there ? Json(to_hex(crypto::sha256({bytes}))) : Json(nullptr);
  };
  HF_CHECK(write({{"what", "activate"},
                  {"of", identity->line},
                  {"flash_sha256", shown.flash_sha256.empty() ? Json(nullptr) : Json(to_lower(shown.flash_sha256))},
                  {"fuses", digest_or_null(!fuses.empty(), bytes_of(text))},
                  {"evidence", digest_or_null(!shown.evidence.empty(), shown.evidence)},
                  {"attested", shown.attested}},
                 now()));
  HF_CHECK(commit());
  return state_.kept_certificate();
}

Result<std::string> Station::close(std::string_view id) {
  if (trouble_) return fail(*trouble_);
  const auto found = state_.authorisations().find(std::string(id));
  if (found == state_.authorisations().end())
    return fail(ErrorKind::not_found, "HF-STATION-0023", "no authorisation " + std::string(id) + " is here");
  const auto& held = found->second;
  const auto share = held.authorisation.station(key())->count;
  if (!held.closed) {
    HF_CHECK(
        write({{"what", "close"}, {"authorisation", id}, {"used", held.used}, {"returned", share - held.used}}, now()));
    HF_CHECK(commit());
  }
  HF_TRY(const auto record, canonical_json(JsonObject{{"type", "holdfast-station-closing-1"},
                                                      {"authorisation", id},
                                                      {"station", key()},
                                                      {"epoch", state_.epoch()},
                                                      {"count", share},
                                                      {"used", held.used},
                                                      {"returned", share - held.used}}));
  HF_TRY(const auto store, open_keys());
  HF_TRY(const auto signature, store->sign(kIdentityKey, keys::pre_authentication(kClosingType, bytes_of(record))));
  return keys::envelope_text(kClosingType, bytes_of(record), description_.keys.identity, kScheme, signature);
}

Result<void> Station::export_to(const std::filesystem::path& out) {
  if (trouble_) return fail(*trouble_);
  const BundleHeader header{
      description_.config.factory, description_.keys.identity, state_.epoch(), counter_value_, journal_->head(), now()};
  const auto text = canonical(header);
  std::string signed_header;
  {
    HF_TRY(const auto store, open_keys());
    HF_TRY(const auto signature, store->sign(kIdentityKey, keys::pre_authentication(kBundleType, bytes_of(text))));
    signed_header = keys::envelope_text(kBundleType, bytes_of(text), description_.keys.identity, kScheme, signature);
  }
  HF_TRY(const auto journal, keys::SourceFile::open(directory_ / "journal"));
  HF_TRY(auto target, keys::TargetFile::create(out));
  HF_CHECK(target.write(bytes_of(signed_header)));
  HF_CHECK(target.copy(journal, 0, journal.size()));
  return target.keep();
}

Result<ReadBack> attested_of(ByteView file, std::string_view device, const crypto::PublicKey& unit) {
  const auto envelope = keys::read_envelope(file, kAttestationType);
  if (!envelope) return not_shown(envelope.error().message);
  if (!keys::envelope_signer(*envelope, kAttestationType, std::span(&unit, 1)))
    return not_shown("the attestation is not signed by the unit's own key");
  const auto json = parse_json(text_of(envelope->payload), {.bytes_max = kReadBackMax, .depth_max = 3});
  if (!json) return not_shown(json.error().message);
  std::vector<keys::Fault> faults;
  keys::Fields fields(*json, "", faults);
  if (fields.text("serial") != device) fields.fault("serial", "is another unit's");
  ReadBack shown{fields.text_or_none("flash_sha256").value_or(std::string()),
                 fields.texts_or_none("fuses", kFusesMax).value_or(std::vector<std::string>()),
                 Bytes(file.begin(), file.end()), true};
  fields.close();
  if (!faults.empty()) return not_shown("the attestation's " + faults.front().pointer + " " + faults.front().what);
  return shown;
}

Result<std::vector<std::string>> fuses_of(ByteView file) {
  const auto json = parse_json(text_of(file), {.bytes_max = kReadBackMax, .depth_max = 2});
  const auto* const object = json ? json->if_object() : nullptr;
  if (!object || object->size() > kFusesMax)
    return not_shown("the fuse read-back is not one JSON object of at most 256 names and values");
  std::vector<std::string> fuses;
  for (const auto& [name, value] : *object) {
    const auto* const text = value.if_string();
    if (!text && !value.is_int64() && !value.is_bool())
      return not_shown("the fuse " + std::string(name) + " is neither a text, an integer nor true or false");
    fuses.push_back(std::string(name) + "=" + (text ? std::string(*text) : to_text(value)));
  }
  return fuses;
}

Result<Bytes> ca_request(const Station::Description& station, std::string_view subject,
                         const std::filesystem::path& directory) {
  HF_TRY(const auto name, pki::name_of_text(subject));
  const auto info = der::value(
      der::kSequence, std::initializer_list<ByteView>{der::integer(0), name, crypto::to_spki(station.keys.ca),
                                                      der::value(der::context(0), std::initializer_list<ByteView>{})});
  HF_TRY(const auto token, token_of(directory, station.config));
  HF_TRY(const auto store, crypto::open_key_store(token, station_keys()));
  HF_TRY(const auto signature, store->sign(kCaKey, info));
  return crypto::x509::signed_of(info, crypto::algorithm_identifier_of(kScheme), crypto::ecdsa_to_der(signature));
}

}  // namespace hf::factory
