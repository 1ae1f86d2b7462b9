#include "factory/lines.h"

#include <algorithm>

#include "crypto/verification.h"
#include "fleet/types.h"
#include "keys/formats/dsse_envelope.h"

namespace hf::factory {
namespace {

namespace x509 = crypto::x509;
using keys::number_at, keys::text_at;

constexpr std::size_t kSegment = 10'000;     // events a segment: who proves one of them reads all
constexpr std::size_t kAlarmsOfEntry = 400;  // an entry holds a digest a row, and has 64 KiB

// What a station wrote goes into rows only in the alphabet that it has.
bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
constexpr std::size_t kId = 32, kDigest = 64;

std::string hex_of(ByteView bytes) { return to_hex(crypto::sha256({bytes})); }

}  // namespace

Result<void> Lines::begin(ledger::EntryId entry, const StoredBundle& bundle) {
  HF_TRY(bundle_, insert_bundle(transaction_, entry, bundle));
  return {};
}

void Lines::alarm(Alarm alarm) {
  alarm.station = station_;
  imported_.alarms.push_back(std::move(alarm));
}

// A new journal is begun by an order of ours, and by nothing else.
Result<void> Lines::check_epoch() {
  HF_TRY(const auto last, store_.last_epoch(station_));  // this bundle's row is there already
  HF_TRY(const auto first, store_.bundle(station_, header_.epoch));
  if (first && first->row != bundle_) return {};
  if (last && *last > header_.epoch)
    alarm({.kind = "epoch",
           .detail = "the journal is of epoch " + std::to_string(header_.epoch) + ", and one of " +
                     std::to_string(*last) + " was imported before"});
  return {};
}

Result<Lines::Order*> Lines::order_of(const std::string& id) {
  const auto found = orders_.find(id);
  if (found != orders_.end()) return &found->second;
  Order order;
  HF_TRY(auto stored, store_.authorisation(id));
  if (stored) {
    order.authorisation = std::move(stored->authorisation);
    if (products_.insert(order.authorisation->product).second) {
      HF_TRY(auto holds, store_.holds(order.authorisation->product));
      std::ranges::move(holds, std::back_inserter(holds_));
    }
  }
  HF_TRY(order.last_use, store_.last_use(id, station_));
  HF_TRY(order.used, store_.used(id, station_));
  HF_TRY(const auto closings, store_.closings(id));
  order.closed = std::ranges::any_of(closings, [&](const auto& one) { return one.station == station_; });
  return &orders_.emplace(id, std::move(order)).first->second;
}

Result<void> Lines::event(JsonObject event) {
  event["station"] = station_;
  event["epoch"] = header_.epoch;
  HF_TRY(const auto line, canonical_json(event));
  if (!events_) events_.emplace();
  events_->add(line);
  return events_->size() >= kSegment ? flush_events() : Result<void>();
}

Result<void> Lines::flush_events() {
  if (!events_ || events_->size() == 0) return {};
  HF_TRY(const auto segment, transaction_.db().next_id());
  HF_TRY(const auto entry, transaction_.append("factory.identities", {"station:" + station_}));
  HF_CHECK(events_->write(transaction_, entry, segment));
  events_.reset();
  return {};
}

Result<void> Lines::end() {
  HF_CHECK(flush_events());
  const auto& alarms = imported_.alarms;
  for (std::size_t i = 0; i < alarms.size(); i += kAlarmsOfEntry) {
    HF_TRY(const auto entry, transaction_.append("factory.alarmed", {"station:" + station_}));
    for (std::size_t k = i; k < std::min(alarms.size(), i + kAlarmsOfEntry); ++k)
      HF_CHECK(insert_alarm(transaction_, entry, alarms[k]));
  }
  return {};
}

Result<void> Lines::take(const BundleReader::Line& line, bool known) {
  const auto what = text_at(line.record, "what");
  const auto at = parse_rfc3339(text_at(line.record, "at")).value_or(Time{});
  if (what == "ca") {
    const auto der = from_base64(text_at(line.record, "certificate")).value_or(Bytes());
    if (auto certificate = x509::certificate_of(der)) cas_.insert_or_assign(hex_of(der), *std::move(certificate));
  }
  const auto before = std::exchange(latest_, std::max(latest_, at));
  if (known) return {};
  ++imported_.lines;
  if (at < before) alarm({.kind = "clock", .line = line.number, .detail = "the line is from before the one before it"});
  if (what == "station") {
    if (text_at(line.record, "station") != station_ || number_at(line.record, "epoch") != header_.epoch)
      alarm(
          {.kind = "altered", .line = line.number, .detail = "the journal is another station's, or of another epoch"});
    return {};
  }
  if (what == "ca") return {};
  if (what == "order") return check_order(line);
  if (what == "reserve") return take_reserve(line, at);
  if (what == "issue") return take_issue(line);
  if (what == "activate") return take_activate(line);
  if (what == "void") return take_void(line);
  if (what == "close") return take_close(line, at);
  alarm({.kind = "unknown_line", .line = line.number, .detail = "a line of a kind that is not known"});
  return {};
}

// The station took an order that the register has as well, and in the same words.
Result<void> Lines::check_order(const BundleReader::Line& line) {
  const auto envelope = keys::read_envelope(bytes_of(text_at(line.record, "order")), keys::kFactoryOrderType);
  const auto order =
      envelope ? keys::factory_order_of(envelope->payload) : Result<FactoryOrder>(fail(envelope.error()));
  bool ours = false;
  std::string id;
  if (order && std::holds_alternative<FactoryAuthorisation>(*order)) {
    id = std::get<FactoryAuthorisation>(*order).id;
    HF_TRY(const auto stored, store_.authorisation(id));
    ours = stored && stored->authorisation == std::get<FactoryAuthorisation>(*order);
  } else if (order) {
    HF_TRY(const auto stored, store_.hold(std::get<FactoryHold>(*order).sequence));
    ours = stored && stored->hold == std::get<FactoryHold>(*order);
  }
  if (!ours)
    alarm({.kind = "unknown_authorisation",
           .authorisation = id,
           .line = line.number,
           .detail = "the station took an order that the register does not have"});
  return {};
}

Result<void> Lines::take_reserve(const BundleReader::Line& line, Time at) {
  const auto& record = line.record;
  StoredIdentity one{.bundle = bundle_,
                     .station = station_,
                     .authorisation = std::string(text_at(record, "authorisation")),
                     .serial = std::string(text_at(record, "device")),
                     .key_sha256 = std::string(text_at(record, "key")),
                     .tbs_sha256 = std::string(text_at(record, "tbs")),
                     .state = "reserved",
                     .epoch = header_.epoch,
                     .line = line.number,
                     .use = number_at(record, "use"),
                     .reserved_at = at};
  if (!is_hex(one.authorisation, kId) || !fleet::is_serial(one.serial) || !is_hex(one.key_sha256, kDigest) ||
      !is_hex(one.tbs_sha256, kDigest)) {
    alarm({.kind = "unknown_line", .line = line.number, .detail = "a reservation that no station writes"});
    return {};
  }
  // Of a journal that was put back: the same line again.
  HF_TRY(const auto same, store_.identity_at(station_, header_.epoch, line.number));
  if (same && same->tbs_sha256 == one.tbs_sha256) return {};

  HF_TRY(auto* const order, order_of(one.authorisation));
  const auto say = [&](std::string kind, std::string detail) {
    alarm({.kind = std::move(kind),
           .authorisation = one.authorisation,
           .serial = one.serial,
           .line = line.number,
           .detail = std::move(detail)});
  };
  if (const auto& authorisation = order->authorisation) {
    one.product = authorisation->product;
    const auto* const share = authorisation->station(station_);
    if (!share || share->epoch != header_.epoch)
      say("wrong_station", "the authorisation is not for this station, or not for this epoch of it");
    if (share && order->used >= share->count)
      say("over_quota", "it is number " + std::to_string(order->used + 1) + " of " + std::to_string(share->count));
    if (!authorisation->serials.admits(one.serial))
      say("out_of_range", "the authorisation is for " + authorisation->serials.text());
    if (auto why = outside_window(*authorisation, at); !why.empty()) say("out_of_window", std::move(why));
    for (const auto& held : holds_)
      if (held.lives && held.hold.issued_at <= at && stops(held.hold, scope_of(*authorisation)))
        say("held", "it was issued under hold " + std::to_string(held.hold.sequence));
  } else {
    say("unknown_authorisation", "the register does not have it");
  }
  if (order->closed) say("after_close", "the station had closed the authorisation");
  if (one.use != order->last_use + 1)
    say("gap", "it is use " + std::to_string(one.use) + " after " + std::to_string(order->last_use));
  HF_TRY(const auto serial, store_.with_serial(one.product, one.serial));
  if (serial)
    say("duplicate_serial",
        "line " + std::to_string(serial->line) + " of station " + serial->station.substr(0, 12) + " has it");
  HF_TRY(const auto key, store_.with_key(one.key_sha256));
  if (key) say("duplicate_key", "its key is that of " + key->serial);
  order->last_use = std::max(order->last_use, one.use);
  ++order->used;

  HF_TRY(one.row, transaction_.db().next_id());
  HF_CHECK(insert_identity(transaction_.db(), one));
  ++imported_.reserved;
  return event({{"event", "identity.reserved"},
                {"at", format_rfc3339(at)},
                {"identity", one.row},
                {"authorisation", one.authorisation},
                {"line", one.line},
                {"use", one.use},
                {"product", one.product},
                {"serial", one.serial},
                {"key_sha256", one.key_sha256},
                {"tbs_sha256", one.tbs_sha256}});
}

Result<std::optional<StoredIdentity>> Lines::identity_of(const BundleReader::Line& line) {
  HF_TRY(auto found, store_.identity_at(station_, header_.epoch, number_at(line.record, "of")));
  if (!found) alarm({.kind = "gap", .line = line.number, .detail = "it is about a reservation that is not there"});
  return found;
}

std::string Lines::fault_of_certificate(const StoredIdentity& identity, ByteView der) const {
  const auto certificate = x509::certificate_of(der);
  if (!certificate) return certificate.error().message;
  if (hex_of(certificate->tbs) != identity.tbs_sha256) return "it is not what was reserved";
  if (hex_of(certificate->spki) != identity.key_sha256) return "it is for another key than was reserved";
  const auto order = orders_.find(identity.authorisation);
  if (order == orders_.end() || !order->second.authorisation) return {};  // which has its alarm
  const auto ca = cas_.find(order->second.authorisation->ca_sha256);
  if (ca == cas_.end()) return "the bundle does not have the CA's certificate that the authorisation names";
  const auto key = crypto::VerificationKey::of_spki(ca->second.spki);
  const auto algorithm = crypto::verification_algorithm_of_der(certificate->signature_algorithm);
  if (!key || !algorithm || !key->verify(*algorithm, certificate->tbs, certificate->signature) ||
      !x509::same_name(certificate->issuer, ca->second.subject))
    return "it is not signed by the CA that the authorisation names";
  return {};
}

Result<void> Lines::take_issue(const BundleReader::Line& line) {
  HF_TRY(const auto identity, identity_of(line));
  if (!identity) return {};
  const auto der = from_base64(text_at(line.record, "certificate")).value_or(Bytes());
  const auto digest = hex_of(der);
  if (identity->certificate_sha256 == digest) return {};  // of a journal that was put back: the same line again
  HF_CHECK(order_of(identity->authorisation));
  const auto say = [&](std::string kind, std::string detail) {
    alarm({.kind = std::move(kind),
           .authorisation = identity->authorisation,
           .serial = identity->serial,
           .line = line.number,
           .detail = std::move(detail)});
  };
  if (auto fault = fault_of_certificate(*identity, der); !fault.empty()) say("bad_certificate", std::move(fault));
  // One that is void or has another certificate already: the alarm names the digest, and the row stays as it was.
  const bool late = identity->state != "reserved";
  if (late) say("altered", "a certificate (SHA-256 " + digest + ") for one that is " + identity->state);
  for (const auto& [kind, ours] : {std::pair("certificate", &digest), {"key", &identity->key_sha256}}) {
    HF_TRY(const auto others, store_.credentials(identity->product, identity->serial, kind));
    if (!others.empty() && std::ranges::find(others, *ours) == others.end())
      say("other_credential", "the fleet has another " + std::string(kind) + " of this unit");
  }
  const auto* const flag = line.record.if_contains("active");
  const bool active = flag && *flag == true;
  const auto order = orders_.find(identity->authorisation);
  if (active && order != orders_.end() && order->second.authorisation && order->second.authorisation->activation.any())
    say("not_proven", "it went out although the authorisation demands proof of flash or fuses first");
  if (late) return {};
  HF_CHECK(change_identity(transaction_.db(), identity->row, active ? "activated" : "issued", digest));
  ++imported_.issued;
  imported_.activated += active ? 1 : 0;
  return event(
      {{"event", "identity.issued"}, {"identity", identity->row}, {"certificate_sha256", digest}, {"active", active}});
}

Result<void> Lines::take_activate(const BundleReader::Line& line) {
  HF_TRY(const auto identity, identity_of(line));
  if (!identity || identity->state == "activated") return {};
  HF_TRY(const auto* const order, order_of(identity->authorisation));
  const auto say = [&](std::string detail) {
    alarm({.kind = "not_proven",
           .authorisation = identity->authorisation,
           .serial = identity->serial,
           .line = line.number,
           .detail = std::move(detail)});
  };
  if (identity->state != "issued") say("it was activated while it was " + identity->state);
  if (identity->state == "voided") return {};
  if (order->authorisation) {
    const auto& demand = order->authorisation->activation;
    const auto flash = text_at(line.record, "flash_sha256");
    if (!demand.flash_sha256.empty() && std::ranges::find(demand.flash_sha256, flash) == demand.flash_sha256.end())
      say("its flash is not what was to be flashed");
    if (!demand.fuses.empty() && text_at(line.record, "fuses").empty()) say("its fuses were not read back");
    const auto* const attested = line.record.if_contains("attested");
    if (demand.attested && (!attested || *attested != true)) say("its own key did not attest it");
  }
  HF_CHECK(change_identity(transaction_.db(), identity->row, "activated", {}));
  ++imported_.activated;
  return event({{"event", "identity.activated"}, {"identity", identity->row}});
}

Result<void> Lines::take_void(const BundleReader::Line& line) {
  HF_TRY(const auto identity, identity_of(line));
  if (!identity || identity->state == "voided") return {};
  if (identity->state != "reserved") {
    alarm({.kind = "altered",
           .authorisation = identity->authorisation,
           .serial = identity->serial,
           .line = line.number,
           .detail = "it is void although it was " + identity->state});
    return {};
  }
  HF_TRY(auto* const order, order_of(identity->authorisation));
  --order->used;
  HF_CHECK(change_identity(transaction_.db(), identity->row, "voided", {}));
  ++imported_.voided;
  return event({{"event", "identity.voided"}, {"identity", identity->row}});
}

Result<void> Lines::take_close(const BundleReader::Line& line, Time at) {
  const StoredClosing closing{std::string(text_at(line.record, "authorisation")), station_,
                              number_at(line.record, "used"), number_at(line.record, "returned"), at};
  if (!is_hex(closing.authorisation, kId)) {
    alarm({.kind = "unknown_line", .line = line.number, .detail = "a closing that no station writes"});
    return {};
  }
  HF_TRY(auto* const order, order_of(closing.authorisation));
  if (std::exchange(order->closed, true)) return {};
  const auto* const share = order->authorisation ? order->authorisation->station(station_) : nullptr;
  const bool adds_up = share && closing.used == order->used && closing.returned == share->count - closing.used;
  if (!adds_up) {
    alarm({.kind = "gap",
           .authorisation = closing.authorisation,
           .line = line.number,
           .detail = "it closes with " + std::to_string(closing.used) + " used and " +
                     std::to_string(closing.returned) + " returned; the lines have " + std::to_string(order->used)});
    return {};  // what does not add up gives nothing back
  }
  HF_TRY(const auto entry,
         transaction_.append("factory.closed", {"authorisation:" + closing.authorisation},
                             {{"station", station_}, {"used", closing.used}, {"returned", closing.returned}}));
  HF_CHECK(insert_closing(transaction_, entry, closing));
  ++imported_.closed;
  return {};
}

}  // namespace hf::factory
