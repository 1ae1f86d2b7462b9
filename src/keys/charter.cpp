#include "keys/charter.h"

#include <algorithm>
#include <array>
#include <set>

#include "keys/approver_json.h"
#include "keys/json_fields.h"

namespace hf::keys {
namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;

template <class E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

template <class E, std::size_t N>
std::string_view name_in(const Names<E, N>& names, E value) {
  for (const auto& [one, name] : names)
    if (one == value) return name;
  return {};
}
template <class E, std::size_t N>
std::optional<E> value_in(const Names<E, N>& names, std::string_view name) {
  for (const auto& [value, one] : names)
    if (one == name) return value;
  return std::nullopt;
}

constexpr Names<KeyClass, 4> kClasses{{{KeyClass::firmware, "firmware"},
                                       {KeyClass::device_ca, "device_ca"},
                                       {KeyClass::encryption, "encryption"},
                                       {KeyClass::debug, "debug"}}};
constexpr Names<Environment, 2> kEnvironments{{{Environment::production, "production"}, {Environment::test, "test"}}};
constexpr Names<CredentialKind, 2> kCredentials{{{CredentialKind::key, "key"}, {CredentialKind::webauthn, "webauthn"}}};
constexpr Names<VersionState, 6> kStates{{{VersionState::pre_active, "pre_active"},
                                          {VersionState::active, "active"},
                                          {VersionState::verify_only, "verify_only"},
                                          {VersionState::retired, "retired"},
                                          {VersionState::compromised, "compromised"},
                                          {VersionState::destroyed, "destroyed"}}};

Json list_or_null(const std::optional<std::vector<std::string>>& texts) {
  return texts ? Json(list_of(*texts)) : Json(nullptr);
}
Json time_or_null(const std::optional<Time>& time) { return time ? Json(format_rfc3339(*time)) : Json(nullptr); }
template <class T>
Json number_or_null(const std::optional<T>& number) {
  return number ? Json(std::int64_t(*number)) : Json(nullptr);
}

JsonObject to_json(const ApprovalStep& step) {
  return {{"name", step.name}, {"roles", list_of(step.roles)}, {"needed", step.needed}};
}
JsonObject to_json(const KeyVersion& version) {
  return {{"version", version.version},
          {"algorithm", crypto::name_of(version.algorithm)},
          {"id", to_hex(version.id)},
          {"fingerprint", to_hex(version.fingerprint)},
          {"state", name_of(version.state)}};
}
JsonObject to_json(const Policy& policy) {
  JsonArray schemes;
  for (const auto scheme : policy.schemes) schemes.emplace_back(crypto::name_of(scheme));
  JsonObject json{{"products", list_or_null(policy.products)},
                  {"formats", list_of(policy.formats)},
                  {"kinds", list_or_null(policy.kinds)},
                  {"schemes", std::move(schemes)},
                  {"requesters", list_or_null(policy.requesters)},
                  {"branches", list_or_null(policy.branches)},
                  {"compatible", list_or_null(policy.compatible)},
                  {"min_security_version", number_or_null(policy.min_security_version)},
                  {"not_before", time_or_null(policy.not_before)},
                  {"not_after", time_or_null(policy.not_after)},
                  {"max_uses", number_or_null(policy.max_uses)},
                  {"max_per_hour", number_or_null(policy.max_per_hour)},
                  {"digest_only", policy.digest_only}};
  // Absent and not null: the digest of a charter from before it was known stays what it was.
  if (policy.debug) json["debug"] = to_json(*policy.debug);
  return json;
}

ApprovalStep read_step(Fields& in) {
  constexpr std::int64_t kPeopleMax = 32;
  return {in.text("name", 64), in.texts("roles", 16), int(in.integer("needed", 1, kPeopleMax))};
}

KeyVersion read_version(Fields& in) {
  KeyVersion version{.version = int(in.integer("version", 1, 1'000'000))};
  const auto algorithm = crypto::key_algorithm_of(in.text("algorithm", 32));
  if (!algorithm) in.fault("algorithm", "no algorithm that is known here");
  version.algorithm = algorithm.value_or(KeyAlgorithm::ed25519);
  version.id = in.hex("id", 64);
  const auto fingerprint = in.hex("fingerprint", 32);
  if (fingerprint.size() == version.fingerprint.size())
    std::copy(fingerprint.begin(), fingerprint.end(), version.fingerprint.begin());
  else in.fault("fingerprint", "a SHA-256 in hexadecimal is expected");
  const auto state = version_state_of(in.text("state", 16));
  if (!state) in.fault("state", "no state that is known here");
  version.state = state.value_or(VersionState::retired);
  return version;
}

Policy read_policy(Fields& in) {
  constexpr std::int64_t kCountMax = 1'000'000'000'000;
  Policy policy{.products = in.texts_or_none("products"),
                .formats = in.texts("formats", 32),
                .kinds = in.texts_or_none("kinds", 32)};
  const auto names = in.texts("schemes", 16);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto scheme = crypto::signature_scheme_of(names[i]);
    if (scheme) policy.schemes.push_back(*scheme);
    else in.fault("schemes/" + std::to_string(i), "no signature scheme that is known here");
  }
  policy.requesters = in.texts_or_none("requesters");
  policy.branches = in.texts_or_none("branches");
  policy.compatible = in.texts_or_none("compatible");
  if (const auto floor = in.integer_or_none("min_security_version", 0, std::numeric_limits<std::uint32_t>::max()))
    policy.min_security_version = std::uint64_t(*floor);
  policy.not_before = in.time_or_none("not_before");
  policy.not_after = in.time_or_none("not_after");
  policy.max_uses = in.integer_or_none("max_uses", 1, kCountMax);
  policy.max_per_hour = in.integer_or_none("max_per_hour", 1, kCountMax);
  policy.digest_only = in.flag("digest_only");
  if (in.find("debug")) in.object("debug", [&](Fields& item) { policy.debug = read_debug_policy(item); });
  return policy;
}

