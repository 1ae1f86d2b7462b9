#include "keys/formats/factory_order.h"

#include <algorithm>
#include <set>

namespace hf::keys {
namespace {

constexpr std::string_view kAuthorisationType = "holdfast-factory-authorisation-1",
                           kHoldType = "holdfast-factory-hold-1";
constexpr std::int64_t kCountMax = 10'000'000, kSequenceMax = std::int64_t{1} << 53;
constexpr std::size_t kStationsMax = 64, kDigestsMax = 64, kFusesMax = 128, kUrisMax = 4, kPathMax = 256,
                      kSerialMax = 64;

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_serial_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
         c == ':' || c == '/' || c == '-';
}

bool in_set(std::string_view set, char c) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      if (set[i] <= c && c <= set[i + 2]) return true;
      i += 2;
    } else if (set[i] == c) {
      return true;
    }
  }
  return false;
}

std::string padded(std::int64_t number, std::int64_t digits) {
  auto text = std::to_string(number);
  return text.size() < std::size_t(digits) ? std::string(std::size_t(digits) - text.size(), '0') + text : text;
}

Time time_of_field(Fields& fields, std::string_view name) {
  const auto time = fields.time_or_none(name);
  if (!time && !fields.find(name)) fields.fault(name, "is missing");
  return time.value_or(Time{});
}

std::string hex_text(Fields& fields, std::string_view name, std::size_t digits) {
  auto text = fields.text(name, digits);
  if (!is_hex(text, digits))
    fields.fault(name, std::to_string(digits) + " hexadecimal digits in lower case are expected");
  return text;
}

std::string filled(Fields& fields, std::string_view name, std::size_t max = kPathMax) {
  auto text = fields.text(name, max);
  if (text.empty()) fields.fault(name, "is empty");
  return text;
}

Serials read_serials(Fields& fields) {
  Serials serials;
  serials.prefix = fields.text("prefix", kSerialMax);
  constexpr std::int64_t kDigitsMax = 15;
  if (fields.find("digits")) {
    Serials::Range range{fields.integer("digits", 1, kDigitsMax), fields.integer("first", 0, kSequenceMax),
                         fields.integer("last", 0, kSequenceMax)};
    if (range.first > range.last || std::to_string(range.last).size() > std::size_t(range.digits))
      fields.fault("last", "is below first, or has more digits than there are");
    serials.range = range;
  } else {
    Serials::Pattern pattern{fields.text("characters", kSerialMax), fields.integer("length", 1, kSerialMax)};
    bool good = !pattern.characters.empty() && pattern.characters.front() != '-';
    for (std::size_t i = 0; i < pattern.characters.size(); ++i) {
      const char c = pattern.characters[i];
      good = good && is_serial_character(c);
      if (i + 2 < pattern.characters.size() && pattern.characters[i + 1] == '-') {
        // Both ends of a range are of one kind, so that nothing between them is no serial's character.
        const auto kind = [](char x) {
          return x >= '0' && x <= '9' ? 1 : x >= 'a' && x <= 'z' ? 2 : x >= 'A' && x <= 'Z' ? 3 : 0;
        };
        const char end = pattern.characters[i + 2];
        good = good && kind(c) != 0 && kind(c) == kind(end) && c <= end;
        i += 2;
      }
    }
    if (!good) fields.fault("characters", "letters, digits and . _ : / - or ranges of letters or digits are expected");
    serials.pattern = pattern;
  }
  const auto size =
      serials.prefix.size() + std::size_t(serials.range ? serials.range->digits : serials.pattern->length);
  if (size > kSerialMax || !std::ranges::all_of(serials.prefix, is_serial_character))
    fields.fault("prefix", "a serial has at most 64 letters, digits and . _ : / -");
  return serials;
}

ActivationDemand read_activation(Fields& fields) {
  ActivationDemand demand{fields.texts("flash_sha256", kDigestsMax), fields.texts("fuses", kFusesMax),
                          fields.flag("attested")};
  for (const auto& digest : demand.flash_sha256)
    if (!is_hex(digest, 64)) fields.fault("flash_sha256", "SHA-256 digests in lower case are expected");
  std::set<std::string_view> names;
  for (const auto& fuse : demand.fuses) {
    const auto equals = fuse.find('=');
    if (equals == 0 || equals == std::string::npos || !names.insert(std::string_view(fuse).substr(0, equals)).second)
      fields.fault("fuses", "each is NAME=VALUE, and each name once");
  }
  if (demand.attested && demand.flash_sha256.empty() && demand.fuses.empty())
    fields.fault("attested", "there is nothing that the unit should attest");
  return demand;
}

