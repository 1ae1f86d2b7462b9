#include "pki/profile.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "keys/json_fields.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
using keys::Fault;
using keys::Fields;

constexpr std::array<std::pair<std::string_view, unsigned>, 9> kUsages{{{"digitalSignature", x509::digital_signature},
                                                                        {"contentCommitment", x509::content_commitment},
                                                                        {"keyEncipherment", x509::key_encipherment},
                                                                        {"dataEncipherment", x509::data_encipherment},
                                                                        {"keyAgreement", x509::key_agreement},
                                                                        {"keyCertSign", x509::key_cert_sign},
                                                                        {"cRLSign", x509::crl_sign},
                                                                        {"encipherOnly", x509::encipher_only},
                                                                        {"decipherOnly", x509::decipher_only}}};

std::optional<Demand> demand_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Demand>, 5> all{{{"require", Demand::require},
                                                                    {"allow", Demand::allow},
                                                                    {"forbid", Demand::forbid},
                                                                    {"fix", Demand::fix},
                                                                    {"copy", Demand::copy}}};
  for (const auto& [text, demand] : all)
    if (text == name) return demand;
  return std::nullopt;
}

Demand read_demand(Fields& fields) {
  const auto demand = demand_of(fields.text("demand"));
  if (!demand) fields.fault("demand", "is none of require, allow, forbid, fix, copy");
  return demand.value_or(Demand::forbid);
}

std::string read_oid(Fields& fields, std::string_view member) {
  auto oid = x509::oid_of_name(fields.text(member));
  if (!oid) fields.fault(member, "is neither a name that is known nor a dotted object identifier");
  return oid.value_or(std::string());
}

std::vector<std::string> read_oids(Fields& fields, std::string_view member) {
  std::vector<std::string> list;
  for (const auto& name : fields.texts_or_none(member).value_or(std::vector<std::string>())) {
    auto oid = x509::oid_of_name(name);
    if (oid) list.push_back(*std::move(oid));
    else fields.fault(member, "has " + name + ", which is no purpose that is known");
  }
  return list;
}

unsigned read_usages(Fields& fields, std::string_view member, unsigned otherwise) {
  const auto names = fields.texts_or_none(member);
  if (!names) return otherwise;
  unsigned bits = 0;
  for (const auto& name : *names) {
    const auto bit = key_usage_of(name);
    if (!bit) fields.fault(member, "has " + name + ", which is no bit of KeyUsage");
    bits |= bit.value_or(0);
  }
  return bits;
}

AttributeRule read_attribute(Fields& fields) {
  AttributeRule rule;
  rule.type = read_oid(fields, "type");
  rule.demand = read_demand(fields);
  rule.value = fields.text_or_none("value").value_or(std::string());
  rule.characters = fields.text_or_none("characters").value_or(std::string());
  rule.size_min = std::size_t(fields.integer_or_none("size_min", 1, 256).value_or(1));
  rule.size_max = std::size_t(fields.integer_or_none("size_max", 1, 256).value_or(64));
  if ((rule.demand == Demand::fix) == rule.value.empty())
    fields.fault("value", "goes with the demand fix, and only with it");
  return rule;
}

Profile read(const Json& json, std::vector<Fault>& faults) {
  constexpr std::int64_t kDaysMax = 365 * 100;
  Fields fields(json, "", faults);
  Profile profile;
  profile.name = fields.text("name");
  profile.title = fields.text("title");
  profile.source = fields.text("source");
  profile.ca = fields.flag("ca");
  if (const auto length = fields.integer_or_none("path_length", 0, 16)) profile.path_length = std::uint64_t(*length);
  profile.keys = fields.texts_or_none("keys").value_or(std::vector<std::string>());
  profile.until = fields.time_or_none("until");
  profile.days = fields.integer_or_none("days", 1, kDaysMax).value_or(0);
  profile.days_max = fields.integer_or_none("days_max", 1, kDaysMax).value_or(0);
  profile.serial_min = std::size_t(fields.integer_or_none("serial_min", 1, 20).value_or(0));
  constexpr std::size_t kRulesMax = 64;
  fields.each("subject", kRulesMax, [&](Fields& item) { profile.subject.push_back(read_attribute(item)); });
  profile.other_attributes = fields.flag("other_attributes");
  fields.each("extensions", kRulesMax, [&](Fields& item) {
    ExtensionRule rule;
    rule.oid = read_oid(item, "extension");
    rule.demand = read_demand(item);
    if (const auto* const critical = item.find("critical")) {
      if (critical->is_bool()) rule.critical = critical->get_bool();
      else item.fault("critical", "is neither true nor false");
    }
    profile.extensions.push_back(std::move(rule));
  });
  profile.other_extensions = fields.flag("other_extensions");
  profile.usage_required = read_usages(fields, "usage_required", 0);
  profile.usage_allowed = read_usages(fields, "usage_allowed", ~0U) | profile.usage_required;
  profile.purposes = read_oids(fields, "purposes");
  profile.path_purposes = read_oids(fields, "path_purposes");
  fields.close();
  return profile;
}