// People of these roles among the approvers.
std::size_t people_with(const Charter& charter, const std::vector<std::string>& roles) {
  std::set<std::string_view> people;
  for (const auto& approver : charter.approvers)
    if (std::ranges::any_of(approver.roles,
                            [&](const auto& role) { return std::ranges::find(roles, role) != roles.end(); }))
      people.insert(approver.person);
  return people.size();
}

void check_step(const Charter& charter, const ApprovalStep& step, std::string pointer, std::vector<Fault>& faults) {
  if (step.roles.empty()) faults.push_back({pointer + "/roles", "a step needs at least one role"});
  // The requester is left out whoever it is, so one more than needed must be there.
  if (const auto people = people_with(charter, step.roles); people < std::size_t(step.needed))
    faults.push_back({std::move(pointer), "needs " + std::to_string(step.needed) + " people and there are " +
                                              std::to_string(people) + " approvers with its roles"});
}

}  // namespace

std::string_view name_of(KeyClass key_class) { return name_in(kClasses, key_class); }
std::optional<KeyClass> key_class_of(std::string_view name) { return value_in(kClasses, name); }
std::string_view name_of(Environment environment) { return name_in(kEnvironments, environment); }
std::optional<Environment> environment_of(std::string_view name) { return value_in(kEnvironments, name); }
std::string_view name_of(VersionState state) { return name_in(kStates, state); }
std::optional<VersionState> version_state_of(std::string_view name) { return value_in(kStates, name); }

const KeyVersion* Charter::version(int number) const {
  const auto found = std::ranges::find(versions, number, &KeyVersion::version);
  return found == versions.end() ? nullptr : &*found;
}

JsonObject to_json(const Charter& charter) {
  JsonArray versions, steps, approvers;
  for (const auto& version : charter.versions) versions.push_back(to_json(version));
  for (const auto& step : charter.approval.steps) steps.push_back(to_json(step));
  for (const auto& approver : charter.approvers) approvers.push_back(to_json(approver));
  return {{"type", "holdfast-charter-1"},
          {"key", charter.key},
          {"class", name_of(charter.key_class)},
          {"environment", name_of(charter.environment)},
          {"sequence", charter.sequence},
          {"previous", charter.previous ? Json(*charter.previous) : Json(nullptr)},
          {"owner", charter.owner},
          {"deputy", charter.deputy},
          {"versions", std::move(versions)},
          {"policy", to_json(charter.policy)},
          {"approval",
           JsonObject{
               {"steps", std::move(steps)}, {"ordered", charter.approval.ordered}, {"hours", charter.approval.hours}}},
          {"grants", JsonObject{{"signatures", charter.grants.signatures}, {"days", charter.grants.days}}},
          {"break_glass", charter.break_glass ? Json(to_json(*charter.break_glass)) : Json(nullptr)},
          {"break_glass_hours", charter.break_glass_hours},
          {"approvers", std::move(approvers)}};
}