FactoryAuthorisation read_authorisation(Fields& fields) {
  FactoryAuthorisation made;
  made.id = hex_text(fields, "id", 32);
  made.product = filled(fields, "product");
  made.batch = filled(fields, "batch");
  made.release = fields.text_or_none("release", kPathMax);
  made.factory = filled(fields, "factory");
  std::int64_t sum = 0;
  std::set<std::string> keys;
  fields.each("stations", kStationsMax, [&](Fields& item) {
    FactoryAuthorisation::Station station{hex_text(item, "key", 64), item.integer("count", 1, kCountMax),
                                          item.integer("epoch", 0, kSequenceMax)};
    sum += station.count;
    if (!keys.insert(station.key).second) item.fault("key", "stands twice");
    made.stations.push_back(std::move(station));
  });
  made.count = fields.integer("count", 1, kCountMax);
  if (made.stations.empty() || sum != made.count) fields.fault("stations", "their counts must add up to count");
  made.profile = filled(fields, "profile", 64);
  made.profile_sha256 = hex_text(fields, "profile_sha256", 64);
  made.ca_sha256 = hex_text(fields, "ca_sha256", 64);
  made.crls = fields.texts("crls", kUrisMax);
  made.ocsp = fields.texts("ocsp", kUrisMax);
  fields.object("serials", [&](Fields& item) { made.serials = read_serials(item); });
  made.not_before = time_of_field(fields, "not_before");
  made.not_after = time_of_field(fields, "not_after");
  made.issued_at = time_of_field(fields, "issued_at");
  if (made.not_before >= made.not_after) fields.fault("not_after", "is not after not_before");
  if (made.issued_at > made.not_after) fields.fault("issued_at", "is after the end");
  made.sequence = fields.integer("sequence", 1, kSequenceMax);
  made.policy = fields.integer("policy", 0, kSequenceMax);
  fields.object("activation", [&](Fields& item) { made.activation = read_activation(item); });
  return made;
}

FactoryHold read_hold(Fields& fields) {
  FactoryHold made;
  made.sequence = fields.integer("sequence", 1, kSequenceMax);
  made.ends = fields.integer_or_none("ends", 1, kSequenceMax);
  if (made.ends && *made.ends >= made.sequence) fields.fault("ends", "is not the sequence of an earlier hold");
  made.product = filled(fields, "product");
  made.batch = fields.text_or_none("batch", kPathMax);
  made.release = fields.text_or_none("release", kPathMax);
  made.factory = fields.text_or_none("factory", kPathMax);
  made.reason = filled(fields, "reason", 1024);
  made.issued_at = time_of_field(fields, "issued_at");
  return made;
}

auto refuse(std::string what) {
  return fail(ErrorKind::invalid, "HF-FACTORY-0001", "not an order to a factory: " + std::move(what));
}

}  // namespace

bool Serials::admits(std::string_view serial) const {
  if (!serial.starts_with(prefix)) return false;
  const auto rest = serial.substr(prefix.size());
  if (range) {
    if (rest.size() != std::size_t(range->digits)) return false;
    std::int64_t number = 0;
    for (const char c : rest) {
      if (c < '0' || c > '9') return false;
      number = number * 10 + (c - '0');  // at most 15 digits
    }
    return range->first <= number && number <= range->last;
  }
  return pattern && rest.size() == std::size_t(pattern->length) &&
         std::ranges::all_of(rest, [&](char c) { return in_set(pattern->characters, c); });
}

std::string Serials::text() const {
  if (range) return prefix + padded(range->first, range->digits) + " to " + prefix + padded(range->last, range->digits);
  return prefix + " and " + std::to_string(pattern ? pattern->length : 0) + " of " +
         (pattern ? pattern->characters : std::string());
}

const FactoryAuthorisation::Station* FactoryAuthorisation::station(std::string_view key) const {
  const auto found = std::ranges::find(stations, key, &Station::key);
  return found == stations.end() ? nullptr : &*found;
}