// "0-9A-F-": ranges, and single characters; a '-' at an end is itself.
bool has_character(std::string_view set, char wanted) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      if (wanted >= set[i] && wanted <= set[i + 2]) return true;
      i += 2;
    } else if (set[i] == wanted) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string AttributeRule::fault_of(std::string_view text) const {
  if (demand == Demand::fix) return text == value ? "" : "is not \"" + value + "\"";
  if (text.size() < size_min || text.size() > size_max)
    return "has " + std::to_string(text.size()) + " characters, not " + std::to_string(size_min) + " to " +
           std::to_string(size_max);
  if (!characters.empty())
    for (const char c : text)
      if (!has_character(characters, c)) return "has a character that is none of " + characters;
  return {};
}

const ExtensionRule* Profile::extension(std::string_view oid) const {
  const auto found = std::ranges::find(extensions, oid, &ExtensionRule::oid);
  return found == extensions.end() ? nullptr : &*found;
}

Result<Profile> profile_of(const Json& json) {
  std::vector<Fault> faults;
  auto profile = read(json, faults);
  if (faults.empty()) return profile;
  std::string text = "the certificate profile is not as it must be:";
  for (const auto& fault : faults) text += " " + fault.pointer + " " + fault.what + ";";
  text.pop_back();
  return fail(ErrorKind::invalid, "HF-PKI-0001", std::move(text));
}

std::span<const Profile> profiles() {
  static const auto all = [] {
    std::vector<Profile> list;
    for (const auto& [name, text] : embedded_profiles()) {
      const auto json = parse_json(text);
      auto profile = json ? profile_of(*json) : Result<Profile>(fail(json.error()));
      if (!profile) std::abort();  // ours, and tested
      list.push_back(*std::move(profile));
    }
    return list;
  }();
  return all;
}

const Profile* find_profile(std::string_view name) {
  const auto all = profiles();
  const auto found = std::ranges::find(all, name, &Profile::name);
  return found == all.end() ? nullptr : &*found;
}

Result<Json> profile_document_named(std::string_view name) {
  for (const auto& [known, text] : embedded_profiles())
    if (known == name) return parse_json(text);
  if (name.find('/') != std::string_view::npos || name.ends_with(".json")) {
    std::ifstream file{std::string(name), std::ios::binary};
    constexpr std::size_t kMax = 1U << 20;
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || text.size() > kMax)
      return fail(ErrorKind::not_found, "HF-PKI-0002", "the profile " + std::string(name) + " cannot be read");
    return parse_json(text);
  }
  std::string names;
  for (const auto& one : profiles()) names += (names.empty() ? "" : ", ") + one.name;
  return fail(ErrorKind::not_found, "HF-PKI-0002",
              "there is no profile '" + std::string(name) + "'; there are " + names + ", and files with \".json\"");
}

Result<Profile> profile_named(std::string_view name) {
  if (const auto* const known = find_profile(name)) return *known;
  HF_TRY(const auto json, profile_document_named(name));
  return profile_of(json);
}

std::optional<unsigned> key_usage_of(std::string_view name) {
  for (const auto& [text, bit] : kUsages)
    if (text == name) return bit;
  return std::nullopt;
}

std::string text_of_key_usage(unsigned bits) {
  std::string text;
  for (const auto& [name, bit] : kUsages)
    if ((bits & bit) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
  return text.empty() ? "none" : text;
}

}  // namespace hf::pki