namespace {

// It is the name of a file of the signer's, and part of addresses.
bool is_key_name(std::string_view name) {
  constexpr std::size_t kMax = 64;
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= kMax && is_word(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_word(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace

JsonObject to_json(const Approver& approver) {
  JsonObject json{{"person", approver.person},
                  {"name", approver.name},
                  {"roles", list_of(approver.roles)},
                  {"kind", name_in(kCredentials, approver.kind)},
                  {"spki", to_hex(crypto::to_spki(approver.key))}};
  if (approver.kind == CredentialKind::webauthn) {
    json["rp_id"] = approver.rp_id;
    json["origin"] = approver.origin;
    json["credential_id"] = approver.credential_id;
  }
  return json;
}

Approver read_approver(Fields& in) {
  Approver approver{.person = in.text("person", 64), .name = in.text("name"), .roles = in.texts("roles", 16)};
  const auto kind = value_in(kCredentials, in.text("kind", 16));
  if (!kind) in.fault("kind", "'key' or 'webauthn' is expected");
  approver.kind = kind.value_or(CredentialKind::key);
  const auto spki = in.hex("spki", 1024);
  if (auto key = crypto::public_key_of_spki(spki)) approver.key = *std::move(key);
  else in.fault("spki", "not a public key that is known here");
  if (approver.kind == CredentialKind::webauthn) {
    approver.rp_id = in.text("rp_id");
    approver.origin = in.text("origin");
    approver.credential_id = in.text("credential_id", 2048);
  }
  return approver;
}

std::vector<Fault> faults_of(const Charter& charter) {
  std::vector<Fault> faults;
  const auto wrong = [&](std::string pointer, std::string what) {
    faults.push_back({std::move(pointer), std::move(what)});
  };
  if (!is_key_name(charter.key))
    wrong("/key", "a name takes 1 to 64 letters, digits and . _ -, and begins with a letter or digit");
  if (charter.owner.empty()) wrong("/owner", "a key has an owner");
  if (charter.deputy.empty() || charter.deputy == charter.owner)
    wrong("/deputy", "the deputy is another person than the owner");
  if (charter.versions.empty()) wrong("/versions", "a key has at least one version");
  std::set<int> numbers;
  int active = 0;
  for (const auto& version : charter.versions) {
    if (!numbers.insert(version.version).second)
      wrong("/versions", "version " + std::to_string(version.version) + " is there twice");
    active += version.state == VersionState::active ? 1 : 0;
  }
  if (active > 1) wrong("/versions", "at most one version is active");
  if (charter.policy.formats.empty()) wrong("/policy/formats", "names at least one format");
  if (charter.policy.schemes.empty()) wrong("/policy/schemes", "names at least one scheme");
  for (const auto scheme : charter.policy.schemes)
    if (std::ranges::none_of(charter.versions,
                             [&](const auto& version) { return crypto::fits(scheme, version.algorithm); }))
      wrong("/policy/schemes", std::string(crypto::name_of(scheme)) + " fits no version of the key");
  if (charter.policy.not_before && charter.policy.not_after && *charter.policy.not_after <= *charter.policy.not_before)
    wrong("/policy/not_after", "is not after not_before");
  if (charter.policy.debug) {
    if (charter.key_class != KeyClass::debug) wrong("/policy/debug", "is for a key of class debug");
    check_debug_policy(*charter.policy.debug, "/policy/debug", faults);
  }
  if (charter.approval.steps.empty()) wrong("/approval/steps", "a key is used with approval: at least one step");
  for (std::size_t i = 0; i < charter.approval.steps.size(); ++i)
    check_step(charter, charter.approval.steps[i], "/approval/steps/" + std::to_string(i), faults);
  if (charter.break_glass) check_step(charter, *charter.break_glass, "/break_glass", faults);
  for (std::size_t i = 0; i < charter.approvers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (charter.approvers[i].key == charter.approvers[j].key &&
          charter.approvers[i].person != charter.approvers[j].person)
        wrong("/approvers/" + std::to_string(i), "two people have the same key");
  return faults;
}

Result<Charter> charter_of(const Json& json) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  if (in.text("type", 32) != "holdfast-charter-1") in.fault("type", "'holdfast-charter-1' is expected");
  Charter charter{.key = in.text("key", 64)};
  const auto key_class = key_class_of(in.text("class", 32));
  if (!key_class) in.fault("class", "no class that is known here");
  charter.key_class = key_class.value_or(KeyClass::firmware);
  const auto environment = environment_of(in.text("environment", 16));
  if (!environment) in.fault("environment", "'production' or 'test' is expected");
  charter.environment = environment.value_or(Environment::production);
  charter.sequence = in.integer("sequence", 1, 1'000'000);
  charter.previous = in.text_or_none("previous", 64);
  charter.owner = in.text("owner", 64);
  charter.deputy = in.text("deputy", 64);
  in.each("versions", 1000, [&](Fields& item) { charter.versions.push_back(read_version(item)); });
  in.object("policy", [&](Fields& item) { charter.policy = read_policy(item); });
  in.object("approval", [&](Fields& item) {
    item.each("steps", 16, [&](Fields& step) { charter.approval.steps.push_back(read_step(step)); });
    charter.approval.ordered = item.flag("ordered");
    charter.approval.hours = int(item.integer("hours", 1, 24 * 365));
  });
  in.object("grants", [&](Fields& item) {
    charter.grants = {item.integer("signatures", 0, 1'000'000'000), int(item.integer("days", 0, 3660))};
  });
  if (in.find("break_glass")) in.object("break_glass", [&](Fields& item) { charter.break_glass = read_step(item); });
  charter.break_glass_hours = int(in.integer("break_glass_hours", 1, 24 * 31));
  in.each("approvers", 256, [&](Fields& item) { charter.approvers.push_back(read_approver(item)); });
  in.close();
  if (faults.empty()) faults = faults_of(charter);
  if (!faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0001",
                "the charter is wrong at " + faults[0].pointer + ": " + faults[0].what);
  return charter;
}

std::string canonical(const Charter& charter) {
  auto text = canonical_json(to_json(charter));
  return text ? *std::move(text) : std::string();  // texts and integers only: it cannot fail
}

std::string digest_of(const Charter& charter) { return to_hex(crypto::sha256({bytes_of(canonical(charter))})); }

}  // namespace hf::keys