JsonObject to_json(const FactoryAuthorisation& made) {
  JsonArray stations;
  for (const auto& one : made.stations)
    stations.push_back(JsonObject{{"key", one.key}, {"count", one.count}, {"epoch", one.epoch}});
  JsonObject serials{{"prefix", made.serials.prefix}};
  if (made.serials.range) {
    serials["digits"] = made.serials.range->digits;
    serials["first"] = made.serials.range->first;
    serials["last"] = made.serials.range->last;
  } else if (made.serials.pattern) {
    serials["characters"] = made.serials.pattern->characters;
    serials["length"] = made.serials.pattern->length;
  }
  return {{"type", kAuthorisationType},
          {"id", made.id},
          {"product", made.product},
          {"batch", made.batch},
          {"release", or_null(made.release)},
          {"factory", made.factory},
          {"stations", std::move(stations)},
          {"count", made.count},
          {"profile", made.profile},
          {"profile_sha256", made.profile_sha256},
          {"ca_sha256", made.ca_sha256},
          {"crls", list_of(made.crls)},
          {"ocsp", list_of(made.ocsp)},
          {"serials", std::move(serials)},
          {"not_before", format_rfc3339(made.not_before)},
          {"not_after", format_rfc3339(made.not_after)},
          {"issued_at", format_rfc3339(made.issued_at)},
          {"sequence", made.sequence},
          {"policy", made.policy},
          {"activation",
           {{"flash_sha256", list_of(made.activation.flash_sha256)},
            {"fuses", list_of(made.activation.fuses)},
            {"attested", made.activation.attested}}}};
}

JsonObject to_json(const FactoryHold& hold) {
  return {{"type", kHoldType},
          {"sequence", hold.sequence},
          {"ends", hold.ends ? Json(*hold.ends) : Json(nullptr)},
          {"product", hold.product},
          {"batch", or_null(hold.batch)},
          {"release", or_null(hold.release)},
          {"factory", or_null(hold.factory)},
          {"reason", hold.reason},
          {"issued_at", format_rfc3339(hold.issued_at)}};
}

std::string canonical(const FactoryOrder& order) {
  return canonical_json(std::visit([](const auto& one) { return to_json(one); }, order)).value();
}

Result<FactoryOrder> factory_order_of(ByteView text) {
  constexpr std::size_t kDepth = 5;
  HF_TRY(const auto json, parse_json(text_of(text), {.bytes_max = kFactoryOrderMax, .depth_max = kDepth}));
  std::vector<Fault> faults;
  Fields fields(json, "", faults);
  const auto type = fields.text("type");
  FactoryOrder order;
  if (type == kAuthorisationType) order = read_authorisation(fields);
  else if (type == kHoldType) order = read_hold(fields);
  else return refuse("its type is '" + type + "'");
  fields.close();
  if (!faults.empty()) {
    std::string all;
    for (const auto& fault : faults) all += (all.empty() ? "" : "; ") + fault.pointer + ": " + fault.what;
    return refuse(std::move(all));
  }
  // One text a value: members that are absent are null, instants in one form. What people see is what is signed.
  if (canonical(order) != text_of(text)) return refuse("it is not canonical JSON (RFC 8785) of its value");
  return order;
}

JsonObject facts_of(const FactoryOrder& order) {
  if (const auto* const hold = std::get_if<FactoryHold>(&order)) {
    auto facts = to_json(*hold);
    facts["action"] = hold->ends ? "ends the hold " + std::to_string(*hold->ends) : std::string("hold");
    for (const auto* name : {"batch", "release", "factory"})
      if (facts.at(name).is_null()) facts[name] = "all";
    facts.erase("type"), facts.erase("ends");
    return facts;
  }
  const auto& made = std::get<FactoryAuthorisation>(order);
  auto facts = to_json(made);
  JsonArray stations;
  for (const auto& one : made.stations)
    stations.emplace_back(one.key + ": " + std::to_string(one.count) + ", epoch " + std::to_string(one.epoch));
  facts["stations"] = std::move(stations);
  facts["serials"] = made.serials.text();
  if (!made.release) facts["release"] = "-";
  facts["flash_sha256"] = list_of(made.activation.flash_sha256);
  facts["fuses"] = list_of(made.activation.fuses);
  facts["attested"] = made.activation.attested ? "by the unit's own key" : "no";
  facts.erase("type"), facts.erase("activation");
  return facts;
}

}  // namespace hf::keys
