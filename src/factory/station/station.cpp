#include "factory/station/station.h"

#include <algorithm>

#include "crypto/key_store.h"
#include "crypto/verification.h"
#include "factory/station/config.h"
#include "keys/formats/dsse_envelope.h"

namespace hf::factory {
namespace {

namespace fs = std::filesystem;
namespace x509 = crypto::x509;

auto refuse_order(std::string why) {
  return fail(ErrorKind::conflict, "HF-STATION-0006", "the order is not taken: " + std::move(why));
}

std::string key_name(const crypto::PublicKey& key) { return to_hex(crypto::fingerprint_of(key)); }

JsonObject first_line(const Station::Description& station, std::int64_t epoch) {
  JsonArray manufacturer;
  for (const auto& key : station.config.manufacturer) manufacturer.emplace_back(key_name(key));
  return {{"what", "station"},
          {"factory", station.config.factory},
          {"station", key_name(station.keys.identity)},
          {"manufacturer", std::move(manufacturer)},
          {"epoch", epoch}};
}

}  // namespace

Result<StationKeys> Station::init(const fs::path& directory, const StationConfig& wanted, const Clock& clock) {
  std::error_code error;
  if (fs::exists(directory / "station.json", error))
    return fail(ErrorKind::conflict, "HF-STATION-0001", directory.string() + " is a station already");
  if (wanted.manufacturer.empty() || wanted.factory.empty() || !keys::is_plain(wanted.factory))
    return fail(ErrorKind::invalid, "HF-STATION-0002",
                "a station has a factory's name and at least one key of the manufacturer");
  fs::create_directories(directory, error);
  const auto base = error ? directory : fs::canonical(directory, error);
  if (!error) fs::permissions(base, fs::perms::owner_all, error);
  if (error)
    return fail(ErrorKind::unavailable, "HF-STATION-0002", "the station cannot use " + directory.string(),
                error.message());
  Description station{wanted, {}};
  if (station.config.counter.empty()) station.config.counter = "file:" + (base / "counter").string();
  // Before the token: a TPM's tools are processes of their own.
  HF_TRY(const auto counter, open_counter(station.config.counter, true));
  HF_TRY(const auto epoch, counter->value());
  fs::remove(base / "journal", error);  // of an interrupted init: nobody knew the station yet
  {
    HF_TRY(const auto token, token_of(base, station.config));
    HF_TRY(const auto store, crypto::open_key_store(token, station_keys()));
    HF_TRY(station.keys.identity, store->public_key(kIdentityKey));
    HF_TRY(station.keys.ca, store->public_key(kCaKey));
  }
  HF_TRY(const auto journal, keys::Journal::open(base / "journal", [](auto, const auto&) {}));
  auto line = first_line(station, epoch);
  line["counter"] = epoch + 1;
  HF_CHECK(journal->append(clock.now(), std::move(line)));
  HF_CHECK(counter->increment());
  HF_CHECK(write_station_file(base, station));  // and with it the directory
  return station.keys;
}

Result<std::unique_ptr<Station>> Station::open_any(const fs::path& directory, const Clock& clock, std::string device) {
  std::error_code error;
  const auto base = fs::canonical(directory, error);
  std::unique_ptr<Station> station(new Station(error ? directory : base, clock, std::move(device)));
  HF_TRY(station->description_, read_station_file(station->directory_));
  if (const auto opened = station->open_journal(); !opened) station->trouble_ = opened.error();
  return station;
}

Result<void> Station::open_journal() {
  HF_TRY(counter_, open_counter(description_.config.counter, false));
  auto journal = keys::Journal::open(directory_ / "journal",
                                     [&](std::int64_t line, const JsonObject& record) { state_.take(line, record); });
  // After the journal, which no other process then has: it may have counted meanwhile.
  HF_TRY(counter_value_, counter_->value());
  if (!journal) return fail(journal.error());
  journal_ = *std::move(journal);
  const auto written = state_.counter();
  if (written < counter_value_)
    return fail(ErrorKind::conflict, "HF-STATION-0004",
                "the station's journal is behind its counter (" + std::to_string(written) + " of " +
                    std::to_string(counter_value_) +
                    "): an older state was put back. Nothing is issued from it; the manufacturer's authorisation for "
                    "epoch " +
                    std::to_string(counter_value_) + " begins a new journal");
  if (written > counter_value_ + 1)
    return fail(ErrorKind::conflict, "HF-STATION-0005",
                "the station's counter is behind its journal (" + std::to_string(counter_value_) + " of " +
                    std::to_string(written) +
                    "): the counter was put back or exchanged. Put the right one in place, or make a new station");
  if (written == counter_value_ + 1) {  // ended between the flush and the count
    HF_TRY(counter_value_, counter_->increment());
  }
  return {};
}

Result<std::unique_ptr<Station>> Station::open(const fs::path& directory, const Clock& clock, std::string device) {
  HF_TRY(auto station, open_any(directory, clock, std::move(device)));
  if (station->trouble_) return fail(*station->trouble_);
  return station;
}

Result<std::unique_ptr<Station>> Station::open_troubled(const fs::path& directory, const Clock& clock,
                                                        std::string device) {
  return open_any(directory, clock, std::move(device));
}

std::string Station::key() const { return key_name(description_.keys.identity); }

Time Station::now() const { return std::max(clock_.now(), state_.latest()); }

Result<std::unique_ptr<crypto::KeyStore>> Station::open_keys() const {
  HF_TRY(const auto token, token_of(directory_, description_.config));
  return crypto::open_key_store(token, station_keys());
}

Result<void> Station::write(JsonObject record, Time at) {
  if (trouble_) return fail(*trouble_);
  record["counter"] = counter_value_ + 1;
  record["at"] = format_rfc3339(at);
  HF_TRY(const auto line, journal_->append_soon(at, record));
  state_.take(line, record);
  return {};
}

Result<void> Station::commit() {
  auto done = [&]() -> Result<void> {
    HF_CHECK(journal_->flush());
    const auto expected = counter_value_ + 1;
    HF_TRY(counter_value_, counter_->increment());
    if (counter_value_ != expected)
      return fail(ErrorKind::conflict, "HF-STATION-0004",
                  "somebody else counts with the station's counter: it is at " + std::to_string(counter_value_) +
                      " instead of " + std::to_string(expected));
    return {};
  }();
  if (!done) trouble_ = done.error();  // what is on disk is not known: the next start reads it
  return done;
}

// The new journal is whole before it takes the old one's place; until then, or until it is counted, the same order
// begins it again. Holds that live and certificates go over. The old one stays locked: nobody else writes to it.
Result<void> Station::begin_epoch(std::string_view order, Time at) {
  const auto next = directory_ / "journal.next", kept = directory_ / ("journal." + std::to_string(counter_value_));
  std::error_code error;
  fs::remove(next, error);
  const auto old = std::move(journal_);
  const auto before = std::exchange(state_, StationState(device_));
  HF_TRY(journal_, keys::Journal::open(next, [](auto, const auto&) {}));
  trouble_.reset();
  HF_CHECK(write(first_line(description_, counter_value_), at));
  for (const auto& [digest, certificate] : before.cas())
    HF_CHECK(write({{"what", "ca"}, {"certificate", to_base64(certificate.der)}}, at));
  for (const auto& [sequence, text] : before.hold_orders()) HF_CHECK(write({{"what", "order"}, {"order", text}}, at));
  HF_CHECK(write({{"what", "order"}, {"order", order}}, at));
  HF_CHECK(journal_->flush());
  if (fs::exists(directory_ / "journal", error)) fs::rename(directory_ / "journal", kept, error);
  if (!error) fs::rename(next, directory_ / "journal", error);
  if (error)
    return fail(ErrorKind::unavailable, "HF-STATION-0002", "the station cannot use " + directory_.string(),
                error.message());
  HF_CHECK(crypto::sync_directory(directory_));
  return commit();
}

Result<std::string> Station::import(ByteView file) {
  if (trim(text_of(file)).starts_with('{')) return import_order(file);
  if (trouble_) return fail(*trouble_);
  return import_certificate(file);
}

Result<std::string> Station::import_order(ByteView file) {
  HF_TRY(const auto envelope, keys::read_envelope(file, keys::kFactoryOrderType));
  if (!keys::envelope_signer(envelope, keys::kFactoryOrderType, description_.config.manufacturer))
    return fail(ErrorKind::forbidden, "HF-STATION-0007",
                "the order is not signed by a key of the manufacturer that this station was made with");
  HF_TRY(const auto order, keys::factory_order_of(envelope.payload));
  HF_TRY(const auto json, parse_json(text_of(file), {.bytes_max = keys::kEnvelopeMax, .depth_max = 4}));
  const auto text = to_text(json);
  if (text.size() > keys::kJournalLineMax - 4096) return refuse_order("its envelope is too large");
  const auto* const authorisation = std::get_if<FactoryAuthorisation>(&order);
  const auto* const hold = std::get_if<FactoryHold>(&order);
  if (!trouble_ && state_.has_order(to_hex(crypto::sha256({envelope.payload})))) return std::string("known already");
  const auto& factory = description_.config.factory;
  if (hold) {
    if (trouble_) return fail(*trouble_);
    if (hold->factory && *hold->factory != factory) return refuse_order("it is for the factory " + *hold->factory);
    if (hold->sequence <= state_.hold_sequence())
      return refuse_order("its sequence " + std::to_string(hold->sequence) + " is not above " +
                          std::to_string(state_.hold_sequence()) + ", which was seen");
    HF_CHECK(write({{"what", "order"}, {"order", text}}, std::max(now(), hold->issued_at)));
    HF_CHECK(commit());
    return (hold->ends ? "the end of hold " + std::to_string(*hold->ends) : "hold " + std::to_string(hold->sequence)) +
           " of " + hold->product;
  }
  if (authorisation->factory != factory) return refuse_order("it is for the factory " + authorisation->factory);
  const auto* const share = authorisation->station(key());
  if (!share) return refuse_order("it names other stations");
  const auto at = std::max(now(), authorisation->issued_at);
  if (at >= authorisation->not_after) return refuse_order("it ended at " + format_rfc3339(authorisation->not_after));
  const bool lost = trouble_ && (trouble_->code == "HF-STATION-0004" || trouble_->code == "HF-SIGNER-0002");
  const bool begins = share->epoch == counter_value_ && (trouble_ ? lost : share->epoch != state_.epoch());
  if (trouble_ && !begins) return fail(*trouble_);
  if (!begins && share->epoch != state_.epoch())
    return refuse_order("it is for epoch " + std::to_string(share->epoch) + " of this station, which is in " +
                        std::to_string(state_.epoch()));
  if (!begins && authorisation->sequence <= state_.order_sequence())
    return refuse_order("its sequence " + std::to_string(authorisation->sequence) + " is not above " +
                        std::to_string(state_.order_sequence()) + ", which was seen");
  if (begins) {
    HF_CHECK(begin_epoch(text, at));
  } else {
    HF_CHECK(write({{"what", "order"}, {"order", text}}, at));
    HF_CHECK(commit());
  }
  return "authorisation " + authorisation->id + ": " + std::to_string(share->count) + " of " + authorisation->batch +
         (begins ? "; a new journal has begun" : "");
}

Result<std::string> Station::import_certificate(ByteView file) {
  constexpr std::size_t kCertificateMax = 16U << 10;
  HF_TRY(auto blocks, crypto::pem_blocks(text_of(file), "CERTIFICATE"));
  if (blocks.empty()) blocks.emplace_back(file.begin(), file.end());
  const auto& der = blocks.front();
  HF_TRY(const auto certificate, x509::certificate_of(der));
  if (!std::ranges::equal(certificate.spki, crypto::to_spki(description_.keys.ca)) || !certificate.is_ca() ||
      der.size() > kCertificateMax)
    return fail(ErrorKind::invalid, "HF-STATION-0008",
                "the certificate is not one of a CA with this station's CA key; 'holdfast station init' wrote the "
                "request for it");
  const auto name = certificate.subject.text();
  if (state_.ca(to_hex(crypto::sha256({der})))) return std::string("known already");
  HF_CHECK(write({{"what", "ca"}, {"certificate", to_base64(der)}}, now()));
  HF_CHECK(commit());
  return "CA " + name;
}

}  // namespace hf::factory
