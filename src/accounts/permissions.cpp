#include "accounts/permissions.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace hf::accounts {
namespace {

constexpr std::array kPermissions{
    Permission{"catalog.read", "products, modules, builds, releases, batches"},
    Permission{"catalog.write", "create them"},
    Permission{"fleet.read", "devices, what they run, counts by market"},
    Permission{"fleet.write", "import devices, take their reports"},
    Permission{"sbom.read", "software bills of materials and components"},
    Permission{"sbom.write", "add a bill of materials to a build"},
    Permission{"vuln.read", "vulnerabilities, findings, exposure"},
    Permission{"vuln.write", "import advisories, triage findings"},
    Permission{"keys.read", "signing keys, their charters and uses, signing requests"},
    Permission{"keys.decide", "hand in signed decisions on signing requests"},
    Permission{"keys.request", "ask for signatures and for standing grants"},
    Permission{"keys.sign", "take signatures that were approved, put approved charters in force"},
    Permission{"keys.freeze", "stop a signing key at once"},
    Permission{"pki.read", "CAs, certificates, CRLs and revocations"},
    Permission{"pki.revoke", "revoke certificates, freeze a CA"},
    Permission{"pki.enroll", "ask for certificates over EST, with a token"},
    Permission{"factory.read", "authorisations of factories, what stations issued, alarms, holds"},
    Permission{"factory.write", "register signed orders, import bundles of stations, reconcile"},
    Permission{"factory.hold", "hold production and let it go on"},
    Permission{"ledger.read", "the evidence and its proofs"},
    Permission{"accounts.read", "users, their roles, denied attempts"},
    Permission{"accounts.manage", "create, change and disable users, revoke anyone's tokens"},
    Permission{"system.read", "metrics and the state of the server"},
};

const std::vector<std::string_view> kReadAll{"catalog.read", "fleet.read", "sbom.read",    "vuln.read",
                                             "keys.read",    "pki.read",   "factory.read", "ledger.read"};

std::vector<std::string_view> reading_and(std::initializer_list<std::string_view> more) {
  auto list = kReadAll;
  list.insert(list.end(), more);
  return list;
}

// The auditor judges the others, so the role stands alone. Whoever hands out roles, or asks for signatures, does not
// keep the keys: requester, approver and custodian are different people.
constexpr std::array kConflicts{
    Conflict{"auditor", "administrator", "an auditor is independent of what is audited"},
    Conflict{"auditor", "product_security", "an auditor is independent of what is audited"},
    Conflict{"auditor", "release_engineer", "an auditor is independent of what is audited"},
    Conflict{"auditor", "crypto_officer", "an auditor is independent of what is audited"},
    Conflict{"auditor", "fleet_operator", "an auditor is independent of what is audited"},
    Conflict{"auditor", "compliance", "an auditor is independent of what is audited"},
    Conflict{"crypto_officer", "release_engineer", "who asks for a signature does not keep the key"},
    Conflict{"crypto_officer", "administrator", "who hands out roles does not keep the keys"},
};

}  // namespace

std::span<const Permission> permissions() { return kPermissions; }

bool is_permission(std::string_view name) {
  return std::any_of(kPermissions.begin(), kPermissions.end(), [&](const Permission& p) { return p.name == name; });
}

// Who decides on a signature is said by the key's charter, by name and credential; keys.decide only opens the door, for
// roles that it can name.
std::span<const Role> roles() {
  static const std::vector<Role> table{
      {"administrator", "manages users and the server",
       reading_and({"accounts.read", "accounts.manage", "keys.freeze", "system.read"})},
      {"product_security", "owns vulnerabilities from the first report to the last fix",
       reading_and({"vuln.write", "sbom.write", "keys.decide", "keys.freeze", "pki.revoke", "factory.hold"})},
      {"release_engineer", "builds and releases, mostly through tokens in CI",
       reading_and({"catalog.write", "sbom.write", "keys.decide", "keys.request", "keys.sign"})},
      {"crypto_officer", "keeps keys and approves their use",
       reading_and({"keys.decide", "keys.freeze", "keys.sign", "pki.revoke", "factory.hold"})},
      {"fleet_operator", "imports devices and rolls fixes out",
       reading_and({"fleet.write", "pki.enroll", "factory.write", "factory.hold"})},
      {"compliance", "keeps the technical file and answers authorities", reading_and({"catalog.write", "keys.decide"})},
      {"auditor", "reads everything and changes nothing", reading_and({"accounts.read", "system.read"})},
  };
  return table;
}

std::span<const Conflict> conflicts() { return kConflicts; }

Result<std::vector<std::string>> check_roles(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty()) return fail(ErrorKind::invalid, "HF-ACCOUNT-0003", "an account needs at least one role");
  const auto has = [&](std::string_view name) { return std::binary_search(names.begin(), names.end(), name); };
  for (const auto& name : names) {
    const auto all = roles();
    if (std::none_of(all.begin(), all.end(), [&](const Role& role) { return role.name == name; })) {
      std::string known;
      for (const auto& role : all) known += (known.empty() ? "" : ", ") + std::string(role.name);
      return fail(ErrorKind::invalid, "HF-ACCOUNT-0003",
                  "there is no role '" + name.substr(0, 64) + "'; the roles are " + known);
    }
  }
  for (const auto& conflict : kConflicts)
    if (has(conflict.one) && has(conflict.other))
      return fail(ErrorKind::invalid, "HF-ACCOUNT-0003",
                  std::string(conflict.one) + " and " + std::string(conflict.other) +
                      " must be different people: " + std::string(conflict.reason));
  return names;
}

std::vector<std::string> permissions_of(std::span<const std::string> names) {
  std::set<std::string> all;
  for (const auto& role : roles())
    if (std::find(names.begin(), names.end(), role.name) != names.end())
      all.insert(role.permissions.begin(), role.permissions.end());
  return {all.begin(), all.end()};
}

std::string join(std::span<const std::string> names) {
  std::string joined;
  for (const auto& name : names) joined += (joined.empty() ? "" : ",") + name;
  return joined;
}

std::vector<std::string> parts(std::string_view joined) {
  std::vector<std::string> names;
  if (joined.empty()) return names;
  for (const auto part : split(joined, ',')) names.emplace_back(part);
  return names;
}

}  // namespace hf::accounts
